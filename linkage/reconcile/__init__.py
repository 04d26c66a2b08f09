"""From links to action: what each record comes to, which fields differ, and the work lists that follow.

Contract: `write_outcomes` reads a run's tables and writes outcomes.parquet (exactly one row a mention and one a person
without an accepted link) and differences.parquet (one row a differing field of an accepted link, values as in the
sources). Codes, labels, verifiers and acts come from configs/outcomes.yaml, a proposal replaceable without code. A
civil-status act is never proposed merely to match the other base.
"""

from linkage.reconcile.codes import OUTCOMES_FILE, Codes, load_codes
from linkage.reconcile.outcomes import write_outcomes

__all__ = ["OUTCOMES_FILE", "Codes", "load_codes", "write_outcomes"]
