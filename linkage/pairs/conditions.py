"""Conditions of levels read as trees, with sqlglot: what must be equal for them to hold, and which equalities hashes can tell.

Some conditions imply a key: texts that differ in one place are the same without it, texts one edit apart have what is before
or behind their middle in common, and of numbers, dates and lengths at most two apart there are five ways to be so.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import sqlglot
from sqlglot import exp

from linkage.pairs.sides import value_hash
from linkage.runs.sql import from_two_starts

DIGITS_OF_A_DATE = 8
WHOLE = frozenset({"DATE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
FRACTIONAL = frozenset({"FLOAT", "DOUBLE", "DECIMAL"})
"""Numbers at most two apart are at most two apart when rounded down."""
MOST_WAYS = 24
"""Ways of one level; where there would be more, an OR is left whole."""
EDIT_DISTANCES = ("levenshtein", "damerau_levenshtein")

Alternative = tuple[exp.Expr, ...]
"""Conditions that together are one way for a level to hold."""


def read_alternatives(condition: str, types: Mapping[str, str] = MappingProxyType({})) -> list[Alternative]:
    """The ways in which a condition can hold: OR is taken apart where each of its sides narrows down the pairs.

    `types` gives DuckDB's type of each column, as far as known. None where sqlglot cannot read it.
    """
    try:
        return _alternatives(sqlglot.parse_one(condition, read="duckdb"), types)
    except sqlglot.errors.ParseError:
        return []


def _alternatives(node: exp.Expr, types: Mapping[str, str]) -> list[Alternative]:
    if isinstance(node, exp.Paren):
        return _alternatives(node.this, types)
    if isinstance(node, exp.And):
        first, second = _alternatives(node.left, types), _alternatives(node.right, types)
        if len(first) * len(second) > MOST_WAYS:
            return [(node,)]
        return [(*one, *other) for one in first for other in second]
    if isinstance(node, exp.Or):
        apart = [*_alternatives(node.left, types), *_alternatives(node.right, types)]
        return apart if all(map(_narrows, apart)) and len(apart) <= MOST_WAYS else [(node,)]
    return [(*keys, node) for keys in _implied_keys(node, types)] or [(node,)]


def _narrows(way: Alternative) -> bool:
    """Whether a way asks for an equal key, or for something of one side alone."""
    return bool(keys_of(way)) or any(sides_of(one) in ("l", "r") for one in way)


def _implied_keys(node: exp.Expr, types: Mapping[str, str]) -> list[Alternative]:
    """Equalities of which one row holds wherever the condition does; none where no such are known."""
    if isinstance(node, exp.EQ) and node.right == exp.Literal.number(1) and _named(node.left) == "hamming":
        left, right = _arguments(node.left)
        return [
            (_equal(f"left({left}, {place})", f"left({right}, {place})"),
             _equal(f"substr({left}, {place + 2})", f"substr({right}, {place + 2})"))
            for place in range(DIGITS_OF_A_DATE)
        ] + [(_equal(f"left({left}, {DIGITS_OF_A_DATE})", f"left({right}, {DIGITS_OF_A_DATE})"),)]  # fmt: skip
    if isinstance(node, exp.LTE) and node.right == exp.Literal.number(1) and _named(node.left) in EDIT_DISTANCES:
        return _one_edit(*_arguments(node.left))
    if isinstance(node, exp.LTE) and isinstance(node.left, exp.Abs) and isinstance(node.left.this, exp.Sub):
        apart = node.left.this
        lengths = isinstance(apart.left, exp.Length) and isinstance(apart.right, exp.Length)
        kinds = {types.get(column.name[:-2], "").upper().split("(")[0] for column in apart.find_all(exp.Column)}
        known = lengths or kinds <= WHOLE or kinds <= FRACTIONAL
        most = int(node.right.name) if isinstance(node.right, exp.Literal) and node.right.name in ("1", "2") else -1
        left, right = apart.left.sql("duckdb"), apart.right.sql("duckdb")
        if kinds <= FRACTIONAL:
            left, right = f"floor({left})", f"floor({right})"
        return [(_equal(left, f"{right} + {step}"),) for step in range(-most, most + 1)] if known else []
    return []


def _one_edit(left: str, right: str) -> list[Alternative]:
    """Of texts one edit (or two neighbours exchanged) apart, what is before the middle is equal, or what is behind it.

    The middle is the left text's, so that the right one's follows from how much longer it is.
    """
    ways: list[Alternative] = []
    for longer in (-1, 0, 1):
        lengths = _equal(f"length({left}) + {longer}", f"length({right})")
        cut, same_cut = f"length({left}) // 2", f"(length({right}) - {longer}) // 2"
        ways.append((lengths, _equal(f"left({left}, {cut})", f"left({right}, {same_cut})")))
        ways.append((lengths, _equal(f"substr({left}, {cut} + 2)", f"substr({right}, {same_cut} + {2 + longer})")))
    return ways


def _equal(left: str, right: str) -> exp.Expr:
    return sqlglot.parse_one(f"{left} = {right}", read="duckdb")


def _named(node: exp.Expr) -> str:
    """The name of a function that is called; an empty text of anything else."""
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _arguments(call: exp.Expr) -> tuple[str, str]:
    """The two texts that a function compares."""
    given = call.expressions if isinstance(call, exp.Anonymous) else [call.this, call.expression]
    return given[0].sql("duckdb"), given[1].sql("duckdb")


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
