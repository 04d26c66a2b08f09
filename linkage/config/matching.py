"""What a project file says of blocking, comparisons, training and relatives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from linkage.config.spec import Many, Name, Spec
from linkage.likeness.library import BUILDERS, TWO_FIELDS

Probability = Annotated[float, Field(gt=0, lt=1)]


class BlockingRule(Spec):
    """A (mention, person) pair is proposed when every key agrees; written `[key, key]` or `{on: [key, key], cap: 500}`."""

    on: Annotated[Many[Name], Field(min_length=1)]
    """Standardised keys, equal on both sides."""
    cap: Annotated[int, Field(ge=1)] | None = None
    """Blocks that would give more pairs than this, further keys asked, are left out (and counted): the last resort."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"on": data} if isinstance(data, list) else data

    @property
    def name(self) -> str:
        """How tables and charts name the rule."""
        return " + ".join(self.on)


def rule_on(columns: Iterable[str]) -> BlockingRule:
    """A rule of our own making: on columns as they are kept, which no project file could name.

    >>> rule_on(["_source_fold", "born_year"]).name
    '_source_fold + born_year'
    """
    return BlockingRule.model_construct(on=tuple(columns))


class BlockingSpec(Spec):
    """Which pairs are looked at, to predict and to train."""

    predict: Annotated[Many[BlockingRule], Field(min_length=1)]
    """Rules whose union gives the candidate pairs."""
    train: Annotated[Many[BlockingRule], Field(min_length=1)]
    """One pass of expectation-maximisation a rule; the fields a rule uses are not trained in its pass."""
    pairs_per_entry: Annotated[float, Field(ge=1)] | None = 10.0
    """Candidate pairs an entry of the left side, about and at most: where there would be more, pairs of crowded blocks must agree
    on further keys too. null sets no bound."""
    refine_by: Many[Name] = ()
    """The further keys, in the order they are asked; when absent they are learnt: those that lose fewest likely matches."""


class LevelSpec(Spec):
    """One level of a comparison, first that holds wins; written `exact`, `{jaro_winkler: 0.92}`, `{sql: "…"}` …

    Texts are compared by their ASCII fold key, dates by their eight digits, numbers and years as they are written; of two lists
    the likeliest pair of items counts.
    """

    exact: Literal[True] | None = None
    jaro_winkler: Probability | None = None
    """Jaro-Winkler similarity at least this."""
    jaro: Probability | None = None
    """Jaro similarity at least this."""
    jaccard: Probability | None = None
    """Share of letters in common (Jaccard) at least this."""
    levenshtein: Annotated[int, Field(ge=1, le=10)] | None = None
    """Edits at most this."""
    damerau_levenshtein: Annotated[int, Field(ge=1, le=10)] | None = None
    """Edits at most this, two neighbours exchanged counted as one; much slower than `levenshtein`."""
    difference: Annotated[float, Field(gt=0)] | None = None
    """Numbers or years at most this far apart."""
    percentage_difference: Probability | None = None
    """Numbers at most this share of the greater apart: 0.1 is ten per cent."""
    days: Annotated[float, Field(gt=0)] | None = None
    """Dates at most so many days apart."""
    months: Annotated[float, Field(gt=0)] | None = None
    """Dates at most so many months (of 30.4375 days) apart."""
    years: Annotated[float, Field(gt=0)] | None = None
    """Dates at most so many years (of 365.25 days) apart."""
    array_intersect: Annotated[int, Field(ge=1)] | None = None
    """Lists with at least so many items in common."""
    array_subset: Literal[True] | None = None
    """All items of the shorter list are in the longer."""
    cosine_similarity: Probability | None = None
    """Vectors with a cosine similarity of at least this."""
    columns_reversed: Literal[True] | None = None
    """The field and that under `with` are exchanged."""
    distance_km: Annotated[float, Field(gt=0)] | None = None
    """The field (latitude) and that under `with` (longitude) are at most so many kilometres apart."""
    sql: str | None = None
    """Any condition on `<key>_l` and `<key>_r`."""
    label: str | None = None
    """How charts name the level."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        if isinstance(data, str) and data not in ALONE:
            raise ValueError("a level is `exact` or a group with one condition, as in `{jaro_winkler: 0.92}`")
        return {data: True} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _says_one_thing(self) -> LevelSpec:
        ways = [name for name in type(self).model_fields if name != "label"]
        if sum(getattr(self, name) is not None for name in ways) != 1:
            raise ValueError(f"a level is one of: {', '.join(ways)}")
        return self

    @property
    def way(self) -> str:
        """Which of the conditions it is."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)


ALONE = ("exact", "array_subset", "columns_reversed")
"""Levels without a number, which may be written as one word."""


if TYPE_CHECKING:
    ComparisonUse = str
else:
    ComparisonUse = Literal[tuple(BUILDERS)]
"""A name of the comparison library."""


class ComparisonSpec(Spec):
    """How one field is compared: a builder of the comparison library (`use`) or own `levels`."""

    field: Name
    with_: Annotated[Name | None, Field(alias="with")] = None
    """A second field of the same kind, compared together with the first: surname beside forename, longitude beside latitude."""
    use: ComparisonUse | None = None
    levels: Annotated[Many[LevelSpec], Field(min_length=1)] | None = None
    term_frequency: bool = False
    """Weigh agreement by how common the value is (Splink's term-frequency adjustment)."""
    jaro_winkler: Annotated[Many[Probability], Field(min_length=1)] | None = None
    """The similarity thresholds of the builder's last levels, highest first, instead of its own."""
    missing_right: bool = False
    """A value missing on the right side alone says something, and is a level: whoever has no date of death there is alive."""
    m_probabilities: Many[Probability] | None = None
    """Fixed m probabilities, one a level in order (the `else` level last): not trained, and needs no training rule."""
    u_probabilities: Many[Probability] | None = None
    """Fixed u probabilities, one a level in order (the `else` level last): not looked for among the records."""

    @model_validator(mode="after")
    def _is_built_one_way(self) -> ComparisonSpec:
        if (self.use is None) == (self.levels is None):
            raise ValueError("give either `use` (a comparison of the library) or `levels`")
        if self.jaro_winkler and self.use not in ("vietnamese_name", "text", "forename_surname"):
            raise ValueError(
                "`jaro_winkler` here goes with `use: vietnamese_name`, `text`, `forename_surname`; elsewhere write it as levels"
            )
        pairing = [level.way for level in self.levels or () if level.columns_reversed or level.distance_km]
        if (self.use in TWO_FIELDS or pairing) and not self.with_:
            raise ValueError(f"`{self.use or pairing[0]}` compares two fields: name the second under `with`")
        if self.with_ and (self.missing_right or self.with_ == self.field or (self.use and self.use not in TWO_FIELDS)):
            raise ValueError(
                f"`with` names another field, goes with {', '.join(TWO_FIELDS)} or own levels, not with `missing_right`"
            )
        return self


class PriorSpec(Spec):
    """The share of all possible pairs that are matches."""

    deterministic_rules: Many[BlockingRule] = ()
    """Pairs that agree on all keys of a rule are taken for matches …"""
    recall: Probability = 0.7
    """… and are this share of all matches."""
    matches_per_record: Annotated[float, Field(gt=0)] | None = None
    """Instead: how many matches a left record is expected to have."""

    @model_validator(mode="after")
    def _is_said_one_way(self) -> PriorSpec:
        if (self.matches_per_record is None) == (not self.deterministic_rules):
            raise ValueError("give either `deterministic_rules` (with their `recall`) or `matches_per_record`")
        return self


class TrainingSpec(Spec):
    """How the model's parameters are estimated."""

    prior: PriorSpec | None = None
    """One match a left record × the share found by the strictest rule when absent."""
    m_from: Literal["em", "anchors", "labels"] = "em"
    """Expectation-maximisation, pairs that carry the same personal number, or verdicts of the review."""
    max_pairs: Annotated[float, Field(ge=1_000)] = 5_000_000.0
    """Pairs drawn at most for u of a level that cannot be counted; fewer where enough of them have the level."""
    max_iterations: Annotated[int, Field(ge=1, le=1_000)] = 200
    convergence: Probability = 1e-5
    starts: Annotated[int, Field(ge=1, le=20)] = 3
    """Starting points of each pass; the most likely end is kept and a different end is reported."""
    dependence: Literal["none", "log_linear"] = "none"
    """Take into the link weight that comparisons go wrong together among matches."""
    allow_bad_fit: bool = False
    """Go on when a diagnostic says that the model should not be used."""


class RelativesSpec(Spec):
    """The third class: close relatives, who share some fields and are told apart by others."""

    share: Annotated[Many[Name], Field(min_length=1)]
    """Keys that children of the same parents share."""
    told_apart_by: Annotated[Many[Name], Field(min_length=1)]
    """Compared fields that tell them apart."""
    learn_from: Literal["left", "right"] = "right"
    """The side whose distinct rows are distinct persons (each has a number)."""
    together_by_chance: Many[Annotated[Many[Name], Field(min_length=2, max_length=2)]] = ()
    """Pairs of compared fields that agree together among unrelated people too: a name tells the sex."""
