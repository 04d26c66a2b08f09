"""Books typed in a legacy encoding inside a Unicode source: a book is one source of text, so it is judged as a whole.

An electronic register gathers books that offices typed with their own tools: one office's books of some years may be
in TCVN3 while the file is UTF-8. Each (office, book, year) with odd letters is put to `propose_encoding`; where its
values become Vietnamese as a whole, all its text is decoded. Never value by value, and never where a source's encoding
is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage.config import FieldKind
from linkage.runs.exchange import scan_file
from linkage.runs.sql import quote, write_parquet
from linkage.vietnamese import decode_legacy, propose_encoding

ODD_LETTERS = "[¡-¿ÄÅÆÇËÎÏÐÑÖ×ØÛÜÞßäåæçëîïðñö÷øûüþÿ]"
"""Letters of Latin-1 that Vietnamese does not use, which legacy text is full of."""
FEWEST_ODD = 10
"""Distinct odd names from which a book is looked at."""
OFFICES = ("registering_office_code", "registering_office")
WORDED = (FieldKind.person_name, FieldKind.place, FieldKind.text, FieldKind.category, FieldKind.ethnicity, FieldKind.nationality)


def decode_legacy_books(connection: duckdb.DuckDBPyConnection, raw: Path, kinds: Mapping[str, FieldKind]) -> tuple[int, int]:
    """Decode such books in a raw table, in place; returns how many books and rows were decoded.

    `kinds` are the raw table's fields. Nothing is done where the table does not say which book an entry stands in.
    """
    office = next((field for field in OFFICES if field in kinds), None)
    names = [field for field, kind in kinds.items() if kind is FieldKind.person_name]
    if office is None or "book_number" not in kinds or "registration_date" not in kinds or not names:
        return 0, 0
    book = f"concat_ws('|', {quote(office)}, book_number, regexp_extract(registration_date, '[0-9]{{4}}'))"
    connection.execute(f'CREATE OR REPLACE TEMP TABLE entries AS SELECT *, {book} AS "#book" FROM {scan_file(raw)}')
    values = " UNION ALL ".join(
        f'SELECT "#book" AS book, {quote(name)} AS value FROM entries WHERE {quote(name)} IS NOT NULL' for name in names
    )
    enough = f"HAVING count(DISTINCT value) >= {FEWEST_ODD}"
    odd = f"SELECT book FROM ({values}) WHERE regexp_matches(value, $odd) GROUP BY book {enough}"
    rows = connection.execute(
        f"SELECT book, list(DISTINCT value ORDER BY value) FROM ({values}) WHERE book IN ({odd}) GROUP BY book ORDER BY book",
        {"odd": ODD_LETTERS},
    ).fetchall()
    found = {name: proposal.encoding for name, held in rows if (proposal := propose_encoding(held)) is not None}
    if not found:
        return 0, 0
    connection.register("found", pa.table({"book": list(found), "encoding": list(found.values())}))
    connection.execute("CREATE OR REPLACE TEMP TABLE legacy_books AS SELECT * FROM found")
    connection.unregister("found")
    worded = [field for field, kind in kinds.items() if kind in WORDED]
    of_books = 'FROM entries e JOIN legacy_books b ON b.book = e."#book"'
    distinct = " UNION ".join(f"SELECT b.encoding, e.{quote(field)} {of_books}" for field in worded)
    pairs = [row for row in connection.execute(distinct).fetchall() if row[1] is not None]
    decoded = pa.table(
        {
            "encoding": [encoding for encoding, _ in pairs],
            "value": [value for _, value in pairs],
            "decoded": [decode_legacy(value, encoding) for encoding, value in pairs],
        }
    )
    connection.register("decoded", decoded)
    for field in worded:
        connection.execute(
            f"UPDATE entries SET {quote(field)} = d.decoded FROM legacy_books b, decoded d"
            f' WHERE entries."#book" = b.book AND d.encoding = b.encoding AND d.value = entries.{quote(field)}'
        )
    connection.unregister("decoded")
    count = connection.execute('SELECT count(*) FROM entries JOIN legacy_books b ON b.book = "#book"').fetchall()[0][0]
    write_parquet(connection, 'SELECT * EXCLUDE ("#book") FROM entries ORDER BY id', raw)
    connection.execute("DROP TABLE entries")
    return len(found), int(count)
