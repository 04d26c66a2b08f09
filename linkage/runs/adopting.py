"""Taking over the finished stages of another run directory, without copying where the disk allows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from linkage.runs.directory import RunDirectory


def adopt_stages(source: RunDirectory, target: RunDirectory, stages: Collection[str]) -> list[str]:
    """Give `target` those of the named `stages` that `source` has finished and it has not, or has from other inputs.

    Returns the names of the adopted, in the order they ended. Files are shared (hard links) where both stand on one disk: a
    run directory replaces files and never writes into them. Whether an adopted stage is current is told by its fingerprint as
    ever; one that is not is run again.
    """
    target.create()
    adopted = []
    for record in source.records():
        own = target.record(record.stage)
        if record.stage not in stages or (own and own.fingerprint == record.fingerprint):
            continue
        target.forget(record.stage)
        for name in record.files:
            link_or_copy(source.file(name), target.file(name))
        record.write(target.file("stages") / f"{record.stage}.json")
        adopted.append(record.stage)
    return adopted


def link_or_copy(source: Path, target: Path) -> None:
    """Put a file in place of `target`, as a hard link where possible."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(source, partial)
    except OSError:
        shutil.copyfile(source, partial)
        partial.chmod(0o600)
    partial.replace(target)
