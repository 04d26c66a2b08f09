"""Every table and document that one part of the code writes and another reads, declared once.

A stage names these as what it reads and writes; that gives the order of the flow and its fingerprints. Whatever a stage
leaves is held against the promise before it is put in place.
"""

from __future__ import annotations

from typing import Any

from linkage.runs.exchange import Document, Exchanged, ParquetTable
from linkage.runs.shapes import (
    BlockingReport,
    ChecksReport,
    DecisionHeld,
    EstimatesHeld,
    FeasibleReport,
    RunSummary,
    ThresholdsDecided,
    TrainingReport,
)

_PAIR = {"id_l": "INTEGER", "id_r": "INTEGER"}
_RECORDS = {"record_id_l": "VARCHAR", "record_id_r": "VARCHAR"}
_RECORD = {"id": "INTEGER", "record_id": "VARCHAR"}
_SOURCED = {**_RECORD, "role": "VARCHAR", "source": "VARCHAR", "row_number": "BIGINT"}
_WEIGHED = {"match_weight": "DOUBLE", "pair_weight": "DOUBLE", "link_weight": "DOUBLE", "match_probability": "DOUBLE"}
_ASSIGNED = {**_PAIR, **_WEIGHED, "runner_up_margin": "DOUBLE", **_RECORDS}
_DIFFERENCE = {"field": "VARCHAR", "class": "VARCHAR", "value_l": "VARCHAR", "value_r": "VARCHAR"}

RAW_MENTIONS = ParquetTable("raw_mentions", "read", _SOURCED, ("id",))
"""The left side's mentions as the source says them: one text column a field."""
RAW_PERSONS = ParquetTable("raw_persons", "read", _SOURCED, ("id",))
"""The right side likewise; absent where duplicates are sought within one table."""
QUARANTINE = ParquetTable(
    "quarantine",
    "read",
    {
        "side": "VARCHAR", "source": "VARCHAR", "row_number": "BIGINT", "record_id": "VARCHAR", "field": "VARCHAR",
        "value": "VARCHAR", "reason": "VARCHAR",
    },
    ("side", "source", "row_number", "field", "reason"),
)  # fmt: skip
"""Rows that could not be used, each with the reason."""
CHECKS = Document("checks", "read", ChecksReport)
"""What every rule of the contract check found, whatever its severity."""

MENTIONS = ParquetTable("mentions", "standardise", _RECORD, ("id",))
"""The left side's clean values under their fields' names, and their keys as `<field>_<key>`."""
PERSONS = ParquetTable("persons", "standardise", _RECORD, ("id",))
"""The right side likewise; absent where duplicates are sought within one table."""

PAIRS = ParquetTable("pairs", "block", {**_PAIR, "blocking_rules": "UINTEGER"}, ("id_l", "id_r"))
"""The level store, in no order: the rules that proposed the pair as bits, and one `gamma_*` a comparison."""
FREQUENCIES = ParquetTable("frequencies", "block", {"is_right": "BOOLEAN", "id": "INTEGER"}, ("is_right", "id"))
"""How frequent each record's values are: one `tf_*` a column whose rarity counts."""
BLOCKING = Document("blocking", "block", BlockingReport)
ENGINE_DIFFERENCES = Document[Any]("backend_differences", "block", object)
"""Of a run on Spark: levels that DuckDB would have given otherwise."""

MODEL = Document[Any]("model", "train", object)
"""Splink's own settings format: opens in plain Splink."""
RELATIVES = Document[Any]("relatives", "train", object)
LOG_LINEAR = Document[Any]("log_linear", "train", object)
TRAINING = Document("training", "train", TrainingReport)
TRAINING_KEPT = Document[Any]("training_kept", "train", object)
"""What training need not find again, by the fingerprint of what it follows from; kept through changes, no stage's output."""

SCORED_PAIRS = ParquetTable("scored_pairs", "score", {**_PAIR, **_WEIGHED}, ("id_l", "id_r"))
"""Every candidate pair above the floor: Splink's match weight; the pair weight, by itself with all evidence but its rivals;
the link weight, which is the log2 odds of the match probability."""
PRESENCE = ParquetTable("presence", "score", {"id_l": "INTEGER", "share": "DOUBLE", "presence_weight": "DOUBLE"}, ("id_l",))
"""How probable it is, before looking at its pairs, that a mention's person is there, and its bits in the pair weight."""
REGISTERED_TWICE = ParquetTable(
    "registered_twice", "score",
    {
        "person": "INTEGER", "other": "INTEGER", "probability": "DOUBLE", "pair_weight": "DOUBLE", "record_id": "VARCHAR",
        "other_record_id": "VARCHAR",
    },
    ("person", "other"),
)  # fmt: skip
"""Two persons of the right side who rival for a mention and are one human, by the model's own deduplication."""
CLAIMS = Document[Any]("claims", "score", object)
ORDER_OF_DATES = Document[Any]("order_of_dates", "score", object)

ASSIGNED = ParquetTable("assigned", "assign", _ASSIGNED, ("id_l", "id_r"))
"""At most one person a mention, undecided."""
CANDIDATES = ParquetTable("candidates", "assign", {**_PAIR, **_WEIGHED, "rank": "BIGINT", **_RECORDS}, ("id_l", "id_r"))
"""The best persons of each mention, for whoever looks at a pair."""
WIDER = ParquetTable(
    "wider", "widen", {**_PAIR, "link_weight": "DOUBLE", "weight_given_rival": "DOUBLE", "proposed": "BOOLEAN", **_RECORDS},
    ("id_l", "id_r"),
)  # fmt: skip
"""Persons beside the assigned one whom the rules, or looser ones, propose."""

FIELD_DIFFERENCES = ParquetTable(
    "field_differences", "differ", {**_PAIR, **_DIFFERENCE, "touches_number": "BOOLEAN", **_RECORDS}, ("id_l", "id_r", "field")
)
"""The fields that differ on every assigned pair."""

LINKS = ParquetTable(
    "links",
    "decide",
    {**_ASSIGNED, "decision": "VARCHAR", "reason": "VARCHAR", "decision_unreviewed": "VARCHAR"},
    ("record_id_l", "record_id_r"),
)
"""Every assigned pair with its decision and the reason; `decision_unreviewed` is what it was before any verdict."""
ENTITIES = ParquetTable(
    "entities",
    "decide",
    {"id": "INTEGER", "source": "VARCHAR", "record_id": "VARCHAR", "entity_id": "VARCHAR", "probability": "DOUBLE"},
    ("source", "record_id"),
)
"""Where entities are found, every record with its group, called by its least record id; absent in a linkage to persons.
`source` is the table's name, else the file's; `record_id` as that says it. `probability`: that its best pair within the entity
is one person or, of a record alone, that its best pair is not."""
THRESHOLDS = Document("thresholds", "decide", ThresholdsDecided)
DECISION = Document("decision", "linkage decide", DecisionHeld)
"""What a person agreed to let the labels decide; absent, the model's thresholds do."""

REVIEW_SET = ParquetTable(
    "review_set", "sample", {"pair_id": "VARCHAR", **_RECORDS, "stratum": "VARCHAR", "inclusion_probability": "DOUBLE"},
    ("pair_id",),
)  # fmt: skip
"""The pairs to label: a probability sample."""
OUTSIDE = ParquetTable(
    "outside", "sample", {**_RECORDS, "link_weight": "DOUBLE", "weight_given_rival": "DOUBLE", "proposed": "BOOLEAN"},
    ("record_id_l", "record_id_r"),
)  # fmt: skip
"""The frame of pairs that were not assigned."""
FEASIBLE = Document("feasible", "sample", FeasibleReport)
"""What the review set can show of each target at best."""
SEARCH_SET = ParquetTable(
    "search_set", "sample",
    {
        "search_id": "VARCHAR", "record_id_l": "VARCHAR", "stratum": "VARCHAR", "inclusion_probability": "DOUBLE",
        "stratum_size": "BIGINT",
    },
    ("search_id",),
)  # fmt: skip
"""Mentions without a link, a probability sample: for each a reviewer searches the population. Absent where none are searched."""
SEARCH_FRAME = ParquetTable("search_frame", "sample", {"record_id_l": "VARCHAR"}, ("record_id_l",))
"""Every mention without a link when the search sample was drawn: what it speaks for, whatever is decided later."""
ANCHORS = ParquetTable(
    "anchors", "sample",
    {**_RECORDS, "is_match": "BOOLEAN", "kind": "VARCHAR", "number_hidden": "BOOLEAN", "withheld": "VARCHAR"},
    ("record_id_l", "record_id_r"),
)  # fmt: skip
"""Pairs of known answer, to be planted among those that reviewers are shown."""

LABELS = ParquetTable(
    "labels",
    "linkage estimate",
    {
        "pair_id": "VARCHAR", **_RECORDS, "verdict": "VARCHAR", "how": "VARCHAR", "fingerprint_l": "VARCHAR",
        "fingerprint_r": "VARCHAR", "judged_fields": "VARCHAR",
    },
    (),
)  # fmt: skip
"""Final verdicts of reviewers, with fingerprints of the two records as they were judged: see `linkage.runs.judged`."""
VERDICTS = ParquetTable("verdicts", "linkage estimate", {"pair_id": "VARCHAR", "reviewer": "VARCHAR", "verdict": "VARCHAR"}, ())
"""Each reviewer's own verdicts."""
SEARCHES = ParquetTable(
    "searches",
    "linkage estimate",
    {
        "search_id": "VARCHAR", "record_id_l": "VARCHAR", "verdict": "VARCHAR", "record_id_r": "VARCHAR", "how": "VARCHAR",
        "fingerprint_l": "VARCHAR", "fingerprint_r": "VARCHAR", "judged_fields": "VARCHAR",
    },
    (),
)  # fmt: skip
"""Final answers of the searches: `match` with the person found, `non_match` where nobody is the mention's, `unsure`."""
ESTIMATES = Document("estimates", "estimate", EstimatesHeld)

OUTCOMES = ParquetTable(
    "outcomes",
    "reconcile",
    {
        "side": "VARCHAR", "record_id": "VARCHAR", "outcome": "VARCHAR", "finding": "VARCHAR", "counterpart": "VARCHAR",
        "others": "VARCHAR[]", "verify": "VARCHAR", "act": "VARCHAR", "source": "VARCHAR", "status": "VARCHAR",
        "reason": "VARCHAR", "link_weight": "DOUBLE",
    },
    ("side", "record_id"),
)  # fmt: skip
"""What each mention, and each person without an accepted link or registered twice, comes to."""
DIFFERENCES = ParquetTable("differences", "reconcile", {**_RECORDS, **_DIFFERENCE}, ("record_id_l", "record_id_r", "field"))
"""The fields that differ on links."""
OUTCOME_CODES = Document[Any]("outcome_codes", "reconcile", object)
"""The office's codes, labels and acts that the outcomes were made with."""
REPORT_PAGE = Exchanged("report.html", "report")

WORKLISTS = ParquetTable(
    "worklists",
    "linkage worklists",
    {
        "side": "VARCHAR", "record_id": "VARCHAR", "key": "VARCHAR", "finding": "VARCHAR", "check": "VARCHAR",
        "workbook": "VARCHAR",
    },
    ("side", "record_id"),
)  # fmt: skip
"""Every row that was issued to an office; `check` is that of its locked cells."""
VERIFICATIONS = ParquetTable(
    "verifications",
    "linkage collect",
    {
        "side": "VARCHAR", "record_id": "VARCHAR", "result": "VARCHAR", "status": "VARCHAR", "verified_on": "DATE",
        "officer": "VARCHAR", "remark": "VARCHAR", "workbook": "VARCHAR",
    },
    ("side", "record_id"),
)  # fmt: skip
"""The latest answer of an office to each record."""
NUMBER_PROPOSALS = ParquetTable(
    "number_proposals",
    "linkage reconcile",
    {
        "record_id": "VARCHAR", "person_record_id": "VARCHAR", "personal_number": "VARCHAR", "link_weight": "DOUBLE",
        "match_probability": "DOUBLE", "runner_up_margin": "DOUBLE", "reason": "VARCHAR", "error_bound": "DOUBLE",
        "withheld": "VARCHAR",
    },
    ("record_id",),
)  # fmt: skip
"""A row an entry without a number that has an accepted or reviewed link; `withheld` says why a number is not proposed."""
HANDBACK = ParquetTable("handback", "linkage handback", {"state": "VARCHAR", "how": "VARCHAR", **_RECORDS}, tuple(_RECORDS))
"""Every own and every handed-back row once, with the other where there is one."""
HANDBACK_DIFFERENCES = ParquetTable(
    "handback_differences", "linkage handback", {**_RECORDS, **_DIFFERENCE}, ("record_id_l", "record_id_r", "field")
)
"""The fields that differ on own and handed-back rows of one event."""

CHANGES = ParquetTable(
    "changes",
    "linkage compare",
    {
        "record_id_l": "VARCHAR", "record_id_r_a": "VARCHAR", "record_id_r_b": "VARCHAR", "change": "VARCHAR",
        "link_weight_a": "DOUBLE", "link_weight_b": "DOUBLE", "reason_a": "VARCHAR", "reason_b": "VARCHAR",
    },
    ("record_id_l",),
)  # fmt: skip
"""What became of each mention's link from run A to run B."""
COMPARISON = Document[Any]("compare", "linkage compare", object)
TRIALS = ParquetTable(
    "results",
    "linkage tune",
    {
        "trial": "BIGINT", "found": "DOUBLE", "false_link_rate": "DOUBLE", "false_link_rate_low": "DOUBLE",
        "false_link_rate_high": "DOUBLE", "unknown_links": "DOUBLE", "found_after_review": "DOUBLE", "clerical_pairs": "BIGINT",
        "on_front": "BOOLEAN", "error": "VARCHAR",
    },
    ("trial",),
)  # fmt: skip
"""The trials of a search, each with its settings as `set <key>`; what `found` is a share of, tuning.json says as `measure`."""
TUNING = Document[Any]("tuning", "linkage tune", object)
TRUTH = ParquetTable(
    "truth",
    "linkage synth",
    {"register": "VARCHAR", "role": "VARCHAR", "record_id": "VARCHAR", "person_record_id": "VARCHAR", "person": "BIGINT"},
    ("register", "role", "record_id"),
)
"""Beside synthetic registers: whom each mention speaks of."""
RUN = Document("run", "linkage run", RunSummary)

ALL: tuple[Exchanged, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Exchanged))
BY_FILE = {one.file: one for one in ALL}
TABLES = {one.name: one for one in ALL if isinstance(one, ParquetTable)}
DOCUMENTS: dict[str, Document[Any]] = {one.name: one for one in ALL if isinstance(one, Document)}
