"""The shapes of a run's JSON documents, for whoever reads them: the type checker knows every key.

Without postponed annotations: with them a TypedDict takes every key for a required one.
"""

from typing import Any, NotRequired, TypedDict


class StageSummary(TypedDict):
    """A finished stage in run.json."""

    fingerprint: str
    files: dict[str, int]
    counts: dict[str, int | float | str]
    seconds: float
    peak_memory_mb: float
    finished_at: str


class Origin(TypedDict):
    """Where a run's project file and data were."""

    project_file: str
    data: str | None


class RunSummary(TypedDict):
    """run.json: what was run on what, with which versions, and what came out."""

    run_id: str
    project: str
    title: str
    synthetic: bool
    spec: dict[str, Any]
    """The project file's content, defaults filled in."""
    config_hash: str | None
    seed: int
    finished_at: str | None
    seconds: float
    stages: dict[str, StageSummary]
    command: NotRequired[str]
    config: NotRequired[str]
    origin: NotRequired[Origin]
    inputs: NotRequired[dict[str, str]]
    versions: NotRequired[dict[str, str]]
    compared: NotRequired[dict[str, Any]]
    """In the folder of a comparison: which runs it compares."""


class RuleFound(TypedDict):
    """What one rule of the contract check found; rows by their number in the source, never by value."""

    rule: str
    severity: str
    rows: int
    first: list[tuple[str, int]]
    """(source, row number) of the first of them."""


class SideChecked(TypedDict):
    """What reading a side found: each rule that was held against it, and fields in which exports wrote null words."""

    rules: list[RuleFound]
    null_words: dict[str, int]


class ChecksReport(TypedDict):
    """checks.json: what the contract check found, whatever the severity of the rule."""

    sides: dict[str, SideChecked]


class RuleCost(TypedDict):
    """One blocking rule: all its pairs, whether or not an earlier rule proposes them too."""

    rule: str
    pairs: int
    blocks: int
    largest_block: int
    capped_blocks: int
    capped_pairs: int
    refined_by: list[str]
    """Further keys that pairs of its crowded blocks had to agree on."""
    refined_pairs: int
    """Pairs that these took away."""
    likely: int
    """Likely matches of these blocks that were looked at …"""
    likely_lost: int
    """… and those that the rule proposes no longer."""


class BlockingReport(TypedDict):
    """blocking.json: what the rules cost."""

    rules: list[RuleCost]
    crowded_above: int | None
    """Records of a block's larger side above which further keys were asked; None where the pairs kept to the budget anyhow."""
    candidate_pairs: int
    chunks: NotRequired[int]
    possible_pairs: int
    left_rows: int


class PriorReport(TypedDict):
    """The probability that two random records match, and the matches this expects."""

    probability: float
    expected_matches: float
    how: str


class LevelReport(TypedDict):
    """A comparison level: its probabilities, its weight log2(m/u) in bits, and what each pass said of m."""

    comparison: str
    level: int
    label: str
    m: float
    u: float
    weight: float
    m_is_given: NotRequired[bool]
    u_from: str
    m_by_pass: dict[str, float]


class DiagnosticReport(TypedDict):
    """A finding about the model, with what to do about it."""

    severity: str
    code: str
    what: str
    remedy: str


class PassReport(TypedDict):
    """A training pass over the pairs that one blocking rule proposes."""

    rule: str
    pairs: int
    used_pairs: int
    share_of_matches: float
    converged: bool
    iterations: int


class TrainingReport(TypedDict):
    """training.json: everything that was done to train the model."""

    prior: PriorReport
    u: dict[str, Any]
    passes: list[PassReport]
    levels: list[LevelReport]
    dependence: list[dict[str, Any]]
    relatives: NotRequired[dict[str, Any]]
    diagnostics: list[DiagnosticReport]


class TogetherReport(TypedDict):
    """Two comparisons that agree together by chance, with the bits at every pair of levels."""

    gammas: list[str]
    bits: list[list[float]]


class RelativesReport(TypedDict):
    """relatives.json, as far as others than the model read it: what each level weighs against a close relative, in bits."""

    pairs: int
    weights: dict[str, dict[str, float]]
    """`gamma_*` of a comparison → level → bits."""
    by_chance: list[TogetherReport]


class ClaimsReport(TypedDict):
    """claims.json: shares among matches and others, and bits, of each state of a person."""

    match: list[float]
    other: list[float]
    bits: list[float]


class OrderReport(ClaimsReport):
    """order_of_dates.json: the same of each state of the dates, and the entries whose best pair is in one."""

    pairs: int


class ThresholdChoice(TypedDict):
    """One way to place the two thresholds (rates 0–1, hours of reviewers)."""

    name: str
    upper: float
    lower: float
    false_link_rate: float
    missed_link_rate: float
    clerical_pairs: int
    hours: float


class ThresholdPair(TypedDict):
    """Two thresholds with what is expected of them, as `linkage.decision.Thresholds` keeps them."""

    upper: float
    lower: float
    expected_false_link_rate: float
    expected_missed_link_rate: float
    clerical_pairs: int
    exceeds_capacity: bool
    how: str
    choices: list[ThresholdChoice]


class ThresholdsDecided(ThresholdPair):
    """thresholds.json: the two that decide, and those the model alone proposes."""

    by_model: ThresholdPair


class SceneHeld(TypedDict):
    """What a decision leaves: links and pairs that wait, and the errors expected of the links (rates 0–1, None unknown)."""

    links: int
    clerical: int
    by_model: dict[str, float | None]
    by_labels: dict[str, list[float] | None]
    """Rate → value, low, high."""


class DecisionHeld(TypedDict):
    """decision.json: what a person agreed to, an input of the run of its own; absent, the model's thresholds decide."""

    by: str
    upper: float
    lower: float
    expected_false_link_rate: float
    expected_missed_link_rate: float
    clerical_pairs: int
    exceeds_capacity: bool
    choices: list[ThresholdChoice]
    moves: dict[str, str]
    judged: dict[str, str]
    model: str
    """Fingerprint of the model whose weights the thresholds are of: with another model the decision has lapsed."""
    labels: str
    decided_at: str
    before: SceneHeld
    after: SceneHeld


class FeasibleHeld(TypedDict):
    """One target by one route: what so many labels show at best (0–1), and how many it needs."""

    measure: str
    target: float
    route: str
    labels: int
    at_best: float | None
    needed: int | None


class FeasibleReport(TypedDict):
    """feasible.json: what the review set can show of each target, before anyone labels."""

    targets: list[FeasibleHeld]


class JudgementHeld(TypedDict):
    """One target held against the delivered links (rates 0–1)."""

    measure: str
    target: float
    by_model: float | None
    by_labels: dict[str, float] | None
    n: int
    verdict: str
    needed: int | None


class EstimateHeld(TypedDict):
    """One measure by one estimator, with its interval, denominator and number of answers."""

    measure: str
    estimator: str
    threshold: float | None
    value: float | None
    low: float | None
    high: float | None
    level: float
    denominator: float | None
    denominator_is: str
    n: int
    reading: str


class GroupRatesHeld(TypedDict):
    """Rates of one group of a breakdown; None means too few labels to say."""

    column: str
    group: str
    mentions: int
    links: int
    labels: int
    precision: EstimateHeld | None
    recall_within_reach: EstimateHeld | None


class EstimatesHeld(TypedDict):
    """estimates.json: what is known of a run's errors."""

    format: int
    level: float
    links: str
    """SHA-256 of the links.parquet that was measured."""
    thresholds: ThresholdPair
    judgements: list[JudgementHeld]
    estimates: list[EstimateHeld]
    anchor_fit: dict[str, Any] | None
    anchor_verdict: dict[str, bool] | None
    calibration: dict[str, Any] | None
    reliability_before: list[dict[str, Any]]
    reliability_after: list[dict[str, Any]]
    label_error: dict[str, Any] | None
    """How often labels are wrong, and how far errors that reviewers share may go before the conclusion on false links falls."""
    challengers: list[dict[str, Any]]
    breakdowns: list[GroupRatesHeld]
    notes: list[str]
