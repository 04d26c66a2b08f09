"""Links held against the generator's truth: shared by the matching benchmarks. Truth is used only to measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linkage.runs.sql import connect


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
        c.execute(
            "CREATE VIEW truth AS SELECT record_id AS rl, person_record_id AS rr FROM read_parquet(?) WHERE register = ? AND role = ?"
            " AND person_record_id IS NOT NULL".replace("?", "{}").format(
                f"'{registers / 'truth.parquet'}'", f"'{register}'", f"'{role}'"
            )
        )
        for table in ("mentions", "persons", "pairs", "scored_pairs", "assigned", "links"):
            c.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{run / f'{table}.parquet'}')")
        matches, mentions, pairs = (
            c.execute(q).fetchone()[0]
            for q in ("SELECT count(*) FROM truth", "SELECT count(*) FROM mentions", "SELECT count(*) FROM pairs")
        )
        c.execute(
            "CREATE TABLE true_ids AS SELECT m.id AS id_l, p.id AS id_r FROM truth JOIN mentions m ON m.record_id = rl"
            " JOIN persons p ON p.record_id = rr"
        )
        blocked = c.execute("SELECT count(*) FROM pairs JOIN true_ids USING (id_l, id_r)").fetchone()[0]
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
                SELECT t.record_id, l.record_id_l IS NOT NULL AS linked
                FROM read_parquet('{registers / "truth.parquet"}') t
                LEFT JOIN (SELECT record_id_l, record_id_r FROM read_parquet('{run / "links.parquet"}') WHERE decision = 'link') l
                  ON l.record_id_l = t.record_id AND l.record_id_r = t.person_record_id
                WHERE t.register = '{register}' AND t.role = '{role}' AND person_record_id IS NOT NULL
            ), errors AS (
                SELECT DISTINCT record_id, field, kind FROM read_parquet('{registers / "errors.parquet"}') WHERE register = '{register}'
            )
            SELECT field, kind, count(*), count(*) FILTER (NOT linked) FROM errors JOIN matches USING (record_id)
            GROUP BY ALL ORDER BY 4 DESC, 3 DESC, field, kind
            """
        ).fetchall()
