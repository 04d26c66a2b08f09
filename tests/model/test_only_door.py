"""The room `model` is the only door to Splink: no other imports it, nor touches what its objects keep to themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "linkage"
OUTSIDE = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] != "model"]


def private_names_of_splink() -> set[str]:
    """Methods, properties and attributes with a leading underscore that Splink's classes define."""
    found = find_spec("splink")
    assert found and found.origin
    names = set()
    for path in Path(found.origin).parent.rglob("*.py"):
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(one, ast.ClassDef):
                names |= {held.name for held in one.body if isinstance(held, ast.FunctionDef)}
                names |= {
                    held.target.id for held in one.body if isinstance(held, ast.AnnAssign) and isinstance(held.target, ast.Name)
                }
            elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
                names.add(one.attr)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def doors(text: str, private: set[str]) -> Iterator[str]:
    """What a module's text has of Splink: imports, names of its modules, its objects' private names."""
    for one in ast.walk(ast.parse(text)):
        if isinstance(one, ast.Import):
            yield from (f"{one.lineno}: import {name.name}" for name in one.names if name.name.split(".")[0] == "splink")
        elif isinstance(one, ast.ImportFrom) and (one.module or "").split(".")[0] == "splink":
            yield f"{one.lineno}: from {one.module}"
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.startswith("splink."):
            yield f"{one.lineno}: {one.value!r}"
        elif isinstance(one, ast.Attribute) and one.attr in private and not _is_own(one.value):
            yield f"{one.lineno}: .{one.attr}"


def _is_own(holder: ast.expr) -> bool:
    return isinstance(holder, ast.Name) and holder.id in {"self", "cls"}


def test_nothing_else_knows_splink() -> None:
    private = private_names_of_splink()
    assert len(private) > 100 and "_gamma_column_name" in private
    found = {str(path.relative_to(PACKAGE)): told for path in OUTSIDE if (told := list(doors(path.read_text("utf-8"), private)))}
    assert not found


def test_a_breach_would_be_seen() -> None:
    private = private_names_of_splink()
    text = "\n".join(
        (
            "from typing import TYPE_CHECKING",
            "if TYPE_CHECKING:",
            "    from splink import Linker",
            "def name(settings):",
            "    import splink.internals.misc",
            "    load('splink.internals.charts')",
            "    return settings.comparisons[0]._case_statement, settings._term_frequency_columns, settings.prior",
        )
    )
    assert [told.split(": ")[0] for told in doors(text, private)] == ["3", "5", "6", "7", "7"]


def test_a_project_file_is_checked_without_splink(sound_project: Path) -> None:
    code = (
        "import sys; from linkage import open_project; import linkage.notebook; open_project(sys.argv[1]).check();"
        " print([name for name in ('splink', 'sqlglot') if name in sys.modules])"
    )
    project = sound_project / "sound.yaml"
    ended = subprocess.run([sys.executable, "-c", code, project], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
