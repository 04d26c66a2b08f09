"""Why records are one entity: its members, the pairs that join them, what speaks against, and what it nearly joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import LinkageError
from linkage.runs.tables import ASSIGNED, ENTITIES, LINKS, RAW_MENTIONS

if TYPE_CHECKING:
    import duckdb

MOST_PAIRS = 40
"""Pairs shown of each kind, the most telling first."""

Pair = tuple[str, str, float, str, str]
"""Record ids, pair weight, decision and reason."""


@dataclass(frozen=True)
class EntityExplanation:
    """One entity and all pairs of its records that were weighed."""

    entity: str
    records: tuple[tuple[str, float], ...]
    """Record id in the run and its probability."""
    within: tuple[Pair, ...]
    """Lightest first: what speaks against the entity."""
    beside: tuple[Pair, ...]
    """Pairs with records of other entities, heaviest first."""

    def lines(self) -> list[str]:
        """In words and numbers, no register value in it."""
        lines = [f"Entity {self.entity}: {len(self.records)} record{'s' if len(self.records) > 1 else ''}"]
        lines += [f"  {record} (probability {probability:.4f})" for record, probability in self.records]
        against = sum(weight < 0 for _, _, weight, _, _ in self.within)
        if self.within:
            lines.append(f"{len(self.within)} pairs within it, {against} more likely two persons by themselves; lightest first:")
            lines += _told(self.within)
        lines.append("Pairs with other entities, heaviest first:" if self.beside else "No pair with another entity was weighed.")
        lines += _told(self.beside)
        return lines


def explain_entity(connection: duckdb.DuckDBPyConnection, run: Path, entity: str) -> EntityExplanation:
    """Explain the entity of this id, or that of the record of this id.

    Raises:
        LinkageError: the run finds no entities, or has no such entity or record.
    """
    records_of_all = f"{ENTITIES.scan(run)} e JOIN {RAW_MENTIONS.scan(run)} r USING (id)"
    named = f"SELECT e.entity_id, r.record_id, e.probability, e.id FROM {records_of_all}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE named AS {named}")
    found = connection.execute(
        "SELECT entity_id FROM named WHERE entity_id = $1 OR record_id = $1 ORDER BY entity_id = $1 DESC LIMIT 1", [entity]
    ).fetchone()
    if found is None:
        raise LinkageError(f"{ENTITIES.file} has no entity or record with that id", "With `tables`, record ids are <table>:<id>.")
    connection.execute("CREATE OR REPLACE TEMP TABLE own AS FROM named WHERE entity_id = ?", list(found))
    records = connection.execute("SELECT record_id, probability FROM own ORDER BY record_id").fetchall()
    pairs = f"""SELECT record_id_l, record_id_r, assigned.link_weight, decision, reason
        FROM {LINKS.scan(run)} JOIN {ASSIGNED.scan(run)} assigned USING (record_id_l, record_id_r)
        WHERE (record_id_l IN (SELECT record_id FROM own)) {{0}} (record_id_r IN (SELECT record_id FROM own))
        ORDER BY assigned.link_weight {{1}}, record_id_l, record_id_r"""
    within = connection.execute(pairs.format("AND", "")).fetchall()
    beside = connection.execute(pairs.format("<>", "DESC")).fetchall()
    return EntityExplanation(str(found[0]), tuple(records), tuple(within), tuple(beside))


def _told(pairs: tuple[Pair, ...]) -> list[str]:
    told = [
        f"  {one} – {other}: {weight:+.2f}, {decision} ({reason})" for one, other, weight, decision, reason in pairs[:MOST_PAIRS]
    ]
    return [*told, f"  … and {len(pairs) - MOST_PAIRS:,} more"] if len(pairs) > MOST_PAIRS else told
