"""One run's directory: its tables, its finished stages, and who is working in it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from linkage.config.local_paths import local_path
from linkage.errors import RunDirectoryError
from linkage.interrupts import stop_if_asked
from linkage.runs.exchange import BrokenPromiseError, Exchanged
from linkage.runs.files import write_json
from linkage.runs.memory import peak_memory_mb, reset_peak_memory
from linkage.runs.records import StageRecord

Counts = Mapping[str, int | float | str]
SPILL = ".spill"
"""What a stage's DuckDB spills to, below the run directory."""


class RunDirectory:
    """A run directory, made when absent."""

    def __init__(self, path: Path) -> None:
        self.path = local_path(path, "the run directory")

    def create(self) -> None:
        """Make the directory.

        Raises:
            RunDirectoryError: when the path is a file, may not be written, or holds something else than a run.
        """
        try:
            foreign = self.path.is_dir() and any(self.path.iterdir()) and not (self.path / "stages").is_dir()
            if foreign or self.path.is_file():
                raise RunDirectoryError(f"{self.path} is not a run directory", "Give an empty or new folder with --out.")
            (self.path / "stages").mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RunDirectoryError(
                f"{self.path} cannot be written ({error.strerror})", "Give another folder with --out."
            ) from None

    @staticmethod
    def open(path: Path) -> RunDirectory:
        """An existing run directory.

        Raises:
            RunDirectoryError: when there is none.
        """
        if not (local_path(path, "the run directory") / "stages").is_dir():
            raise RunDirectoryError(f"{path} is not a run directory", "`linkage runs` lists the runs there are.")
        return RunDirectory(path)

    def file(self, name: str) -> Path:
        """Where a table or document stands."""
        return self.path / name

    def record(self, stage: str) -> StageRecord | None:
        """The record of a finished stage whose files are all there."""
        record = StageRecord.read(self.path / "stages" / f"{stage}.json")
        return record if record and record.is_intact(self.path) else None

    def has(self, stage: str, fingerprint: str) -> bool:
        """Whether a stage is current: finished with this fingerprint, its files all there."""
        record = self.record(stage)
        return record is not None and record.fingerprint == fingerprint

    def records(self) -> list[StageRecord]:
        """The finished stages, in the order they ended."""
        found = [self.record(path.stem) for path in (self.path / "stages").glob("*.json")]
        return sorted((record for record in found if record), key=lambda record: record.finished_at)

    def run_stage(
        self,
        stage: str,
        fingerprint: str,
        later: Sequence[str],
        work: Callable[[Path], Counts],
        promised: Sequence[Exchanged],
    ) -> StageRecord:
        """Do the work of a stage in a folder of its own, then put its outputs in place and record it.

        `later` names the stages that depend on this one: their outputs no longer follow from it and are removed. Every file is
        one that was `promised`, and is what was promised.

        Raises:
            BrokenPromiseError: a file is not; what was there before stays.
        """
        partial = self.path / f".{stage}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        reset_peak_memory()
        started = time.perf_counter()
        try:
            counts = dict(work(partial))
            stop_if_asked()
            _hold(stage, partial, promised)
            for name in (stage, *later):
                self.forget(name)
            files = {}
            for path in sorted(path for path in partial.rglob("*") if path.is_file()):
                name = str(path.relative_to(partial))
                path.chmod(0o600)
                files[name] = path.stat().st_size
                (self.path / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.replace(self.path / name)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        record = StageRecord(
            stage=stage,
            fingerprint=fingerprint,
            files=files,
            counts=counts,
            seconds=round(time.perf_counter() - started, 3),
            peak_memory_mb=peak_memory_mb(),
            finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        record.write(self.path / "stages" / f"{stage}.json")
        return record

    def forget(self, stage: str) -> None:
        """Remove a stage's outputs, then its record: killed between, the record is of a stage that is not whole."""
        path = self.path / "stages" / f"{stage}.json"
        record = StageRecord.read(path)
        for name in record.files if record else ():
            (self.path / name).unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Hold the directory for one process.

        Raises:
            RunDirectoryError: when another process holds it; the message says which and since when.
        """
        holder = self.path / ".held-by.json"
        lock = FileLock(self.path / ".lock", timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise RunDirectoryError(
                f"{self.path} is in use{_describe_holder(holder)}", "Wait for it to end, or give another folder with --out."
            ) from None
        try:
            shutil.rmtree(self.path / SPILL, ignore_errors=True)  # of a process that was killed
            write_json(
                holder,
                {
                    "process": os.getpid(),
                    "host": socket.gethostname(),
                    "command": command,
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                },
            )
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _hold(stage: str, folder: Path, promised: Sequence[Exchanged]) -> None:
    """Hold everything a stage left in its folder against what it declares to write."""
    by_file = {one.file: one for one in promised}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        if name not in by_file:
            raise BrokenPromiseError(
                f"stage {stage} wrote {name}, which it does not declare", "Please report this fault of linkage."
            )
        by_file[name].hold(path)


def _describe_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f" by process {holder['process']} on {holder['host']} since {holder['since']} (`{holder['command']}`)"
    except (OSError, ValueError, KeyError):
        return " by another process"
