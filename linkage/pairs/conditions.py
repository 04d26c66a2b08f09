"""Conditions of levels read as trees, with sqlglot: what must be equal for them to hold, and which equalities hashes can tell.

Some conditions imply a key: texts that differ in one place have one half in common, and of dates at most a day apart one is
the other, the day before it or the day after.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import sqlglot
from sqlglot import exp

from linkage.pairs.sides import value_hash
from linkage.runs.sql import from_two_starts

HALF = 4
"""Characters of the first half of a text: the year of a date's digits."""

Alternative = tuple[exp.Expr, ...]
"""Conditions that together are one way for a level to hold."""


def read_alternatives(condition: str, whole: Collection[str] = ()) -> list[Alternative]:
    """The ways in which a condition can hold: OR is taken apart where each of its sides has a key to join on.

    `whole` names the columns of whole numbers or dates. None where sqlglot cannot read it, which is then no matter of
    counting.
    """
    try:
        return _alternatives(sqlglot.parse_one(condition, read="duckdb"), whole)
    except sqlglot.errors.ParseError:
        return []


def _alternatives(node: exp.Expr, whole: Collection[str]) -> list[Alternative]:
    if isinstance(node, exp.Paren):
        return _alternatives(node.this, whole)
    if isinstance(node, exp.And):
        return [(*one, *other) for one in _alternatives(node.left, whole) for other in _alternatives(node.right, whole)]
    if isinstance(node, exp.Or):
        apart = [*_alternatives(node.left, whole), *_alternatives(node.right, whole)]
        return apart if all(map(keys_of, apart)) else [(node,)]
    return [(key, node) for key in _impliedkeys_of(node, whole)] or [(node,)]


def _impliedkeys_of(node: exp.Expr, whole: Collection[str]) -> list[exp.Expr]:
    """Equalities of which one holds wherever the condition does; none where no such are known."""
    if isinstance(node, exp.EQ) and isinstance(node.left, exp.Anonymous) and node.left.name.lower() == "hamming":
        left, right = (one.sql("duckdb") for one in node.left.expressions)
        halves = (f"left({{0}}, {HALF})", f"substr({{0}}, {HALF + 1})") if node.right == exp.Literal.number(1) else ()
        return [sqlglot.parse_one(f"{half.format(left)} = {half.format(right)}", read="duckdb") for half in halves]
    if isinstance(node, exp.LTE) and isinstance(node.left, exp.Abs) and isinstance(node.left.this, exp.Sub):
        apart = node.left.this
        known = all(column.name[:-2] in whole for column in apart.find_all(exp.Column))
        steps = (" - 1", "", " + 1") if known and node.right == exp.Literal.number(1) else ()
        left, right = apart.left.sql("duckdb"), apart.right.sql("duckdb")
        return [sqlglot.parse_one(f"{left} = {right}{step}", read="duckdb") for step in steps]
    return []


def keys_of(way: Alternative) -> list[tuple[exp.Expr, exp.Expr]]:
    """What must be equal: (expression of the left record, expression of the right record)."""
    found = []
    for one in way:
        if isinstance(one, exp.EQ):
            by_side = {sides_of(one.left): one.left, sides_of(one.right): one.right}
            if set(by_side) == {"l", "r"}:
                found.append((by_side["l"], by_side["r"]))
    return found


def sides_of(node: exp.Expr) -> str:
    """The sides whose columns an expression reads: `l`, `r`, `lr` or none."""
    return "".join(sorted({column.name[-1] for column in node.find_all(exp.Column)}))


def disjuncts(condition: str) -> list[exp.Expr]:
    """The sides of a condition's outermost ORs."""
    return _disjuncts(sqlglot.parse_one(condition, read="duckdb"))


def _disjuncts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Paren):
        return _disjuncts(node.this)
    return [*_disjuncts(node.left), *_disjuncts(node.right)] if isinstance(node, exp.Or) else [node]


@lru_cache(maxsize=16)  # training compares a dozen samples by the same conditions
def ask_hashes(expressions: tuple[str, ...], texts: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str], frozenset[str]]:
    """Expressions whose terms `x_l = x_r`, `f(x_l, '…') = f(x_r, '…')` and `x_l IS NULL` ask 64-bit hashes, made once a record.

    `texts` are columns of text. One that some expression wants more of is left as it is (its calls are not): it is carried
    through the joins anyhow, and a column more costs more than to compare it.

    Returns:
        The expressions, the SQL of each hash over a record's own columns by its name, and the names that expressions read.
    """
    trees = [sqlglot.parse_one(expression, read="duckdb") for expression in expressions]
    columns: dict[str, list[exp.Column]] = {}
    for column in (column for tree in trees for column in tree.find_all(exp.Column)):
        columns.setdefault(column.name, []).append(column)
    sources: dict[str, str] = {}
    for text in texts:
        left, right = f"{text}_l", f"{text}_r"
        mentions = [*columns.get(left, ()), *columns.get(right, ())]
        calls: dict[str, list[exp.EQ]] = {}
        for column in mentions:
            term = column.parent.parent if isinstance(column.parent, exp.Func) else None
            call = _of_record(term.left, left) if isinstance(term, exp.EQ) and column.name == left else None
            if isinstance(term, exp.EQ) and call and call == _of_record(term.right, right):
                calls.setdefault(call, []).append(term)
        for number, (call, terms) in enumerate(sorted(calls.items())):
            sources[f"{text}#{number}"] = f"CASE WHEN {call} IS NOT NULL THEN hash({from_two_starts(call)}) END"
            for term in terms:
                within = {id(column) for column in term.find_all(exp.Column)}
                mentions = [column for column in mentions if id(column) not in within]
                term.left.replace(exp.column(f"{text}#{number}_l", quoted=True))
                term.right.replace(exp.column(f"{text}#{number}_r", quoted=True))
        if mentions and all(_is_whole_term(column.parent, left, right) for column in mentions):
            sources[f"{text}#"] = value_hash(text, {text: "VARCHAR"})
            for column in mentions:
                column.replace(exp.column(f"{text}#{column.name[-2:]}", quoted=True))
    read = [{column.name for column in tree.find_all(exp.Column)} for tree in trees]
    hashes = {f"{name}_{side}" for name in sources for side in "lr"}
    asked = zip(expressions, trees, read, strict=True)
    written = tuple(tree.sql("duckdb") if names & hashes else expression for expression, tree, names in asked)
    return written, sources, frozenset().union(*read)


def _is_whole_term(node: exp.Expr | None, left: str, right: str) -> bool:
    """Whether a node is `x_l = x_r`, or asks whether one of the two is missing."""
    if isinstance(node, exp.Is):
        return isinstance(node.expression, exp.Null)
    columns = [node.left, node.right] if isinstance(node, exp.EQ) else []
    return [one.name for one in columns if isinstance(one, exp.Column)] == [left, right]


def _of_record(call: exp.Expr, name: str) -> str | None:
    """A call of a column with no more than texts beside it, over the record's own column; None of anything else."""
    leaves = list(call.find_all(exp.Column, exp.Literal))
    columns = [leaf for leaf in leaves if isinstance(leaf, exp.Column)]
    if [column.name for column in columns] != [name] or columns[0].parent is not call or not isinstance(call, exp.Func):
        return None
    if not all(leaf.is_string for leaf in leaves if isinstance(leaf, exp.Literal)):
        return None
    own = call.copy().transform(lambda one: exp.column(name[:-2], quoted=True) if isinstance(one, exp.Column) else one)
    return str(own.sql("duckdb"))
