"""Our DuckDB SQL in Spark's words: one set of queries for both backends, translated by sqlglot.

What sqlglot does not do by itself is here: functions that Spark lacks or names otherwise, differences of dates, unsigned
integers, hashes. Spark's hash is another one than DuckDB's: block numbers may differ (only their equality is used), and
so do the samples that are drawn where there are more pairs than a sample holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from linkage.errors import LinkageError
from linkage.model.splink_on_spark import write_spark_sql

SIGNED_TYPES = {
    exp.DataType.Type.UTINYINT: "SMALLINT",
    exp.DataType.Type.USMALLINT: "INT",
    exp.DataType.Type.UINT: "BIGINT",
    exp.DataType.Type.UBIGINT: "DECIMAL(20, 0)",
}
SIDE = re.compile(r"_[lr]$")


def parse(query: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> exp.Expr:
    """A DuckDB statement as a tree, with its bound parameters (numbers and text) put in."""
    tree = sqlglot.parse_one(query, read="duckdb")
    bound = [node for node in tree.walk(bfs=False) if isinstance(node, exp.Placeholder)]
    for place, node in enumerate(bound):
        node.replace(exp.convert(parameters[node.name] if isinstance(parameters, Mapping) else (parameters or ())[place]))
    return tree


def to_spark(tree: exp.Expr, dates: Collection[str]) -> str:
    """A query as Spark SQL; `dates` are the columns (without `_l`, `_r`) that hold dates.

    Raises:
        LinkageError: the query reads a file whose path Spark would take for a pattern.
    """
    return write_spark_sql(tree.copy().transform(_translate, frozenset(dates)))


def _translate(node: exp.Expr, dates: frozenset[str]) -> exp.Expr:
    if isinstance(node, exp.ReadParquet):
        return _file(node)
    if isinstance(node, exp.CTE):
        node.set("materialized", None)  # Spark has no such word
        return node
    if isinstance(node, exp.ArrayOverlaps):
        return exp.func("arrays_overlap", node.this, node.expression)
    if isinstance(node, exp.JarowinklerSimilarity):
        return exp.Anonymous(this="jaro_winkler", expressions=[node.this, node.expression])
    if isinstance(node, exp.Sub) and _is_date(node.this, dates) and _is_date(node.expression, dates):
        return exp.Anonymous(this="datediff", expressions=[node.this, node.expression])
    if isinstance(node, exp.DataType) and node.this in SIGNED_TYPES:
        return exp.DataType.build(SIGNED_TYPES[node.this], dialect="spark")
    if isinstance(node, exp.Ordered) and not node.args.get("desc"):
        # Spark's own order puts NULL first; every order of ours is of columns that are never NULL.
        return exp.Ordered(this=node.this, nulls_first=True)
    if isinstance(node, exp.Anonymous):
        return _function(node)
    return node


def _function(node: exp.Anonymous) -> exp.Expr:
    name, arguments = str(node.this).lower(), node.expressions
    if name == "hash":
        hashed = exp.Anonymous(this="xxhash64", expressions=arguments)
        # Sampling compares the hash, as DuckDB's, with a share of 2^64.
        return _unsigned(hashed) if isinstance(node.parent, exp.LT) else hashed
    if name == "hamming":
        return _hamming(*arguments)
    if name == "list_extract":
        return exp.Anonymous(this="element_at", expressions=arguments)
    if name == "jaro_similarity":
        return exp.Anonymous(this="jaro_sim", expressions=arguments)
    return node


def _unsigned(hashed: exp.Expr) -> exp.Expr:
    as_decimal = exp.Cast(this=hashed, to=exp.DataType.build("DECIMAL(20, 0)", dialect="spark"))
    return exp.Paren(this=exp.Add(this=as_decimal, expression=exp.Literal.number(2**63)))


def _hamming(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Positions that differ in two texts of the same length; NULL where the lengths differ (DuckDB refuses those)."""
    a, b = left.sql("spark"), right.sql("spark")
    return sqlglot.parse_one(
        f"CASE WHEN length({a}) = length({b}) THEN"
        f" size(filter(sequence(1, length({a})), place -> substr({a}, place, 1) <> substr({b}, place, 1))) END",
        read="spark",
    )


def _is_date(node: exp.Expr | None, dates: frozenset[str]) -> bool:
    return isinstance(node, exp.Column) and (node.name in dates or SIDE.sub("", node.name) in dates)


def _file(node: exp.ReadParquet) -> exp.Expr:
    """A file read by its URI: without one, a cluster would look for the path in its default file system."""
    path = node.expressions[0].name
    if re.search(r"[`*?{}\[\]\\]", path):
        raise LinkageError(
            "the run directory's path has one of ` * ? { } [ ] \\ in it", "Spark takes these for patterns: rename it."
        )
    return exp.ReadParquet(expressions=[exp.Literal.string(path if "://" in path else f"file://{path}")])
