"""The vocabulary: every field, register and role of the catalogue has a word in both languages, and each stands once."""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path

import pytest

import linkage
import linkage.words
from linkage.decision.captions import CAPTIONS
from linkage.registers import register_kinds
from linkage.report.phrases import _SHARED as SHARED_WITH_THE_REPORT
from linkage.review.interface import _SHARED as SHARED_WITH_THE_PAGES
from linkage.words.fields import FIELDS, field_word, is_field
from linkage.words.key_names import KEYS, key_word
from linkage.words.language import LANGUAGES, Word
from linkage.words.periods import LAST_YEARS, period_at, period_case, period_word
from linkage.words.registers import EVENT_FIELDS, REGISTERS, ROLES, WHOSE, register_word, role_word

PACKAGE = Path(linkage.__file__).parent
HOME = Path(linkage.words.__file__).parent
MODULES = [importlib.import_module(f"linkage.words.{path.stem}") for path in sorted(HOME.glob("*.py")) if path.stem != "__init__"]
SNAKE = re.compile(r"\b[A-Za-z0-9]+_\w+")
SAME_IN_BOTH = {"m, u", "Kinh"}


def words_of(module) -> dict[str, Word]:
    """Every word a module holds, by where it stands."""
    found = {}
    for name, held in vars(module).items():
        if isinstance(held, Word):
            found[f"{module.__name__}.{name}"] = held
        elif isinstance(held, dict):
            found |= {f"{module.__name__}.{name}[{key}]": one for key, one in held.items() if isinstance(one, Word)}
    return found


ALL = {place: word for module in MODULES for place, word in words_of(module).items()}
ENGLISH = {token for word in ALL.values() for token in re.findall("[a-z]{3,}", word.en.lower())}
VIETNAMESE_TOO = {"cha", "hai", "the", "can", "than", "quan", "nam", "chung", "sinh", "csdl", "bit", "json", "excel", "ref"}
"""Syllables and signs that Vietnamese and English spell alike."""


def english_in(text: str) -> set[str]:
    """English words of our vocabulary in a Vietnamese text."""
    text = re.sub(r"\{\w*\}", "", text)  # what is filled in later has a name of code
    return {token for token in re.findall(r"[^\W\d_]+", text.lower()) if token in ENGLISH} - VIETNAMESE_TOO


@pytest.mark.parametrize("kind", register_kinds(), ids=lambda kind: kind.name)
def test_every_field_and_role_of_a_register_has_a_word(kind) -> None:
    assert kind.name in REGISTERS
    names = [field.name for field in kind.fields]
    for role in kind.roles:
        assert role.name in ROLES, role.name
        names += [*role.fields, *role.constants]
        for language in LANGUAGES:
            said = role_word(role.name, language, kind.name)
            assert said and not SNAKE.search(said)
        assert not english_in(role_word(role.name, "vi", kind.name)), role.name
    for name in dict.fromkeys(names):
        assert is_field(name), name
        vietnamese, english = (field_word(name, language, kind.name) for language in LANGUAGES)
        assert vietnamese != english, name
        assert not SNAKE.search(vietnamese + " " + english), name
        assert not english_in(vietnamese), (name, vietnamese)


def test_registers_roles_and_fields_of_a_register_have_no_word_too_many() -> None:
    kinds = register_kinds()
    assert set(REGISTERS) == {kind.name for kind in kinds} | {"table"}
    assert set(ROLES) == {role.name for kind in kinds for role in kind.roles}
    assert set(EVENT_FIELDS) <= {field.name for kind in kinds for field in kind.fields}


def test_headers_and_titles_of_the_catalogue_are_the_words() -> None:
    for kind in register_kinds():
        assert kind.title == register_word(kind.name, "vi")
        assert {field.name: field.header for field in kind.fields} == {
            field.name: field_word(field.name, "vi", kind.name) for field in kind.fields
        }
        assert [role.title.lower() for role in kind.roles] == [role_word(role.name, "vi", kind.name) for role in kind.roles]


def test_a_field_of_a_users_own_is_shown_as_written() -> None:
    for name in ("street_number", "mother_tongue", "date_of_birth", "x"):
        assert [field_word(name, language) for language in LANGUAGES] == [name, name]
    assert key_word("street_number", "vi") == "street_number"
    assert register_word("herd_book", "vi") == "herd_book" and role_word("owner", "vi") == "owner"


@pytest.mark.parametrize("place", sorted(ALL))
def test_a_word_is_a_word_in_both_languages(place: str) -> None:
    word = ALL[place]
    assert word.vi.strip() and word.en.strip()
    assert not SNAKE.search(word.vi) and not SNAKE.search(word.en)
    assert word.vi != word.en
    assert not english_in(word.vi), english_in(word.vi)


def test_keys_of_fields_have_words() -> None:
    for column in (f"{field}_{key}" for field in FIELDS for key in KEYS):
        for language in LANGUAGES:
            assert not SNAKE.search(key_word(column, language)), column
    assert key_word("mother_name_given_sound", "en") == "Mother's name (given name by sound)"


def test_fields_registers_and_roles_have_one_home() -> None:
    """No other module spells the word of a field, register or role: they ask for it."""
    homes = {word.vi for word in (*FIELDS.values(), *REGISTERS.values(), *WHOSE.values()) if " " in word.vi}
    homes |= {field_word(f"{owner}_{name}", "vi") for owner in WHOSE for name in ("name", "birth_date", "personal_number")}
    elsewhere = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if HOME in path.parents or {"synthetic", "vietnamese"} & set(path.relative_to(PACKAGE).parts):
            continue  # the generator writes registers as offices do; Vietnamese knowledge is about what offices write
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in homes:
                elsewhere[node.value] = str(path.relative_to(PACKAGE))
    for path in (PACKAGE / "report" / "phrases.json", PACKAGE / "review" / "interface.json"):
        for text in re.findall(r'"([^"]*)"', path.read_text(encoding="utf-8")):
            if text in homes:
                elsewhere[text] = path.name
    assert elsewhere == SPELT_AGAIN


SPELT_AGAIN = {
    "Họ và tên": "phrases.json",  # of the signer, under the report
}


def test_periods_follow_each_other() -> None:
    from linkage.runs.sql import connect

    with connect() as connection:
        for year in (1900, 1975, 1976, 1998, 1999, 2005, 2006, 2015, 2016, 2026):
            assert connection.execute(f"SELECT {period_case(str(year))}").fetchall() == [(period_at(year),)]
        assert connection.execute(f"SELECT {period_case('NULL::INTEGER')}").fetchall() == [(None,)]
    assert [period_word(place, "en") for place in range(len(LAST_YEARS))] == [
        "until 1975", "1976–1998", "1999–2005", "2006–2015", "from 2016",
    ]  # fmt: skip


def sources_of(room: str) -> str:
    """The code and templates of a room, without its own texts."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (PACKAGE / room).rglob("*") if path.suffix in {".py", ".html", ".j2", ".js"}
    )


BUILT = re.compile(r"error_\d+|state_\w+|keys_\w+|stage_\w+|weights_\w+|\w+_(title|caption)")
"""Names that code puts together: the part that varies is data."""


def test_every_text_is_used() -> None:
    report, review, decision = (sources_of(room) for room in ("report", "review", "decision"))
    held = json.loads((PACKAGE / "report" / "phrases.json").read_text(encoding="utf-8"))
    unused = [
        f"report: {group}.{name}"
        for group, texts in held.items()
        if isinstance(texts, dict)
        for name in texts
        if not re.search(rf"[\"']{re.escape(name)}[\"']", report)
    ]
    assert not [group for group in held if group != "glossary" and not re.search(rf"[\"']{group}[\"']", report)]
    pages = json.loads((PACKAGE / "review" / "interface.json").read_text(encoding="utf-8"))["interface"]
    unused += [f"review: {name}" for name in pages if not BUILT.fullmatch(name) and not re.search(rf"[\"']{name}[\"']", review)]
    unused += [
        f"decision: {name}"
        for name in CAPTIONS
        if not BUILT.fullmatch(name) and not re.search(rf"[\"']{name}[\"'](?!:)", decision)
    ]
    assert unused == []
    assert not [name for name in SHARED_WITH_THE_PAGES if name in pages], "a page's own sentence hides a word of the house"
    assert not [name for group, shared in SHARED_WITH_THE_REPORT.items() for name in shared if name in held.get(group, {})]


@pytest.mark.parametrize("path", sorted(HOME.glob("*.py")), ids=lambda path: path.stem)
def test_the_vocabulary_imports_nothing_of_the_house(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.module in {"__future__", "typing", "re"} or node.module.startswith("linkage.words."), node.module
        elif isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= {"re"}


def test_no_module_is_called_texts() -> None:
    assert not [path for suffix in ("py", "json") for path in PACKAGE.rglob(f"texts.{suffix}")]
