"""What a page or workbook shows of a pair or a search: plain data, without score, stratum or another person's answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from linkage.review.interface import group_of, in_page_order
from linkage.review.marks import Marked, Segment, difference_kind, mark_differences
from linkage.review.review_set import RUNNER_UPS_SHOWN
from linkage.review.store import Store

State = Literal["same", "tone", "letter", "one_side"]
Fields = dict[str, str]

_GROUPS_OF_A_CARD = ("person", "family")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of the two records; a side is None when empty, and `absent` names a side whose register lacks the field."""

    name: str
    left: Marked | None
    right: Marked | None
    state: State
    absent: Literal["left", "right", ""]


@dataclass(frozen=True, slots=True)
class Card:
    """Another person beside the mention: its fields, marked against the mention where both have them."""

    record_id: str
    rows: tuple[tuple[str, Marked, State], ...]


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A pair as shown: rows by group, fields empty on both sides, other persons, the picked person.

    A search is shown as the pair of its mention with the person picked; until one is, the right side is empty.
    """

    number: int
    role: str
    is_search: bool
    groups: dict[str, tuple[FieldRow, ...]]
    both_empty: tuple[str, ...]
    runner_ups: tuple[Card, ...]
    picked: Card | None


def compare_pair(store: Store, number: int, picked: str | None = None) -> ShownPair:
    """The pair `number` as shown; `picked` is the record a reviewer found in the population."""
    pair = store.connection.execute("SELECT * FROM pair WHERE id = ?", (number,)).fetchone()
    is_search = pair["record_id_r"] == ""
    beside = picked or "" if is_search else pair["record_id_r"]
    left, right = mention_fields(store, number), _fields(store, "r", beside)
    columns_l, columns_r = (json.loads(store.setting(f"columns_{side}")) for side in "lr")
    groups: dict[str, list[FieldRow]] = {}
    both_empty: list[str] = []
    for name in in_page_order([*columns_l, *(columns_r if beside else ())]):
        if name not in left and name not in right:
            both_empty.append(name)
            continue
        row = _row(name, left.get(name), right.get(name), name in columns_l, name in columns_r)
        groups.setdefault(group_of(name), []).append(row)
    others = store.connection.execute(
        "SELECT record_id_r FROM runner_up WHERE record_id_l = ? AND record_id_r <> ? ORDER BY record_id_r LIMIT ?",
        (pair["record_id_l"], beside, RUNNER_UPS_SHOWN + is_search),
    ).fetchall()
    return ShownPair(
        number=number,
        role=store.setting("role_l"),
        is_search=is_search,
        groups={name: tuple(rows) for name, rows in groups.items()},
        both_empty=tuple(both_empty),
        runner_ups=tuple(person_card(store, other["record_id_r"], left) for other in others),
        picked=person_card(store, picked, left) if picked else None,
    )


def shows_search(store: Store, number: int) -> bool:
    """Whether `number` is a search rather than a pair."""
    row = store.connection.execute("SELECT 1 FROM pair WHERE id = ? AND record_id_r = ''", (number,)).fetchone()
    return row is not None


def mention_fields(store: Store, number: int) -> Fields:
    """The mention's filled fields, verbatim, as far as they are shown."""
    pair = store.connection.execute("SELECT record_id_l FROM pair WHERE id = ?", (number,)).fetchone()
    return _fields(store, "l", pair["record_id_l"])


def person_card(store: Store, record_id: str, mention: Fields) -> Card:
    """A person whom the store knows, as a card."""
    return card(record_id, _fields(store, "r", record_id), mention)


def card(record_id: str, fields: Fields, mention: Fields) -> Card:
    """A person as a card: the filled fields on the person and family, and any other that the mention fills too."""
    rows: list[tuple[str, Marked, State]] = []
    for name in in_page_order(list(fields)):
        if name in mention:
            _, marked = mark_differences(mention[name], fields[name])
            rows.append((name, marked, difference_kind(mention[name], fields[name])))
        elif group_of(name) in _GROUPS_OF_A_CARD:
            rows.append((name, (Segment(fields[name], "same"),), "one_side"))
    return Card(record_id, tuple(rows))


def _fields(store: Store, side: str, record_id: str) -> Fields:
    row = store.connection.execute("SELECT fields FROM record WHERE side = ? AND record_id = ?", (side, record_id)).fetchone()
    return dict(json.loads(row["fields"])) if row else {}


def _row(name: str, left: str | None, right: str | None, in_left: bool, in_right: bool) -> FieldRow:
    if left is not None and right is not None:
        marked_l, marked_r = mark_differences(left, right)
        return FieldRow(name, marked_l, marked_r, difference_kind(left, right), "")
    absent: Literal["left", "right", ""] = "" if in_left and in_right else "right" if in_left else "left"
    return FieldRow(name, _plain(left), _plain(right), "one_side", absent)


def _plain(value: str | None) -> Marked | None:
    return None if value is None else (Segment(value, "same"),)
