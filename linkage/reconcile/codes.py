"""The outcome codes and their axes, read from a YAML file that can be replaced without touching code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from linkage.errors import ProjectFileError
from linkage.reconcile.differences import CLASSES
from linkage.words.findings import DIFFERENCES
from linkage.words.findings import FINDINGS as FINDINGS_IN_WORDS

FINDINGS = (
    "matched_fully",
    "other_spelling",
    "missing_left",
    "missing_right",
    "differs_other",
    "differs_identifying",
    "differs_number",
    "number_other_person",
    "several_candidates",
    "duplicate_entries",
    "twins",
    "re_registered",
    "not_found",
    "not_in_book",
    "outside_books",
    "not_comparable",
    "illegible",
    "awaiting_review",
    "no_duplicate",
)
"""What a mention, or a person without one, comes to; each has a code in the file."""

LINKED = FINDINGS[:7]
"""Findings of mentions with an accepted link."""

CIVIL_STATUS_ACTS = ("civil_status_correction", "civil_status_change", "ethnicity_redetermined")
"""Legal acts that open only on request and with proof: no outcome may propose them."""

_PACKAGE = Path(__file__).parent.parent
OUTCOMES_FILE = next(
    (folder / "outcomes.yaml" for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir()),
    _PACKAGE / "configs" / "outcomes.yaml",
)
"""The shipped proposal: inside an installed package, or beside it in a checkout."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OutcomeSpec(_Part):
    """One outcome."""

    code: Annotated[str, Field(min_length=1, max_length=12)]
    label: str = ""
    """What workbooks call it; the word of our vocabulary for a finding of ours when the file gives none."""
    verify: str
    act: str
    act_when_source: str | None = None
    """Act where civil status is the source (births registered from 2016 with a number); `act` when absent."""


class ResultSpec(_Part):
    """One result of a verification and the status it leads to."""

    label: str
    status: str


class FieldGroups(_Part):
    """Which differing fields decide the outcome."""

    identifying: tuple[str, ...]
    number_bearing: tuple[str, ...]
    ignored_when_missing: tuple[str, ...]
    written_alike: tuple[str, ...]


class Codes(_Part):
    """The whole file."""

    outcomes: dict[str, OutcomeSpec]
    verify: dict[str, str]
    acts: dict[str, str]
    never_proposed: dict[str, str]
    results: dict[str, ResultSpec]
    status: dict[str, str]
    fields: FieldGroups
    one_entry_a_person: tuple[str, ...]
    expected_in_book: dict[str, Literal["always"] | str]
    classes: dict[str, str]
    illegible_words: tuple[str, ...]

    @model_validator(mode="before")
    @classmethod
    def _with_our_words(cls, held: Any) -> Any:
        """Our words where the file has no label of its own."""
        if not (isinstance(held, dict) and isinstance(held.get("outcomes"), dict) and isinstance(held.get("classes"), dict)):
            return held
        outcomes = {
            name: {"label": FINDINGS_IN_WORDS[name].vi, **one} if name in FINDINGS_IN_WORDS and isinstance(one, dict) else one
            for name, one in held["outcomes"].items()
        }
        return held | {"outcomes": outcomes, "classes": {name: word.vi for name, word in DIFFERENCES.items()} | held["classes"]}

    @model_validator(mode="after")
    def _hangs_together(self) -> Codes:
        _same("outcomes", set(self.outcomes), set(FINDINGS))
        _same("classes", set(self.classes), set(CLASSES))
        codes = [outcome.code for outcome in self.outcomes.values()]
        if len(set(codes)) < len(codes):
            raise ValueError("two outcomes have the same code")
        for name, outcome in self.outcomes.items():
            if outcome.verify not in self.verify:
                raise ValueError(f"outcomes.{name}.verify is not listed under verify")
            for act in (outcome.act, outcome.act_when_source or outcome.act):
                if act in self.never_proposed or act in CIVIL_STATUS_ACTS:
                    raise ValueError(
                        f"outcomes.{name} proposes {act}: a civil-status act is never proposed to match the other base"
                    )
                if act not in self.acts:
                    raise ValueError(f"outcomes.{name} proposes {act}, which is not listed under acts")
        labels = [result.label for result in self.results.values()]
        if len(set(labels)) < len(labels):
            raise ValueError("two results have the same label")
        for name, result in self.results.items():
            if result.status not in self.status:
                raise ValueError(f"results.{name}.status is not listed under status")
        return self


def _same(what: str, given: set[str], wanted: set[str]) -> None:
    if given != wanted:
        lacking, unknown = ", ".join(sorted(wanted - given)), ", ".join(sorted(given - wanted))
        raise ValueError(f"{what}: lacking [{lacking}], unknown [{unknown}]")


@lru_cache
def load_codes(path: Path = OUTCOMES_FILE) -> Codes:
    """Read and check a file of outcome codes.

    Raises:
        ProjectFileError: the file cannot be read, or a part is missing, unknown or does not hang together.
    """
    try:
        held: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return Codes.model_validate(held)
    except OSError as error:
        raise ProjectFileError(f"{path} cannot be read ({error.strerror})", "It holds the outcome codes.") from None
    except YAMLError as error:
        raise ProjectFileError(f"{path} is not sound YAML: {error}") from None
    except ValidationError as error:
        faults = "\n".join(f"{path}: {'.'.join(map(str, fault['loc']))} {fault['msg']}" for fault in error.errors())
        raise ProjectFileError(faults, "The shipped configs/outcomes.yaml shows every part.") from None


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
