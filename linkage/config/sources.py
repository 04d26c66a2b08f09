"""Where a side's rows come from and what its columns are."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, StringConstraints, field_validator, model_validator

from linkage.config.local_paths import ANOTHER_STORE, is_elsewhere, remedy_for
from linkage.config.spec import Many, Name, Spec
from linkage.errors import nearest
from linkage.vietnamese.column_readings import HOME_ZONE, DateOrder, DecimalMark

PROVINCE_FIELDS = ("registering_office", "birth_place", "residence", "hometown", "death_place")
"""Places whose present province a mention is counted in, the first that is known anywhere."""


class FieldKind(StrEnum):
    """How a field's values are standardised, which also decides the keys it gets."""

    person_name = "person_name"
    date = "date"
    year = "year"
    place = "place"
    sex = "sex"
    ethnicity = "ethnicity"
    nationality = "nationality"
    personal_number = "personal_number"
    identifier = "identifier"
    category = "category"
    text = "text"
    number = "number"
    email = "email"
    phone = "phone"
    postcode = "postcode"
    list = "list"
    vector = "vector"


TwoDigitYears = Annotated[int, Field(ge=1800, le=2050)]


class SourceSpec(Spec):
    """One table of rows: a file, a folder of files of one form, or a database table."""

    path: Annotated[str, StringConstraints(min_length=1)] | None = None
    """File or folder, relative to the project file. `{data}` stands for the folder given with `--data`."""
    format: Literal["csv", "excel", "parquet", "jsonl", "sqlite", "postgres"] | None = None
    """Told from the file's extension when absent."""
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1258", "tcvn3", "vni", "viqr", "utf-8-as-cp1252"] | None = None
    """How the text is encoded. Detected and shown when absent (Unicode encodings only)."""
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    """CSV only; detected and shown when absent."""
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    """CSV only; a double quotation mark when absent."""
    sheets: Many[str] | None = None
    """Excel only: the sheets to read; every visible sheet when absent."""
    header_row: Annotated[int, Field(ge=1)] | None = None
    """Excel and CSV: the row that holds the headers, counted from 1; found when absent."""
    table: str | None = None
    """SQLite and PostgreSQL: the table to read."""
    query: str | None = None
    """SQLite and PostgreSQL: a query to read instead of a table."""
    url: str | None = None
    """PostgreSQL: `postgresql://user@host:port/database`, never with a password (environment or pgpass file)."""

    timezone: str = HOME_ZONE
    """Where a moment (`2001-02-03T17:00:00Z`, PostgreSQL `timestamptz`, Parquet in UTC) is dated; a time with an offset keeps
    its own date."""

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            if name != HOME_ZONE:  # which holds also on a machine without time zones
                near = nearest(name, available_timezones())
                raise ValueError(
                    f"is no time zone{f'; did you mean `{near}`?' if near else ', as Asia/Ho_Chi_Minh is'}"
                ) from None
        return name

    @field_validator("path")
    @classmethod
    def _is_here(cls, path: str | None) -> str | None:
        if path is not None and is_elsewhere(path):
            raise ValueError(f"{ANOTHER_STORE}. {remedy_for(path)}")
        return path

    @model_validator(mode="after")
    def _names_one_place(self) -> SourceSpec:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `path` (a file or folder) or `url` (a PostgreSQL server)")
        if self.url is not None and (self.table is None) == (self.query is None):
            raise ValueError("with `url`, give either `table` or `query`")
        return self


Severity = Literal["off", "note", "warn", "quarantine", "stop"]
"""`note` and `warn` count the rows a rule finds, `quarantine` also sets them aside, `stop` ends the run."""


class ChecksSpec(Spec):
    """How serious each rule of the contract check is."""

    required_missing: Severity = "warn"
    """A required field is empty."""
    duplicate_key: Severity = "warn"
    """Two entries share registering office, book, number and year."""
    number_restart: Severity = "note"
    """The year's first number is not 1, or a later book of the year uses a number again."""
    number_gap: Severity = "note"
    """Numbers are skipped within a year."""
    number_year: Severity = "warn"
    """The year in the entry number is not the year of registration."""
    registered_before_event: Severity = "warn"
    """The registration is dated before what it registers."""
    death_before_birth: Severity = "warn"
    parent_age: Severity = "warn"
    """A parent is younger than `parent_age_from` or older than `parent_age_to` at the birth."""
    parent_age_from: Annotated[int, Field(ge=0, le=120)] = 12
    parent_age_to: Annotated[int, Field(ge=0, le=120)] = 80
    same_number: Severity = "warn"
    """One personal number stands with two different names (or twice in the population database)."""
    sex_digit: Severity = "warn"
    """The personal number's fourth digit says another sex than the entry."""


class SideSpec(Spec):
    """One side of the linkage: which register, whose role in it, from where, and which column is which field."""

    register_: Annotated[str, Field(alias="register")]
    """A register kind (`linkage registers` lists them), or `table` for any table with declared `fields`."""
    role: str | None = None
    """Whom to link: `child`, `mother`, `deceased` …; not needed where the register has one role."""
    source: SourceSpec
    columns: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    """Canonical field name → the source's header, where the header is not recognised by itself."""
    fields: dict[Name, Annotated[FieldKind, Field(strict=False)]] | None = None
    """With `register: table`: every field used and its kind."""
    date_order: DateOrder | dict[Name, DateOrder] | None = None
    """Order of the numbers of a date, for the side or by field; told from all of a column's values when absent."""
    two_digit_years_from: TwoDigitYears | dict[Name, TwoDigitYears] | None = None
    """The first year that two digits stand for (1926: 26 is 1926, 25 is 2025), for the side or by field; told from the entry's
    other dates when absent."""
    decimal: DecimalMark | dict[Name, DecimalMark] | None = None
    """The sign before decimals in numbers, for the side or by field; told from all of a column's values when absent."""
    checks: ChecksSpec = ChecksSpec()
    """The contract check's rules (of registers; a `table` has none)."""

    @model_validator(mode="after")
    def _declares_fields_of_tables_only(self) -> SideSpec:
        if (self.register_ == "table") != (self.fields is not None):
            raise ValueError("`fields` is needed with `register: table` and is known for every other register")
        if self.fields is not None and "record_id" in self.fields:
            raise ValueError("`record_id` is not a field to compare: name its header under `columns`")
        return self

    def declared(self, key: Literal["date_order", "two_digit_years_from", "decimal"], field: str) -> Any:
        """What the side says under the key for a field; None where it says nothing."""
        said = getattr(self, key)
        return said.get(field) if isinstance(said, dict) else said
