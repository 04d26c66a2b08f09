"""Clerical review: a page that officers like, labels that statisticians trust.

Contract. Reads `review_set`, `raw_mentions`, `raw_persons` and, where there, `search_set` (mentions to search the population
for), `candidates` (other persons shown beside a pair, or offered to a search) and `anchors` (known pairs planted among the
others, which `known_pairs` chooses to look like these). Writes `labels`, `verdicts` and, of a search set, `searches`. Keeps its
own state in `review/review.sqlite`: an append-only event log, and what follows from it.

- Blind: no score, stratum, known answer or other person's answer reaches a page or workbook; a reviewer has at most one slot of
  a pair, an adjudicator labelled it never. The schema holds this (`rules.sql`), not the pages. A search is a pair
  without a second record: whoever answers `match` picks one, and two picks that differ disagree.
- An answer acknowledged is on disk; a form sent twice counts once.
- Nothing leaves the machine but the pages themselves; no register value stands in an address, a log or an error.

`README.md` beside this file says how to run, back up, restore and move a review.
"""

from linkage.review.accounts import Account, add_user, end_sessions, list_users, set_active, set_password
from linkage.review.backup import backup, restore
from linkage.review.label_workbooks import ImportReport, export_workbooks, import_workbook
from linkage.review.labels import write_labels
from linkage.review.review_progress import ReviewProgress, progress
from linkage.review.serving import serve

__all__ = [
    "Account",
    "ImportReport",
    "ReviewProgress",
    "add_user",
    "backup",
    "end_sessions",
    "export_workbooks",
    "import_workbook",
    "list_users",
    "progress",
    "restore",
    "serve",
    "set_active",
    "set_password",
    "write_labels",
]
