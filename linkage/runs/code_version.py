"""The code that can change a stage's outputs: the closure of its module's imports, comments and docstrings apart.

grimp reads the imports (also those inside functions; not those for the type checker only) from the source, of a checkout and
of an installed wheel alike. A package's data files belong to each module that stands beside or above them. Importing a
module also runs the packages above it; these count where something is imported from them.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

from linkage.runs.files import write_json
from linkage.runs.fingerprints import fingerprint, library_version

PACKAGE = Path(__file__).parents[1]
DATA_FILES = {".tsv", ".json", ".yaml", ".csv", ".sql", ".j2", ".css", ".js", ".html", ".typ", ".svg"}
DECIDING_LIBRARIES = ("splink", "duckdb", "numpy", "scipy", "scikit-learn", "lunar-vn")
"""Libraries whose version can change a result."""
KNOWN: dict[str, dict[str, str]] = {}
"""State of a package → the versions found in this process: many runs of one process read imports once."""


def code_versions(modules: Collection[str], kept: Path | None = None, package: Path = PACKAGE) -> dict[str, str]:
    """A version of the code behind each of these modules of `package`, 64 hexadecimal digits.

    Reading imports and meaning of a whole package takes a second, so versions are remembered in this process, and may be `kept`
    in a file, for as long as no byte of the package has changed.
    """
    sources = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    data = {path: path.read_bytes() for path in sorted(package.rglob("*")) if path.suffix in DATA_FILES}
    versions = {library: library_version(library) for library in DECIDING_LIBRARIES}
    seen = hashlib.sha256()
    for path, content in (sources | data).items():
        seen.update(f"{path.relative_to(package)}\0{len(content)}\0".encode() + content)
    state = fingerprint(seen.hexdigest(), versions)
    found = KNOWN.get(state) or _kept(kept, state)
    if not set(modules) <= set(found):
        found = _versions(modules, sources, data, versions, package)
    if kept is not None and _kept(kept, state) != found:
        write_json(kept, {"state": state, "versions": found})
    KNOWN[state] = found
    return {module: found[module] for module in modules}


def closures(modules: Collection[str], package: str = PACKAGE.name) -> dict[str, frozenset[str]]:
    """The modules of a package that each of these can reach by imports, itself among them."""
    import grimp

    graph = grimp.build_graph(package, cache_dir=None, exclude_type_checking_imports=True)
    return {module: frozenset({module, *graph.find_upstream_modules(module)}) for module in modules}


def meaning(source: str) -> str:
    """A module's source without comments, docstrings and layout.

    >>> meaning("x = 1  # one") == meaning("x=1"), meaning("x = 1") == meaning("x = 2")
    (True, False)
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # a text that stands alone says something to readers only
            kept = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
            node.body = kept  # type: ignore[attr-defined]
    return ast.dump(tree)


def _versions(
    modules: Collection[str],
    sources: Mapping[Path, bytes],
    data: Mapping[Path, bytes],
    libraries: Mapping[str, str],
    package: Path,
) -> dict[str, str]:
    reached = closures(modules, package.name)
    paths = {_module_name(path, package): path for path in sources}
    wanted = frozenset().union(*reached.values())
    said = {name: fingerprint(meaning(sources[paths[name]].decode("utf-8"))) for name in sorted(wanted)}
    held = {path: hashlib.sha256(content).hexdigest() for path, content in data.items()}
    found = {}
    for module, closure in reached.items():
        folders = {paths[name].parent for name in closure} - {package}
        beside = {
            str(path.relative_to(package)): content for path, content in held.items() if folders & {path.parent, *path.parents}
        }
        found[module] = fingerprint({name: said[name] for name in closure}, beside, libraries)
    return found


def _module_name(path: Path, package: Path) -> str:
    return ".".join((package.name, *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")


def _kept(kept: Path | None, state: str) -> dict[str, str]:
    """The versions of a file that was written for just this state of the package; none otherwise."""
    try:
        held = json.loads(kept.read_text(encoding="utf-8")) if kept else {}
        return dict(held["versions"]) if held.get("state") == state else {}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}
