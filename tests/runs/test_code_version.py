"""A stage's code version: every module of the package, changed in turn in a copy of it; and the versions that are kept."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linkage import pipeline
from linkage.runs import code_version
from linkage.runs.code_version import code_versions, meaning

PACKAGE = Path(code_version.__file__).parents[1]
STAGE_MODULES = [stage.module for stage in pipeline.STAGES]

EVERY_MODULE = """
import functools, json, sys
from pathlib import Path
from linkage.runs import code_version
package = Path(code_version.__file__).parents[1]
stages = json.loads(sys.argv[1])
for name in ("closures", "meaning"):  # what is appended below imports nothing
    setattr(code_version, name, functools.cache(getattr(code_version, name)))
def versions():
    return code_version.code_versions(tuple(stages), None, package)
before, moved = versions(), {}
for path in sorted(package.rglob("*.py")):
    source = path.read_bytes()
    path.write_bytes(source + b"\\nCHANGED = 1\\n")
    now = versions()
    moved[path.relative_to(package).as_posix()] = [stage for stage in stages if now[stage] != before[stage]]
    path.write_bytes(source)
for path in package.rglob("*.py"):
    path.write_bytes(b"# a remark\\n" + path.read_bytes().replace(b'\"\"\"\\n', b'A word.\"\"\"\\n', 1) + b"\\n# another\\n")
print(json.dumps({"moved": moved, "by_remarks": [stage for stage in stages if versions()[stage] != before[stage]]}))
"""


def imports_of(path: Path, names: dict[str, Path]) -> set[str]:
    """The package's modules that a module imports, inside functions too, for the type checker only apart."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in names else str(node.module))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found & set(names)


def reached_from(stage: str) -> set[str]:
    """By a walk of our own, not grimp's."""
    paths = {
        ".".join(("linkage", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    seen, ahead = {stage}, [stage]
    while ahead:
        new = imports_of(paths[ahead.pop()], paths) - seen
        seen |= new
        ahead += new
    return {paths[name].relative_to(PACKAGE).as_posix() for name in seen}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package alone in a folder, as a wheel would lay it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE, folder / "linkage", ignore=shutil.ignore_patterns("__pycache__", "*.ttf"))
    shutil.copytree(PACKAGE.parent / "configs", folder / "linkage" / "configs")
    return folder


def python(folder: Path, code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder), "PATH": ""})
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_change_of_any_module_moves_just_the_stages_whose_imports_reach_it(copied: Path) -> None:
    found = json.loads(python(copied, EVERY_MODULE, json.dumps(STAGE_MODULES)))
    reached = {stage: reached_from(stage) for stage in STAGE_MODULES}
    expected = {module: [stage for stage in STAGE_MODULES if module in reached[stage]] for module in found["moved"]}
    assert found["moved"] == expected
    assert len(expected) == len(list(PACKAGE.rglob("*.py")))
    assert found["by_remarks"] == []
    # what a stage is told of the fields there are comes from the plan: a field less there is a field less in its tables
    assert expected["stages/plan.py"] == STAGE_MODULES
    assert expected["stages/decide.py"] == ["linkage.stages.decide"]
    assert expected["cli/linking.py"] == expected["synthetic/generate.py"] == []


def test_a_change_runs_its_stages_again_and_no_other(copied: Path, sound_project: Path) -> None:
    """For real: the small project run by the copy, code changed between."""
    code = (
        "import json, sys; from linkage import open_project;"
        " run = open_project('sound.yaml').run(out='out'); "
        "print(json.dumps({name: one['finished_at'] for name, one in run.summary['stages'].items()}))"
    )
    environment = {"PYTHONPATH": str(copied), "PATH": ""}

    def run() -> dict[str, str]:
        command = [sys.executable, "-c", code]
        ended = subprocess.run(command, cwd=sound_project, capture_output=True, text=True, env=environment)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def again(module: str, old: str, new: str) -> list[str]:
        path = copied / "linkage" / module
        source = path.read_text(encoding="utf-8")
        assert old in source
        path.write_text(source.replace(old, new, 1), encoding="utf-8")
        after = run()
        ran = [name for name in after if after[name] != before[name]]
        path.write_text(source, encoding="utf-8")
        return ran

    before = run()
    assert again("decision/deciding.py", "link_weight >= {upper}", "link_weight > {upper}") == [
        "decide", "sample", "reconcile", "report",
    ]  # fmt: skip
    before = run()
    assert again("weighing/charts.py", '"""', '"""Now: ') == []


def test_versions_are_kept_for_as_long_as_no_byte_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "code.json"
    found = code_versions(STAGE_MODULES, kept)
    with monkeypatch.context() as patch:
        patch.setattr(code_version, "closures", lambda *_: pytest.fail("the known versions were not taken"))
        assert code_versions(STAGE_MODULES, kept) == found
        code_version.KNOWN.clear()
        assert code_versions(STAGE_MODULES, kept) == found
    held = json.loads(kept.read_text(encoding="utf-8"))
    for damaged in (json.dumps({**held, "state": "another"}), "{"):
        code_version.KNOWN.clear()
        kept.write_text(damaged, encoding="utf-8")
        assert code_versions(STAGE_MODULES, kept) == found
        assert json.loads(kept.read_text(encoding="utf-8")) == held


@pytest.mark.parametrize(
    ("source", "other", "same"),
    [
        ('def f():\n    """One."""\n    return 1\n', "def f():\n    return 1  # one\n", True),
        ('X = 1\n"""What X is."""\n', "X = 1", True),
        ('X = "a"', 'X = "b"', False),
        ("def f(x: int): ...", "def f(x: str): ...", False),
    ],
)
def test_meaning_is_what_runs(source: str, other: str, same: bool) -> None:
    assert (meaning(source) == meaning(other)) is same
