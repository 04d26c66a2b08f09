"""The demo: a synthetic province, everything run on it, and the links held against the truth it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linkage.project import Run
from linkage.runs.exchange import scan_file
from linkage.runs.sql import connect, fetch_row
from linkage.runs.tables import LINKS, MENTIONS, PAIRS, PERSONS

PACKAGE = Path(__file__).parent
CONFIGS = next(folder for folder in (PACKAGE / "configs", PACKAGE.parent / "configs") if folder.is_dir())
"""The shipped project files: inside an installed package, or beside it in a checkout."""

TRUE_PAIRS = """
    SELECT mention.record_id AS record_id_l, row.record_id AS record_id_r
    FROM (SELECT DISTINCT record_id, person FROM {truth} WHERE register = $register AND role = $role) mention
    JOIN (SELECT person, person_record_id AS record_id FROM {truth} WHERE person_record_id IS NOT NULL
          UNION SELECT person, record_id FROM {truth} WHERE register = 'population') row USING (person)
"""
"""Each mention of a role with each row of the population database that is the same human's: one, or two in a harder world."""

AGAINST_TRUTH = """
    WITH truth AS ({true_pairs}), links AS (SELECT record_id_l, record_id_r FROM {links} WHERE decision = 'link'),
    waiting AS (SELECT record_id_l, record_id_r FROM {links} WHERE decision = 'clerical')
    SELECT (SELECT count(*) FROM links), (SELECT count(*) FROM links JOIN truth USING (record_id_l, record_id_r)),
           (SELECT count(DISTINCT record_id_l) FROM truth),
           (SELECT count(DISTINCT p.id_l) FROM {pairs} p
            JOIN {mentions} l ON l.id = p.id_l JOIN {persons} r ON r.id = p.id_r
            JOIN truth ON truth.record_id_l = l.record_id AND truth.record_id_r = r.record_id),
           (SELECT count(*) FROM waiting), (SELECT count(*) FROM waiting JOIN truth USING (record_id_l, record_id_r))
"""


@dataclass(frozen=True)
class AgainstTruth:
    """Links held against the generator's truth."""

    links: int
    true_links: int
    matches: int
    """Mentions that truly have a person in the other register."""
    matches_blocked: int
    """Of these, how many some blocking rule proposed."""
    waiting: int
    """Pairs that wait for reviewers, who then decide them."""
    true_waiting: int

    @property
    def precision(self) -> float:
        """True links / links."""
        return self.true_links / self.links if self.links else 0.0

    @property
    def recall(self) -> float:
        """True links / mentions that truly have a person."""
        return self.true_links / self.matches if self.matches else 0.0

    @property
    def blocking_recall(self) -> float:
        """Matches proposed / mentions that truly have a person."""
        return self.matches_blocked / self.matches if self.matches else 0.0


def hold_against_truth(run: Run, truth: Path, register: str, role: str) -> AgainstTruth:
    """Compare the accepted links with truth.parquet; only synthetic registers have one."""
    read = {table.name: table.scan(run.path) for table in (LINKS, PAIRS, MENTIONS, PERSONS)}
    with connect() as connection:
        query = AGAINST_TRUTH.format(true_pairs=TRUE_PAIRS.format(truth=scan_file(truth)), **read)
        row = fetch_row(connection, query, {"register": register, "role": role})
    return AgainstTruth(*(int(value) for value in row))
