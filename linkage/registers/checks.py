"""The contract check: rules an entry, a book or the whole register can break, each as one query over the staged entries.

Facts: numbering restarts at 01 each year and runs through the year's books (Thông tư 04/2020/TT-BTP article 29); year in the
number = year of registration, key = office, book, number (checks of digitisation programs); fourth digit of a
personal number = century and sex (Thông tư 07/2016/TT-BCA article 7), which an old number may lawfully
contradict (Nghị định 70/2024 article 11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.registers.seen_values import SeenValues, seen, seen_number
from linkage.runs.sql import from_two_starts, literal, quote

if TYPE_CHECKING:
    import duckdb

    from linkage.config.sources import ChecksSpec, Severity
    from linkage.registers.kinds import RegisterKind

SAMPLE = 10
"""Row numbers shown for each rule."""


@dataclass(frozen=True)
class CheckResult:
    """What a rule found: how many entries, and the first of them by row number, never by value."""

    rule: str
    severity: Severity
    rows: int
    sample: tuple[tuple[str, int], ...]
    """(source, row number) of the first entries."""


@dataclass(frozen=True)
class _Register:
    """What a rule may look at."""

    kind: RegisterKind
    entries: str
    mapped: frozenset[str]
    checks: ChecksSpec
    values: SeenValues

    def has(self, *fields: str) -> bool:
        return self.mapped.issuperset(fields)


Rule = Callable[[_Register], Iterator[str]]
"""Queries that give (entry, field, value) for each fault; none where the register lacks the fields."""


def _required_missing(register: _Register) -> Iterator[str]:
    for field in register.kind.fields:
        if field.required and register.has(field.name):
            yield f"SELECT entry, {literal(field.name)}, NULL FROM {register.entries} WHERE {quote(field.name)} IS NULL"


def _duplicate_key(register: _Register) -> Iterator[str]:
    if register.has("registering_office", "book_number", "entry_number", "registration_date"):
        key = f"registering_office, book_number, entry_number, {seen('registration_date', 'year')}"
        dated = register.values.beside(date=["registration_date"])
        # hashes first: the exact comparison then sees the few entries that may agree
        yield f"""
            SELECT entry, 'entry_number', entry_number
            FROM {dated} SEMI JOIN (
                SELECT hash({key}) AS hashed FROM {dated}
                WHERE registering_office IS NOT NULL AND book_number IS NOT NULL AND entry_number IS NOT NULL
                GROUP BY hashed HAVING count(*) > 1
            ) ON hash({key}) = hashed
            QUALIFY count(*) OVER (PARTITION BY {key}) > 1
        """


def _numbers(register: _Register) -> str:
    """Entries with office and book (hashed), year and number; the number is what stands before the year in "386/2026"."""
    hashed = f"CASE WHEN book_number IS NOT NULL THEN hash({from_two_starts('book_number')}) END"
    book = hashed if register.has("book_number") else "NULL::UBIGINT"
    return f"""
        SELECT entry, hash({from_two_starts("registering_office")}) AS office, {book} AS book,
               {seen("registration_date", "year")} AS year,
               TRY_CAST(regexp_extract(entry_number, '^\\s*([0-9]+)', 1) AS BIGINT) AS number
        FROM {register.values.beside(date=["registration_date"])}
        WHERE registering_office IS NOT NULL AND {seen("registration_date", "year")} IS NOT NULL AND number IS NOT NULL
    """


def _number_restart(register: _Register) -> Iterator[str]:
    if register.has("registering_office", "entry_number", "registration_date"):
        yield f"""
            WITH numbers AS MATERIALIZED ({_numbers(register)}),
            firsts AS (SELECT office, year, min(number) AS number FROM numbers GROUP BY ALL HAVING min(number) > 1),
            reused AS (SELECT office, year, number FROM numbers GROUP BY ALL HAVING min(book) <> max(book))
            SELECT entry, 'entry_number', entry_number
            FROM numbers SEMI JOIN (FROM firsts UNION FROM reused) USING (office, year, number)
            JOIN {register.entries} USING (entry)
        """


def _number_gap(register: _Register) -> Iterator[str]:
    if register.has("registering_office", "entry_number", "registration_date"):
        yield f"""
            WITH after_gaps AS (
                SELECT entry FROM ({_numbers(register)})
                QUALIFY number > 1 + lag(number) OVER (PARTITION BY office, year ORDER BY number)
            )
            SELECT entry, 'entry_number', entry_number FROM {register.entries} SEMI JOIN after_gaps USING (entry)
        """


def _number_year(register: _Register) -> Iterator[str]:
    if register.has("entry_number", "registration_date"):
        yield f"""
            SELECT entry, 'entry_number', entry_number FROM {register.values.beside(date=["registration_date"])}
            WHERE TRY_CAST(regexp_extract(entry_number, '/\\s*([12][0-9]{{3}})\\s*$', 1) AS SMALLINT)
                  <> {seen("registration_date", "year")}
        """


def _in_wrong_order(register: _Register, first: str, then: str) -> Iterator[str]:
    """Entries whose `then` date is before their `first`: by day where both are whole, else by year."""
    if register.has(first, then):
        yield f"""
            SELECT entry, {literal(then)}, {quote(then)} FROM {register.values.beside(date=[first, then])}
            WHERE coalesce({seen(then, "day")} < {seen(first, "day")}, {seen(then, "year")} < {seen(first, "year")})
        """


def _registered_before_event(register: _Register) -> Iterator[str]:
    if register.kind.event_date:
        yield from _in_wrong_order(register, register.kind.event_date, "registration_date")


def _death_before_birth(register: _Register) -> Iterator[str]:
    yield from _in_wrong_order(register, "birth_date", "death_date")


def _parent_age(register: _Register) -> Iterator[str]:
    for parent, child in (
        ("mother_birth_year", "birth_date"),
        ("father_birth_year", "birth_date"),
        ("parent_birth_date", "child_birth_date"),
    ):
        if register.has(parent, child):
            yield f"""
                SELECT entry, {literal(parent)}, {quote(parent)} FROM {register.values.beside(date=[parent, child])}
                WHERE {seen(child, "year")} - {seen(parent, "year")}
                      NOT BETWEEN {register.checks.parent_age_from} AND {register.checks.parent_age_to}
            """


def _people(register: _Register) -> Iterator[tuple[str, str, str | None, str | None]]:
    """(number field, name field, sex field, sex the role implies) of each person an entry may give a personal number."""
    for field in register.kind.fields:
        prefix = field.name.removesuffix("personal_number")
        if prefix != field.name and register.has(field.name):
            name = f"{prefix}name" if prefix else "full_name"
            sexes = {value for role in register.kind.roles if role.name == prefix[:-1] for value in role.constants.values()}
            sexes |= {"Nữ"} if prefix == "mother_" else {"Nam"} if prefix == "father_" else set()
            yield field.name, name, f"{prefix}sex" if register.has(f"{prefix}sex") else None, sexes.pop() if sexes else None


def _same_number(register: _Register) -> Iterator[str]:
    for field, name, _, _ in _people(register):
        number, numbered = seen_number(field), register.values.beside(number=[field])
        if register.kind.key == (field,):
            yield f"""
                SELECT entry, {literal(field)}, {quote(field)} FROM {numbered} WHERE {number} IS NOT NULL
                QUALIFY count(*) OVER (PARTITION BY {number}) > 1
            """
        elif register.has(name):
            # names written alike need no reading
            repeated = register.values.keep(
                f"""
                WITH numbered AS MATERIALIZED (
                    SELECT entry, {quote(field)} AS written, {number} AS number, {quote(name)} AS name
                    FROM {numbered} WHERE {quote(field)} IS NOT NULL AND {quote(name)} IS NOT NULL
                ), repeated AS (
                    SELECT number FROM numbered WHERE number IS NOT NULL GROUP BY number HAVING min(name) <> max(name)
                )
                SELECT * FROM numbered SEMI JOIN repeated USING (number)
                """
            )
            register.values.read("name", "name", repeated)
            yield f"""
                SELECT entry, {literal(field)}, written
                FROM {repeated} JOIN register_seen_name AS named ON named.raw = {repeated}.name
                WINDOW same AS (PARTITION BY number)
                QUALIFY min(named.value) OVER same <> max(named.value) OVER same
            """


def _sex_digit(register: _Register) -> Iterator[str]:
    for field, _, sex, implied in _people(register):
        if implied or sex:
            numbered = register.values.beside(number=[field], sex=[sex] if sex and not implied else [])
            value = literal("female" if implied == "Nữ" else "male") if implied else seen(str(sex))
            yield f"""
                SELECT entry, {literal(field)}, {quote(field)} FROM {numbered}
                WHERE regexp_full_match({seen_number(field)}, '[0-9]{{12}}')
                  AND CASE WHEN CAST(({seen_number(field)})[4] AS INTEGER) % 2 = 0 THEN 'male' ELSE 'female' END <> {value}
            """


RULES: dict[str, Rule] = {
    "required_missing": _required_missing,
    "duplicate_key": _duplicate_key,
    "number_restart": _number_restart,
    "number_gap": _number_gap,
    "number_year": _number_year,
    "registered_before_event": _registered_before_event,
    "death_before_birth": _death_before_birth,
    "parent_age": _parent_age,
    "same_number": _same_number,
    "sex_digit": _sex_digit,
}


def run_checks(
    connection: duckdb.DuckDBPyConnection,
    kind: RegisterKind,
    checks: ChecksSpec,
    entries: str,
    faults: str,
    mapped: Sequence[str],
    marked: Mapping[str, str],
) -> tuple[CheckResult, ...]:
    """Run every rule that is not off over the view `entries` (entry, source, row_number and the mapped fields).

    `marked` gives SQL of the value of a field that is read as its whole column says.
    Entries that break a rule of severity `quarantine` are added to the table `faults` (entry, field, value, reason).
    Returns one result a rule that could be run, findings or not.
    """
    values = SeenValues(connection, entries, marked)
    register = _Register(kind, entries, frozenset(mapped), checks, values)
    results = []
    for name, rule in RULES.items():
        severity: Severity = getattr(checks, name)
        queries = list(rule(register)) if severity != "off" else []
        if not queries:
            continue
        found = f"SELECT * FROM ({' UNION ALL '.join(queries)}) AS found(entry, field, value)"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE register_found AS {found}")
        count = connection.execute("SELECT count(DISTINCT entry) FROM register_found").fetchone()
        sample = connection.execute(
            f"SELECT source, row_number FROM {entries} SEMI JOIN register_found USING (entry) ORDER BY entry LIMIT {SAMPLE}"
        ).fetchall()
        results.append(CheckResult(name, severity, int(count[0]) if count else 0, tuple((str(s), int(r)) for s, r in sample)))
        if severity == "quarantine":
            connection.execute(f"INSERT INTO {faults} SELECT entry, field, value, {literal(name)} FROM register_found")
    connection.execute("DROP TABLE IF EXISTS register_found")
    values.drop()
    return tuple(results)
