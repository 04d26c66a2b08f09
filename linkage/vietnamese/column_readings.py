"""What a column as a whole says of how its values are to be read, written behind a value for the function that reads it.

One value cannot tell whether `05/08/25` is a day of May or of August, or of which century: its column can. `marked` puts
what the column says behind the value, and `parse_date` and `parse_number` take it off again; a value without a mark is
read by the rule of Viet Nam, day first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

DateOrder = Literal["day_first", "month_first", "year_first"]
"""How the three numbers of a date follow each other; `year_first` is of two-digit years only, four digits show themselves."""
DATE_ORDERS: tuple[DateOrder, ...] = ("day_first", "month_first", "year_first")
DecimalMark = Literal["point", "comma"]
HOME_ZONE = "Asia/Ho_Chi_Minh"
MARK = "\x1f@"
"""What parts a value from its reading: a control character that no register writes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a value is to be read. Several `orders` mean that the column does not tell which of them holds."""

    orders: tuple[DateOrder, ...] = ("day_first",)
    century: int | None = None
    """1900 or 2000 for a year of two digits; None for the rule (from 30 on 1900)."""
    century_unsure: bool = False
    serials: bool = False
    """Whether whole numbers are a spreadsheet's days, also those that could be years."""
    zone: str = HOME_ZONE
    decimal: DecimalMark | None = None

    @property
    def words(self) -> str:
        """As written behind a value; empty for the rule of Viet Nam.

        >>> Reading(("month_first",), century=1900).words, Reading().words
        ('orders=month_first century=1900', '')
        """
        said = [f"orders={'+'.join(self.orders)}"] if self.orders != ("day_first",) else []
        said += [f"century={self.century}"] if self.century else []
        said += ["century_unsure"] if self.century_unsure else []
        said += ["serials"] if self.serials else []
        said += [f"zone={self.zone}"] if self.zone != HOME_ZONE else []
        said += [f"decimal={self.decimal}"] if self.decimal else []
        return " ".join(said)


RULE = Reading()
"""How a value without a mark is read."""


def marked(text: str, reading: Reading) -> str:
    """The value with its reading behind it."""
    return f"{text}{MARK}{reading.words}" if reading.words else text


def unmarked(text: str) -> tuple[str, Reading]:
    """A value and its reading.

    >>> unmarked(marked("8/5/25", Reading(("month_first",))))
    ('8/5/25', Reading(orders=('month_first',), century=None, century_unsure=False, serials=False, zone='Asia/Ho_Chi_Minh', \
decimal=None))
    """
    value, mark, words = text.rpartition(MARK)
    return (value, _reading(words)) if mark else (text, RULE)


@lru_cache(maxsize=1024)
def _reading(words: str) -> Reading:
    said = dict(word.partition("=")[::2] for word in words.split())
    orders = tuple(order for order in DATE_ORDERS if order in said.get("orders", "day_first").split("+"))
    decimal: DecimalMark | None = next((mark for mark in ("point", "comma") if said.get("decimal") == mark), None)
    century = int(said["century"]) if said.get("century") else None
    return Reading(orders, century, "century_unsure" in said, "serials" in said, said.get("zone", HOME_ZONE), decimal)
