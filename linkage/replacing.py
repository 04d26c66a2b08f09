"""Which run directory a project's results go to, and what running again there would replace.

A run directory belongs to the project file and the folder of data it was made from (`origin` in run.json). Run again from
these, it is brought up to date in place: what is out of date is replaced, a note says so, and nobody is asked, since the same
file makes it again: a comparison is changed a hundred times a day. Two things cannot be made again by the same command, and are
never lost unasked:

- *People's work that rests on the links*: reviewers' answers, a decision by labels, lists that were issued to offices and their
  answers. None of it is deleted when links change beneath it, but it then speaks of links that are no more.
- *Links of another project file, or of other data.* Without an own folder given, such a run goes beside: `runs/NAME-2`.

Whoever runs says beforehand whether to go on (`agreed`); without that the run ends before it has changed anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from linkage.config import LoadedProject
from linkage.errors import RunDirectoryError
from linkage.review.answers import count_answered
from linkage.runs import RunDirectory
from linkage.runs.exchange import ParquetTable
from linkage.runs.sql import connect, fetch_row
from linkage.runs.tables import DECISION, LABELS, LINKS, RUN, SEARCHES, VERIFICATIONS, WORKLISTS

RUNS = Path("runs")
"""Where runs go when nothing is said."""
_NUMBERED = re.compile(r"-[2-9][0-9]*$|-1[0-9]+$")


@dataclass(frozen=True)
class Replaced:
    """What a run that is about to begin would replace or remove."""

    run: Path
    stages: tuple[str, ...]
    """Finished stages that it does anew or that no longer follow, in the flow's order."""
    finished_at: str
    """When the last of them ended."""
    made_from: str
    """The project file, and data, of the links there, where the run is of another's; empty where it is of the same."""
    work: tuple[str, ...]
    """What people have left that rests on the links there, each with how much of it."""

    @property
    def asks(self) -> bool:
        """Whether it is more than the same project file makes again."""
        return bool(self.made_from or self.work)

    @property
    def sentence(self) -> str:
        """What would happen, to be told or to be asked."""
        said = f"{self.run}: the links of {self.finished_at[:16].replace('T', ' ')} are replaced ({', '.join(self.stages)} anew)"
        if self.made_from:
            said += f"; they were made from {self.made_from}"
        if self.work:
            said += f"; on them rest {' and '.join(self.work)}, which are kept but then speak of other links"
        return f"{said}."


Agreed = Callable[[Replaced], bool]


def never(replaced: Replaced) -> bool:
    """Agree to nothing: what a script does that was not told."""
    return False


def hold_agreed(replaced: Replaced, agreed: Agreed) -> None:
    """Ask, where that is to be asked.

    Raises:
        RunDirectoryError: no consent; nothing was changed.
    """
    if replaced.asks and not agreed(replaced):
        raise RunDirectoryError(
            f"nothing was changed. {replaced.sentence}",
            f"To keep them give another folder with --out ({beside(replaced.run)} is free). To go on all the same: --yes.",
        )


def replaced_by(
    run: RunDirectory, project: LoadedProject, data: Path | None, stages: Sequence[str], beneath: bool
) -> Replaced | None:
    """What doing `stages` anew, or removing their results, replaces; None where no links are among it.

    `beneath` says that what the links are decided from changes. Where only their decision does, as by each further label,
    people's work rests on it as before.
    """
    records = {record.stage: record for record in run.records()}
    finished = tuple(stage for stage in stages if stage in records)
    other = made_from_other(run.path, project, data)
    if LINKS.writer not in finished or not (beneath or other):
        return None
    ended = max(records[stage].finished_at for stage in finished)
    return Replaced(run.path, finished, ended, other, peoples_work(run.path))


def hold_remade(run: Path, agreed: Agreed) -> None:
    """Ask before the registers that a run was made from are made anew, where people's work rests on its links.

    Raises:
        RunDirectoryError: no consent; nothing was changed.
    """
    work = peoples_work(run)
    records = RunDirectory(run).records()
    if work and records:
        hold_agreed(Replaced(run, tuple(one.stage for one in records), records[-1].finished_at, "", work), agreed)


def peoples_work(run: Path) -> tuple[str, ...]:
    """What people have left in a run that rests on its links, each with how much of it."""
    answered = max(count_answered(run), _rows(run, LABELS) + _rows(run, SEARCHES))
    rows = {"rows issued to offices": _rows(run, WORKLISTS), "answers of offices": _rows(run, VERIFICATIONS)}
    work = [f"{number:,} {what}" for what, number in {"labels of reviewers": answered, **rows}.items() if number]
    return (*work, *(["a decision by labels"] if DECISION.is_in(run) else []))


def default_folder(project: LoadedProject, data: Path | None, runs: Path = RUNS) -> Path:
    """runs/<project>, or the runs/<project>-2, -3 … that is this project file's and data's own; else the first of nobody."""
    first = runs / project.spec.project
    numbered = {int(path.name.rpartition("-")[2]): path for path in runs.glob(f"{first.name}-*") if _NUMBERED.search(path.name)}
    for folder in (first, *(numbered[number] for number in sorted(numbered))):
        if _origin(folder) and not made_from_other(folder, project, data):
            return folder
    return first if _origin(first) is None else beside(first)


def beside(folder: Path) -> Path:
    """The first of FOLDER-2, -3 … that no run has."""
    names = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    return next(path for path in names if _origin(path) is None)


def made_from_other(run: Path, project: LoadedProject, data: Path | None) -> str:
    """The project file, and data, that a run was made from, where they are not these; empty where they are, or it has none.

    What is no longer where it was, was moved: a project file of the same content, a folder of data.
    """
    there = _origin(run)
    if there is None:
        return ""
    file, folder, content = there
    moved = content == project.config_hash and not Path(file).exists()
    same_data = folder == (str(data) if data else "") or (bool(folder) and not Path(folder).exists())
    if (file == str(project.path.resolve()) or moved) and same_data:
        return ""
    return f"{file} on {folder}" if folder else file


def _origin(run: Path) -> tuple[str, str, str | None] | None:
    """Project file, folder of data (empty: none) and hash of what the file said; None where no run is."""
    if not RUN.is_in(run):
        return None
    with suppress(RunDirectoryError):  # a damaged one is written anew
        held = RUN.read(run)
        if "origin" in held:
            return held["origin"]["project_file"], held["origin"]["data"] or "", held["config_hash"]
    return None


def _rows(run: Path, table: ParquetTable) -> int:
    if not table.is_in(run):
        return 0
    with connect() as connection:
        return int(fetch_row(connection, f"SELECT count(*) FROM {table.scan(run)}")[0])
