"""Whether a planted pair can be told from a sampled one by anything a page shows: a classifier tries.

I want … the area under the curve of gradient boosting on what the pages of a store show: `area_under_curve`. 0.5 is a coin. It reads
the very pages (`compare_pair`), not the traits that planted pairs are chosen by.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from linkage.review.comparison import compare_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.review.comparison import ShownPair
    from linkage.review.marks import Marked
    from linkage.review.store import Store

_STATES = {"same": 0.0, "tone": 1.0, "letter": 2.0, "one_side": 3.0}


def page_features(page: ShownPair) -> dict[str, float]:
    """What a page shows as numbers: states, filled sides, lengths, numbers and share of marked letters, other persons beside."""
    found: dict[str, float] = {"both_empty": len(page.both_empty), "beside": len(page.runner_ups)}
    for rows in page.groups.values():
        for row in rows:
            found[f"{row.name} state"] = _STATES[row.state]
            for side, marked in (("l", row.left), ("r", row.right)):
                if marked is not None:
                    found |= {f"{row.name} {side} {key}": value for key, value in _text_features(marked).items()}
    for place, card in enumerate(sorted(page.runner_ups, key=_same_fields, reverse=True)[:2]):
        found[f"beside {place} same"] = _same_fields(card)
        found |= {f"beside {place} {name}": _STATES[state] for name, _, state in card.rows}
    return found


def _same_fields(card) -> float:
    return float(sum(state == "same" for _, _, state in card.rows))


def _text_features(marked: Marked) -> dict[str, float]:
    text = "".join(segment.text for segment in marked)
    digits = [int(found) for found in re.findall(r"\d+", text)][:3]
    differing = sum(len(segment.text) for segment in marked if segment.kind != "same")
    return {"length": len(text), "words": len(text.split()), "differing": differing / max(len(text), 1)} | {
        f"number {place}": float(value % 10**6) for place, value in enumerate(digits)
    }


def table_of(stores: Sequence[Store]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, k; −1 where a page lacks one), whether planted (n,), and the pair's group (n,): its mention."""
    pages, planted, mention = [], [], []
    for store in stores:
        for row in store.connection.execute("SELECT id, record_id_l, known_verdict FROM pair WHERE in_use = 1").fetchall():
            pages.append(page_features(compare_pair(store, row["id"])))
            planted.append(row["known_verdict"] is not None)
            mention.append(row["record_id_l"])
    names = sorted({name for page in pages for name in page})
    return (
        np.array([[page.get(name, -1.0) for name in names] for page in pages]),
        np.array(planted),
        np.unique(mention, return_inverse=True)[1],
    )


def area_under_curve(stores: Sequence[Store], repeats: int = 5) -> float:
    """Cross-validated, a mention never in both folds; mean over `repeats` splits."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold
    from threadpoolctl import threadpool_limits

    x, planted, group = table_of(stores)
    found = []
    for repeat in range(repeats):
        told = np.zeros(planted.size)
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=repeat)
        for train, test in folds.split(x, planted, group):
            model = HistGradientBoostingClassifier(
                max_iter=60, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=10, random_state=repeat
            )
            with threadpool_limits(1, "openmp"):
                told[test] = model.fit(x[train], planted[train]).predict_proba(x[test])[:, 1]
        found.append(roc_auc_score(planted, told))
    return float(np.mean(found))
