"""What a register kind is: its fields, the key of an entry, and whom an entry speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from linkage.errors import ProjectFileError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linkage.config.sources import FieldKind


@dataclass(frozen=True)
class RegisterField:
    """One field of an entry."""

    name: str
    """Canonical name, as project files and tables use it."""
    header: str
    """Vietnamese header."""
    short: str
    """The short name that digitisation templates use for it (`nksHoTen`)."""
    kind: FieldKind
    required: bool = False
    """An entry without it breaks the rule `required_missing`."""
    dated_by: str | None = None
    """Places: the date field that tells which vintage of unit names the text was written in."""


@dataclass(frozen=True)
class Role:
    """One person an entry speaks of, and what it says seen from that person."""

    name: str
    title: str
    """Vietnamese name of the role."""
    fields: Mapping[str, str]
    """Mention field → entry field."""
    kinds: Mapping[str, FieldKind]
    """Mention field → how it is standardised; constants included."""
    dated_by: Mapping[str, str]
    """Mention field of a place → mention field of the date it was written at."""
    present: tuple[str, ...]
    """Mention fields of which at least one is filled when the entry names this person at all."""
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Mention field → the value the role itself implies (a mother's sex)."""


@dataclass(frozen=True)
class RegisterKind:
    """A kind of register, as data."""

    name: str
    title: str
    """Vietnamese name."""
    fields: tuple[RegisterField, ...]
    key: tuple[str, ...]
    """Fields that together tell one entry from another."""
    roles: tuple[Role, ...]
    event_date: str | None = None
    """The date of the event that is registered; never after the registration."""
    number_registered_at: str | None = None
    """The place where the birth of the person with the `personal_number` was registered, where the register tells it."""

    @cached_property
    def by_name(self) -> Mapping[str, RegisterField]:
        """Canonical name → field."""
        return MappingProxyType({each.name: each for each in self.fields})

    def field(self, name: str) -> RegisterField:
        """The field of that canonical name; `ProjectFileError` with the nearest one when there is none."""
        if name not in self.by_name:
            raise unknown("field", name, self.by_name, f" of register `{self.name}`")
        return self.by_name[name]

    def header(self, name: str) -> str:
        """The Vietnamese header of a field."""
        return self.field(name).header

    def role(self, name: str | None) -> Role:
        """The role of that name; the only one when `name` is None. `ProjectFileError` otherwise."""
        roles = {role.name: role for role in self.roles}
        if name is None and len(roles) == 1:
            return self.roles[0]
        if name is None or name not in roles:
            raise unknown("role", name or "", roles, f" of register `{self.name}`")
        return roles[name]


def unknown(
    what: str, given: str, allowed: Mapping[str, object], of: str = "", error: type[ProjectFileError] = ProjectFileError
) -> ProjectFileError:
    """The error for a name that is none of the allowed ones."""
    near = nearest(given, allowed)
    said = f"`{given}` is not a {what}{of}" if given else f"no {what}{of} is given"
    return error(said + (f"; did you mean `{near}`?" if near else ""), f"Allowed: {', '.join(allowed)}.")
