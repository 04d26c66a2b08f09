"""The keys that a project file writes itself in SQL: put to DuckDB before anything runs, on a table without rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from linkage.config import FieldKind, LoadedProject
from linkage.config.columns import OURS, SQL_WORDS
from linkage.config.field_keys import keys_of
from linkage.errors import ProjectFileError
from linkage.runs.sql import connect, quote

REMEDY = "A key is SQL of one record's own columns, as in `left(surname_fold, 3)`; a rule may name several keys."


def columns_read(sql: str) -> set[str]:
    """The columns that an expression reads; none where sqlglot cannot read it."""
    import sqlglot  # a project without keys of its own does not wait for it
    from sqlglot import exp

    forbidden = (exp.Select, exp.AggFunc, exp.Window)
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.errors.SqlglotError:
        return set()
    return set() if isinstance(tree, forbidden) or tree.find(*forbidden) else {one.name for one in tree.find_all(exp.Column)}


def check_keys(project: LoadedProject, shared: Mapping[str, FieldKind]) -> tuple[dict[str, str], list[ProjectFileError]]:
    """Key → the field it is made of, for the sound ones; and what is wrong with the others."""
    keys = project.spec.standardise.keys
    field_of = {column: field for field, kind in shared.items() for column in keys_of(field, kind)}
    types = {column: sql_type for field, kind in shared.items() for column, sql_type in keys_of(field, kind).items()}
    sound: dict[str, str] = {}
    faults = []
    if keys:
        with connect() as connection:
            declared = ", ".join(f"{quote(column)} {sql_type}" for column, sql_type in types.items())
            connection.execute(f"CREATE TEMP TABLE records ({declared})")
            for name, sql in keys.items():
                fields = {field_of.get(column) for column in columns_read(sql)} - {None}
                problems = list(_problems(connection, name, sql, len(fields), types))
                faults += [
                    project.fault(("standardise", "keys", name), problem, given=sql, remedy=REMEDY) for problem in problems
                ]
                if not problems:
                    sound[name] = str(next(iter(fields)))
    return sound, faults


def _problems(connection: duckdb.DuckDBPyConnection, name: str, sql: str, fields: int, types: Mapping[str, str]) -> Iterator[str]:
    if name in types or name in OURS or name in SQL_WORDS:
        yield "is the name of a field, of a key or of a column of ours already"
        return
    try:
        [(_, sql_type, *_)] = connection.execute(f"DESCRIBE SELECT ({sql}\n) AS key FROM records").fetchall()
    except (duckdb.Error, ValueError) as error:
        yield str(error).splitlines()[0]
        return
    if fields != 1:
        yield f"is made of {fields} fields that both sides have; a key is made of one"
    elif sql_type.endswith("[]"):
        yield "is a list: two lists that overlap are not equal, so no rule can ask for it; take one item of it, as in `f[1]`"
