"""The outcome codes and their axes: the shipped file, or an office's own completed from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from linkage.config.spec import Many, Spec
from linkage.config.yaml_files import KeyPath, PlacedFile, parse_yaml, places_of, plain, raise_together, read_text
from linkage.errors import nearest
from linkage.reconcile.differences import CLASSES
from linkage.runs.tables import OUTCOME_CODES
from linkage.words.findings import DIFFERENCES
from linkage.words.findings import FINDINGS as WORDS

FINDINGS = tuple(WORDS)
"""What a mention, or a person without one, comes to; each has a word, and a row in the shipped file."""

LINKED = (
    "matched_fully", "other_spelling", "missing_left", "missing_right", "differs_other", "differs_identifying", "differs_number",
)  # fmt: skip
"""Findings of mentions with an accepted link."""

CIVIL_STATUS_ACTS = ("civil_status_correction", "civil_status_change", "ethnicity_redetermined")
"""Legal acts that open only on request and with proof: no outcome may propose them."""

_PACKAGE = Path(__file__).parent.parent
OUTCOMES_FILE = next(
    (folder / "outcomes.yaml" for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir()),
    _PACKAGE / "configs" / "outcomes.yaml",
)
"""The shipped proposal: inside an installed package, or beside it in a checkout."""


WHAT = "file of outcomes"
START = "A file of outcomes starts with `outcomes:`; as configs/outcomes.yaml does."
COMPLETED = ("outcomes", "verify", "acts", "never_proposed", "status", "fields", "classes")
"""Groups of the file that are completed from the shipped one, key by key; anything else is taken as it stands."""


class OutcomeSpec(Spec):
    """One outcome."""

    code: Annotated[str, Field(min_length=1, max_length=12)]
    label: Annotated[str, Field(min_length=1)]
    """What workbooks call it; the word of our vocabulary for a finding when the file gives none."""
    verify: str
    act: str
    act_when_source: str | None = None
    """Act where civil status is the source (births registered from 2016 with a number); `act` when absent."""


class ResultSpec(Spec):
    """One result of a verification and the status it leads to."""

    label: str
    status: str


class FieldGroups(Spec):
    """Which differing fields decide the outcome."""

    identifying: Many[str]
    number_bearing: Many[str]
    ignored_when_missing: Many[str]
    written_alike: Many[str]


class Codes(Spec):
    """The whole file; its groups are told in configs/outcomes.yaml."""

    outcomes: dict[str, OutcomeSpec]
    default: OutcomeSpec | None = None
    """The outcome of every finding that has no row of its own; when absent, that finding's shipped row."""
    verify: dict[str, str]
    acts: dict[str, str]
    never_proposed: dict[str, str]
    results: dict[str, ResultSpec]
    status: dict[str, str]
    fields: FieldGroups
    one_entry_a_person: Many[str]
    expected_in_book: dict[str, Literal["always"] | str]
    classes: dict[str, str]
    illegible_words: Many[str]


@dataclass(frozen=True)
class OutcomeCodes:
    """A file of outcomes, complete, and the findings it says nothing of."""

    codes: Codes
    by_default: tuple[str, ...] = ()
    """Findings without a row of their own in an office's file: they fall to its `default`, or to their shipped row."""

    def told_by_default(self) -> str:
        """Which findings these are and what became of them, for the command line; empty when every finding has its row."""
        if not self.by_default:
            return ""
        fell = (
            f"the file's default ({self.codes.default.code})" if self.codes.default else "their rows of the shipped outcomes.yaml"
        )
        return f"findings without a row fall to {fell}: {', '.join(self.by_default)}"

    @staticmethod
    def of_run(run: Path) -> OutcomeCodes:
        """Those a run's outcomes were made with.

        Raises:
            RunDirectoryError: the run has no outcomes.
        """
        held = OUTCOME_CODES.read(run)
        return OutcomeCodes(Codes.model_validate(held["codes"]), tuple(held["by_default"]))

    def write(self, folder: Path) -> None:
        """Keep them beside the outcomes made with them."""
        OUTCOME_CODES.write(folder, {"codes": self.codes.model_dump(mode="json"), "by_default": list(self.by_default)})


def read_codes(path: Path = OUTCOMES_FILE) -> OutcomeCodes:
    """Read and check a file of outcome codes; an office's own is completed from the shipped one.

    Raises:
        ProjectFileError: with every fault, each as file:line:column: what cannot be read, is unknown or does not hang together.
    """
    tree = parse_yaml(read_text(path, WHAT), path, START)
    file, held = PlacedFile(path, places_of(tree, path.name)), plain(tree)
    if path == OUTCOMES_FILE:
        unsaid: tuple[str, ...] = ()
    else:
        raise_together([file.fault(keys, what, allowed=allowed) for keys, what, allowed in _unknown_findings(held)])
        held, unsaid = _completed(held)
    try:
        codes = Codes.model_validate(_with_our_words(held))
    except ValidationError as error:
        raise_together(file.faults(error, held))
        raise
    if codes.default:
        codes = codes.model_copy(update={"outcomes": codes.outcomes | dict.fromkeys(unsaid, codes.default)})
    remedy = "A finding without a row of its own takes its shipped row: give it one, or the file a `default:`." if unsaid else ""
    raise_together([file.fault(keys, what, allowed=allowed, remedy=remedy) for keys, what, allowed in _loose_ends(codes)])
    return OutcomeCodes(codes, unsaid)


def _unknown_findings(held: Any) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    rows = held.get("outcomes")
    for name in rows if isinstance(rows, dict) else ():
        if name not in FINDINGS:
            near = nearest(name, FINDINGS)
            meant = f"; did you mean `{near}`?" if near else ""
            yield ("outcomes", name), f"there is no such finding{meant}", FINDINGS


@cache
def _shipped() -> Any:
    return plain(parse_yaml(read_text(OUTCOMES_FILE, WHAT), OUTCOMES_FILE, START))


def _completed(own: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The office's file with what it leaves out, and the findings it has no row for."""
    shipped, held = _shipped(), dict(own)
    rows = own.get("outcomes", {})
    unsaid = tuple(finding for finding in FINDINGS if finding not in rows) if isinstance(rows, dict) else ()
    for part, ours in shipped.items():
        theirs = own.get(part, ours)
        held[part] = {**ours, **theirs} if part in COMPLETED and isinstance(theirs, dict) else theirs
    return held, unsaid


def _with_our_words(held: dict[str, Any]) -> dict[str, Any]:
    """Our words where the file has no label of its own."""
    said = dict(held)
    if isinstance(held.get("outcomes"), dict):
        said["outcomes"] = {
            name: {"label": WORDS[name].vi, **one} if name in WORDS and isinstance(one, dict) else one
            for name, one in held["outcomes"].items()
        }
    if isinstance(held.get("classes"), dict):
        said["classes"] = {name: word.vi for name, word in DIFFERENCES.items()} | held["classes"]
    return said


def _loose_ends(codes: Codes) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """What does not hang together: where it stands, what is wrong, what is allowed."""
    for group, given, wanted in (("outcomes", tuple(codes.outcomes), FINDINGS), ("classes", tuple(codes.classes), CLASSES)):
        for name in given:
            if name not in wanted:
                yield (group, name), "there is no such finding" if group == "outcomes" else "there is no such class", wanted
        for name in wanted:
            if name not in given:
                yield (group,), f"{name} is lacking", ()
    labels: dict[str, str] = {}
    rows: dict[KeyPath, OutcomeSpec] = {
        ("outcomes", name): row for name, row in codes.outcomes.items() if row is not codes.default
    }
    for at, outcome in (rows | ({("default",): codes.default} if codes.default else {})).items():
        if labels.setdefault(outcome.code, outcome.label) != outcome.label:
            yield (*at, "code"), f"{outcome.code} already means “{labels[outcome.code]}”: one code has one label", ()
        if outcome.verify not in codes.verify:
            yield (*at, "verify"), f"{outcome.verify} is not listed under verify", tuple(codes.verify)
        for key, act in (("act", outcome.act), ("act_when_source", outcome.act_when_source or outcome.act)):
            if act in codes.never_proposed or act in CIVIL_STATUS_ACTS:
                yield (*at, key), f"{act} is never proposed: it is a civil-status act, not a means to match the other base", ()
            elif act not in codes.acts:
                yield (*at, key), f"{act} is not listed under acts", tuple(codes.acts)
    called: set[str] = set()
    for name, result in codes.results.items():
        if result.label in called:
            yield ("results", name, "label"), "two results have the same label", ()
        called.add(result.label)
        if result.status not in codes.status:
            yield ("results", name, "status"), f"{result.status} is not listed under status", tuple(codes.status)


@dataclass(frozen=True)
class Routing:
    """A row of the axes table: finding → code, verifier and acts."""

    finding: str
    code: str
    verify: str
    act: str
    act_when_source: str


def routings(codes: Codes) -> list[Routing]:
    """Every finding with its code, who verifies and what is proposed."""
    return [
        Routing(finding, one.code, one.verify, one.act, one.act_when_source or one.act) for finding, one in codes.outcomes.items()
    ]
