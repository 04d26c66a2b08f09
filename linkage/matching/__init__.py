"""From standardised tables to assigned pairs: blocking, comparisons, training, scoring, assignment, explanation.

Contract: the only room that imports splink. Splink holds the specification of the model (`model.json` opens in plain
Splink), writes the SQL of every comparison, trains m, and is the reference that scores are tested against. Candidate
pairs live in a *level store* (`pairs.parquet`): integer ids, the blocking rules that proposed the pair as bits, and one
small integer a comparison. Training, re-scoring and diagnostics read levels, never strings. Every table is ordered by
id, every sample is drawn by a hash of (seed, ids): the same inputs, config and seed give the same bytes.
"""

from linkage.matching.assignment import assign_pairs
from linkage.matching.claims import weigh_claims
from linkage.matching.fitting import fit_model
from linkage.matching.levels import write_level_store
from linkage.matching.linker import open_linker, weighed_pairs
from linkage.matching.model import build_settings
from linkage.matching.scoring import score_pairs
from linkage.matching.tables import open_tables
from linkage.matching.trained import TrainedModel
from linkage.matching.wider import write_anchors, write_wider_pairs

__all__ = [
    "TrainedModel",
    "assign_pairs",
    "build_settings",
    "fit_model",
    "open_linker",
    "open_tables",
    "score_pairs",
    "weigh_claims",
    "weighed_pairs",
    "write_anchors",
    "write_level_store",
    "write_wider_pairs",
]
