"""The whole of a project file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from linkage.config.matching import BlockingSpec, ComparisonSpec, Probability, RelativesSpec, TrainingSpec
from linkage.config.sources import SideSpec
from linkage.config.spec import Many, Name, Spec
from linkage.words.language import Language

PROJECT_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
MEMORY = r"^\d+(\.\d+)?(MB|GB)$"


class StandardiseSpec(Spec):
    """Which merges the sound key makes, and keys of the project's own."""

    keys: dict[Name, str] = {}  # noqa: RUF012 - pydantic copies it
    """Own keys for blocking rules: name → SQL of the columns of one field. A prefix is `left(surname_fold, 3)`, a suffix
    `right(phone, 6)`, an n-gram `substr(surname_fold, 2, 3)`, an item of a list `emails[1]`."""

    sound_merges: Many[Literal["s_x", "tr_ch", "d_gi_r", "l_n", "i_y", "hoi_nga", "final_n_ng", "final_t_c"]] = (
        "s_x",
        "tr_ch",
        "d_gi_r",
        "l_n",
        "i_y",
        "hoi_nga",
        "final_n_ng",
        "final_t_c",
    )


class TargetsSpec(Spec):
    """The errors the owner of the linkage accepts, and the pairs that can be reviewed."""

    false_link_rate: Probability = 0.001
    """False links / links accepted without review."""
    missed_link_rate: Probability = 0.02
    """Matches below the lower threshold / matches among candidate pairs."""
    least_probability: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """No pair of lower match probability is linked without a verdict, whatever thresholds are given or found."""
    review_capacity: Annotated[int, Field(ge=0)] = 600
    """Pairs the reviewers can label."""


class ThresholdsSpec(Spec):
    """Link weights given by hand; each absent one is found from the targets."""

    upper: float | None = None
    """Links at or above."""
    lower: float | None = None
    """Non-links below."""

    @model_validator(mode="after")
    def _are_in_order(self) -> ThresholdsSpec:
        if self.upper is not None and self.lower is not None and self.lower > self.upper:
            raise ValueError("`lower` must not be above `upper`")
        return self


class ReviewSpec(Spec):
    """How pairs are labelled."""

    pairs: Annotated[int, Field(ge=1)] | None = None
    """Pairs to label in all; the review capacity when absent."""
    batch: Annotated[int, Field(ge=10)] | None = 100
    """Pairs to label first, besides those between the thresholds, and in each further batch of `linkage review more`, which goes
    where the labels so far vary most; null draws all pairs at once."""
    searches: Annotated[int, Field(ge=0)] = 100
    """Mentions without a link for which a reviewer searches the population, besides the pairs: only they tell the recall of all.
    0 draws none."""
    stratify_by: str | None = None
    """Column of the left side's standardised table (`birth_date_year` by decades, `hometown_province`) by which the review set
    is also stratified, so that error rates can be told group by group."""
    reviewers_per_pair: Annotated[int, Field(ge=1, le=5)] = 2
    adjudication: bool = True
    planted_share: Annotated[float, Field(ge=0, le=0.5)] = 0.10
    """Share of what reviewers are shown that has a known answer and looks like the rest: a silent quality check, and what tells
    how often labels are wrong."""


class ReconcileSpec(Spec):
    """What mentions and persons come to."""

    outcomes: Annotated[str, StringConstraints(min_length=1)] | None = None
    """An office's own file of outcome codes, relative to the project file; the shipped `outcomes.yaml` when absent. Its head says
    what such a file may hold: findings without a row fall to its `default`, or to their shipped row."""


class ReportSpec(Spec):
    """Who signs and in which language."""

    language: Language | None = None
    """Language of the reports; that of the registers' country when absent: `vi`, or `en` where every side is a `table`."""
    parent_agency: str = ""
    agency: str = ""
    place: str = ""
    small_cell_floor: Annotated[int, Field(ge=2)] = 10
    """Counts under this are not shown."""
    synthetic: bool = False
    """The registers are made up: said on every page."""


class ProjectSpec(Spec):
    """A linkage project: two registers (or one, or several tables), how to match them and which errors are accepted."""

    project: Annotated[str, StringConstraints(pattern=PROJECT_NAME)]
    """Short name: lower-case letters, digits and hyphens."""
    title: str
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    left: SideSpec = None  # type: ignore[assignment]  # set below where `tables` are given
    """The side whose mentions are linked; left out where `tables` are given."""
    right: SideSpec | None = None
    """The side they are linked to; absent to find the entities among the records of `left`: groups of records of one person."""
    tables: Annotated[dict[Name, SideSpec], Field(min_length=2)] | None = None
    """Instead of `left` and `right`: name → table, for the entities among the records of two tables or more. Record ids are
    `<name>:<id>` in the run. Splink's link_and_dedupe; link_only where `at_most_one_per` names all of them."""
    at_most_one_per: Many[Name] = ()
    """Tables without duplicates: two of its records are not compared, and no entity has two of them."""
    standardise: StandardiseSpec = StandardiseSpec()
    blocking: BlockingSpec
    comparisons: Annotated[Many[ComparisonSpec], Field(min_length=2)]
    training: TrainingSpec = TrainingSpec()
    relatives: RelativesSpec | None = None
    targets: TargetsSpec = TargetsSpec()
    thresholds: ThresholdsSpec = ThresholdsSpec()
    assignment: Literal["one_to_one", "many_to_one", "free"] = "one_to_one"
    """How many links a record may have: one on both sides, one a mention (a person's other entries count), or any. Without
    `right` records are grouped to entities, whatever it says."""
    runner_up_margin: Annotated[float, Field(ge=0)] = 3.0
    """A link whose runner-up is closer than this (in pair weight) goes to review whatever its weight; not where entities are
    found, whose records are no rivals."""
    review: ReviewSpec = ReviewSpec()
    reconcile: ReconcileSpec = ReconcileSpec()
    report: ReportSpec = ReportSpec()
    memory_limit: Annotated[str, StringConstraints(pattern=MEMORY)] = "4GB"
    threads: Annotated[int, Field(ge=1, le=64)] = 2

    @property
    def language(self) -> Language:
        """What reports are written in."""
        registers = {side.register_ for side in self.sides.values()}
        return self.report.language or ("en" if registers == {"table"} else "vi")

    @property
    def sides(self) -> dict[str, SideSpec]:
        """Every table that is read: the `tables` by their names, else `left` and, unless entities are sought in it, `right`."""
        return self.tables or {"left": self.left, **({"right": self.right} if self.right else {})}

    def keys_of_side(self, name: str) -> tuple[str, ...]:
        """Where one of the `sides` stands in a project file."""
        return ("tables", name) if self.tables else (name,)

    @property
    def review_budget(self) -> int:
        """Pairs that reviewers label in all, whatever batches they come in."""
        return self.review.pairs or self.targets.review_capacity

    @model_validator(mode="after")
    def _reads_left_and_right_or_tables(self) -> ProjectSpec:
        if self.tables is None:
            if self.left is None:
                raise ValueError("give `left` (and `right`), or `tables`")
            if self.at_most_one_per:
                raise ValueError("`at_most_one_per` names some of the `tables`, and there are none")
            return self
        first = next(iter(self.tables.values()))
        if self.right is not None or self.left not in (None, first):
            raise ValueError("give either `left` (and `right`), or `tables`")
        unknown = sorted({*self.at_most_one_per} - {*self.tables})
        if unknown:
            raise ValueError(f"`at_most_one_per` names no table of this project: {', '.join(unknown)}")
        object.__setattr__(self, "left", first)  # stands for all of them where one is asked for
        return self

    @field_validator("comparisons")
    @classmethod
    def _compares_a_field_once(cls, comparisons: tuple[ComparisonSpec, ...]) -> tuple[ComparisonSpec, ...]:
        fields = [comparison.field for comparison in comparisons]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            raise ValueError(f"compared twice: {', '.join(twice)}")
        return comparisons
