"""Rules of the whole house: who imports whom, what every package says of itself, what may not stand in a tracked file."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from linkage.runs.tables import ALL

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "linkage"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
LONGEST, LARGEST = 450, 2 * 2**20
FACADE = {PACKAGE / "project.py", PACKAGE / "run.py"}
"""Their examples need a finished run: tests/notebooks/test_facade_examples.py tries them."""
WITH_EXAMPLES = [path for path in MODULES if path not in FACADE and ">>> " in path.read_text(encoding="utf-8")]
DECLARED = re.compile(rf"(.*/)?({'|'.join(re.escape(one.file) for one in ALL)})")
DECLARING = {PACKAGE / "runs" / "tables.py", PACKAGE / "runs" / "exchange.py"}
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.{}/])/(?:work|home|root)/[\w.]"),
    "a package registry's host": re.compile(r"https?://[^\s\"'<>]*/simple\b|pypi\.org|files\.pythonhosted\.org"),
}


def tracked() -> list[Path]:
    """The files that git holds, or would hold: neither ignored nor removed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_rooms_import_in_one_direction() -> None:
    lint = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert lint, "import-linter is one of the development tools"
    ended = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=name_of)
def test_a_package_states_its_contract(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert len(said.split()) >= 15, "a few lines on what the package takes, gives and promises"


def test_every_module_says_what_it_is_for() -> None:
    assert not [name_of(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]


def test_no_module_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py" and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_no_module_is_called_utils() -> None:
    assert not [path for path in MODULES if path.stem in {"utils", "util", "helpers", "common", "misc"}]


def test_no_two_classes_have_one_name() -> None:
    homes = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name_of(path))
    assert not {name: found for name, found in homes.items() if len(found) > 1}


def test_no_two_modules_have_one_name() -> None:
    """Stages apart: the file of a stage is called as the stage is, whatever the rooms call theirs."""
    homes = defaultdict(list)
    for path in MODULES:
        if path.stem not in {"__init__", "__main__"} and path.parent != PACKAGE / "stages":
            homes[path.stem].append(name_of(path))
    assert not {name: found for name, found in homes.items() if len(found) > 1}


def file_names_in(source: str) -> list[tuple[int, str]]:
    """Line and text of strings that are a declared file's name or a path that ends in one, and of `{a name}.parquet`."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)}
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(str(text)) if id(node) not in docstrings and DECLARED.fullmatch(text):
                found.append((node.lineno, text))
            case ast.JoinedStr([ast.FormattedValue(format_spec=None), ast.Constant(".parquet")]):
                found.append((node.lineno, ast.unparse(node)))
    return found


def test_tables_and_documents_are_reached_through_their_declarations() -> None:
    """Sentences for readers may name a file; code that opens one may not."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for path in MODULES
        if path not in DECLARING
        for line, text in file_names_in(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_a_file_name_in_code_would_be_seen() -> None:
    seen = file_names_in('"""links.parquet"""\nrun / "links.parquet"\nf"{run}/run.json"\nx = "links.parquet: decision"\n')
    assert seen == [(2, "links.parquet"), (3, "/run.json")]
    assert [line for line, _ in file_names_in('f"{part:05d}.parquet"\nf"{name}.parquet"')] == [2]


def test_no_tracked_file_is_too_large() -> None:
    assert not {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked() if path.stat().st_size > LARGEST}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    found = []
    for path in tracked():
        if path != Path(__file__):
            text = path.read_bytes().decode("utf-8", errors="replace")
            found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in FORBIDDEN[what].finditer(text)]
    assert not found


def test_every_path_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w.-]+(?:/[\w.-]+)+/?", text)) - {".venv/bin/pytest"}
    named |= set(re.findall(r"`([\w-]+\.(?:md|toml|yaml|py))`", text)) - {"__init__.py"}
    assert len(named) > 20
    assert not [path for path in sorted(named) if not (ROOT / path).exists()]
    assert "CONTRIBUTING.md" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_rules_would_see_a_breach() -> None:
    assert FORBIDDEN["a path of one machine"].search("/".join(("see ", "work", "main", "x")))
    assert FORBIDDEN["a package registry's host"].search("index-url = http://mirror.example" + "/simple")
    assert not FORBIDDEN["a path of one machine"].search("registers/" + "work/home and https://x.vn/home/a")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name_of)
def test_examples_are_true(path: Path) -> None:
    ended = doctest.testmod(importlib.import_module(name_of(path)))
    assert ended.attempted
    assert not ended.failed
