"""Links held against the generator's truth: shared by the matching benchmarks. Truth is used only to measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linkage.demo import TRUE_PAIRS
from linkage.runs.sql import connect


def true_pairs(registers: Path, register: str, role: str) -> str:
    """SQL of (record_id_l, record_id_r): each mention with its person's row in the population database, or with both rows."""
    truth = f"read_parquet('{registers / 'truth.parquet'}')"
    return TRUE_PAIRS.format(truth=truth).replace("$register", f"'{register}'").replace("$role", f"'{role}'")


@dataclass(frozen=True)
class Quality:
    """Recall counts every mention that truly has a person, so what blocking lost is in it."""

    mentions: int
    matches: int
    pairs_per_mention: float
    blocking_recall: float
    f1_at_threshold: float
    precision_at_threshold: float
    recall_at_threshold: float
    best_f1: float
    recall_at_999: float
    sure_pairs: int
    sure_pairs_true: float
    """Of the candidate pairs given probability >= .999, the share that is true."""


def measure(run: Path, registers: Path, register: str, role: str, weight: str = "link_weight") -> Quality:
    """Hold a run's assigned pairs, by `weight`, and its candidate pairs against truth.parquet."""
    with connect() as c:
        c.execute(f"CREATE VIEW truth AS {true_pairs(registers, register, role)}")
        for table in ("mentions", "persons", "pairs", "scored_pairs", "assigned", "links"):
            c.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{run / f'{table}.parquet'}')")
        matches, mentions, pairs = (
            c.execute(q).fetchone()[0]
            for q in (
                "SELECT count(DISTINCT record_id_l) FROM truth",
                "SELECT count(*) FROM mentions",
                "SELECT count(*) FROM pairs",
            )
        )
        c.execute(
            "CREATE TABLE true_ids AS SELECT m.id AS id_l, p.id AS id_r FROM truth JOIN mentions m ON m.record_id = record_id_l"
            " JOIN persons p ON p.record_id = record_id_r"
        )
        blocked = c.execute("SELECT count(DISTINCT id_l) FROM pairs JOIN true_ids USING (id_l, id_r)").fetchone()[0]
        table = c.execute(
            f"SELECT a.{weight} AS w, t.id_l IS NOT NULL AS yes FROM assigned a LEFT JOIN true_ids t USING (id_l, id_r)"
            " ORDER BY w DESC, a.id_l"
        ).fetchnumpy()
        links, true = c.execute(
            "SELECT count(*), count(t.id_l) FROM links l LEFT JOIN true_ids t USING (id_l, id_r) WHERE decision = 'link'"
        ).fetchone()
        sure, sure_true = c.execute(
            f"SELECT count(*), count(t.id_l) FROM scored_pairs s LEFT JOIN true_ids t USING (id_l, id_r)"
            f" WHERE {weight} >= log2(.999 / .001)"
        ).fetchone()
    hits = np.cumsum(np.asarray(table["yes"], dtype=float))
    ranks = np.arange(1, len(hits) + 1)
    precision, recall = hits / ranks, hits / matches
    good = precision >= 0.999
    return Quality(
        mentions,
        matches,
        pairs / mentions,
        blocked / matches,
        2 * true / (links + matches),
        true / max(links, 1),
        true / matches,
        float((2 * hits / (ranks + matches)).max()),
        float(recall[good].max()) if good.any() else 0.0,
        sure,
        sure_true / max(sure, 1),
    )


def missed_by_kind(run: Path, registers: Path, register: str, role: str) -> list[tuple[str, str, int, int]]:
    """(field, error kind, matches that carry it, of them not linked), most missed first."""
    with connect() as c:
        return c.execute(
            f"""
            WITH matches AS (
                SELECT record_id_l AS record_id, count(linked.record_id_l) > 0 AS linked
                FROM ({true_pairs(registers, register, role)}) AS true_pair
                LEFT JOIN (SELECT record_id_l, record_id_r FROM read_parquet('{run / "links.parquet"}') WHERE decision = 'link') AS linked
                USING (record_id_l, record_id_r) GROUP BY record_id_l
            ), errors AS (
                SELECT DISTINCT record_id, field, kind FROM read_parquet('{registers / "errors.parquet"}') WHERE register = '{register}'
            )
            SELECT field, kind, count(*), count(*) FILTER (NOT linked) FROM errors JOIN matches USING (record_id)
            GROUP BY ALL ORDER BY 4 DESC, 3 DESC, field, kind
            """
        ).fetchall()
