"""Pandoc, called as a filter: a document in, bytes out, no temporary file and the same bytes each time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from linkage.errors import ReportError

Node = dict[str, Any]


@cache
def _pandoc() -> str:
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def pandoc(content: bytes, arguments: Sequence[str]) -> bytes:
    """What pandoc makes of the content.

    Raises:
        ReportError: pandoc is not there or refuses.
    """
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    try:
        done = subprocess.run(
            [_pandoc(), *arguments], input=content, capture_output=True, env=environment, timeout=300, check=False
        )
    except OSError as error:
        raise ReportError(f"pandoc cannot be started ({error})", "Install the package pypandoc-binary again.") from None
    if done.returncode:
        raise ReportError(
            f"pandoc refused the report: {done.stderr.decode(errors='replace').strip()[:300]}", "This is a fault of linkage."
        )
    return done.stdout


def read_markdown(text: str) -> Node:
    """The document of a Markdown text; HTML and TeX in it are plain text."""
    form = "markdown-raw_html-raw_tex-raw_attribute-tex_math_dollars-citations-smart-auto_identifiers+gfm_auto_identifiers"
    found: Node = json.loads(pandoc(text.encode(), ["--from", form, "--to", "json"]))
    return found


def write_document(document: Node, form: str, arguments: Sequence[str] = ()) -> bytes:
    """The document in another form."""
    return pandoc(json.dumps(document, ensure_ascii=False).encode(), ["--from", "json", "--to", form, *arguments])


def change_nodes(node: Any, change: Callable[[Node], Node | None]) -> Any:
    """The tree with every node replaced by what `change` makes of it, or left where that is None."""
    if isinstance(node, list):
        return [change_nodes(one, change) for one in node]
    if isinstance(node, dict):
        changed = change(node) if "t" in node else None
        return changed if changed is not None else {key: change_nodes(value, change) for key, value in node.items()}
    return node


def replace_block(document: Node, text: str, block: Node) -> Node:
    """The document with the paragraph that holds just this word replaced."""
    return document | {"blocks": [block if one == paragraph(text) else one for one in document["blocks"]]}


def paragraph(word: str) -> Node:
    """A paragraph of one word."""
    return {"t": "Para", "c": [{"t": "Str", "c": word}]}


def without_regions(document: Node, together: tuple[Node, Node] | None = None) -> Node:
    """Without the scrollable regions around tables and figures, which only a browser needs.

    `together` stands before and after each table that is to be kept on one page.
    """

    def unwrap(block: Node) -> list[Node]:
        if block["t"] != "Div":
            return [block]
        (_, classes, _), inner = block["c"]
        return [together[0], *inner, together[1]] if together and "together" in classes else list(inner)

    return document | {"blocks": [inner for block in document["blocks"] for inner in unwrap(block)]}
