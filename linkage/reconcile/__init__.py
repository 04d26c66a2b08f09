"""From links to action: what each record comes to, which fields differ, and the work lists that follow.

Contract: `write_field_differences` compares the values of assigned pairs, which no threshold changes; `write_outcomes`
reads these and a run's other tables and writes `outcomes` (exactly one row a mention and one a person without an accepted
link) and `differences` (one row a differing field of an accepted link, values as in the sources).
Everything else works on a reconciled run directory: work lists out and back (`worklists`, `verifications`), summaries, number
proposals (`number_proposals`), pre-filled entries, handed-back registers (`handback`); or
on files of their own: the book inventory, acceptance plans and judgements. Codes, labels, verifiers and acts come from
configs/outcomes.yaml, a proposal, or an office's own file; what follows from the
outcomes uses those they were made with. A civil-status act is never proposed merely to match the
other base. Register values stand in tables and workbooks only, never in a message.
"""

from linkage.reconcile.acceptance import Judgement, LotJudgement, Rate, draw_sample, judge_acceptance
from linkage.reconcile.acceptance_plan import AcceptancePlan, plan_acceptance
from linkage.reconcile.codes import OUTCOMES_FILE, OutcomeCodes, read_codes
from linkage.reconcile.collecting import Collected, collect_worklists
from linkage.reconcile.differences import write_field_differences
from linkage.reconcile.handback import Handback, reconcile_handback
from linkage.reconcile.inventory import Inventory, take_inventory, write_inventory
from linkage.reconcile.number_proposals import Proposals, propose_numbers
from linkage.reconcile.outcomes import write_outcomes
from linkage.reconcile.prefill import Prefilled, RoleRun, prefill_entries
from linkage.reconcile.summaries import SummaryRow, summarise_outcomes, write_summary
from linkage.reconcile.worklists import Worklists, write_worklists

__all__ = [
    "OUTCOMES_FILE",
    "AcceptancePlan",
    "Collected",
    "Handback",
    "Inventory",
    "Judgement",
    "LotJudgement",
    "OutcomeCodes",
    "Prefilled",
    "Proposals",
    "Rate",
    "RoleRun",
    "SummaryRow",
    "Worklists",
    "collect_worklists",
    "draw_sample",
    "judge_acceptance",
    "plan_acceptance",
    "prefill_entries",
    "propose_numbers",
    "read_codes",
    "reconcile_handback",
    "summarise_outcomes",
    "take_inventory",
    "write_field_differences",
    "write_inventory",
    "write_outcomes",
    "write_summary",
    "write_worklists",
]
