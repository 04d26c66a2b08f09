"""Registers: their kinds as data, reading any usual source, the contract check, and entries unfolded to mentions.

Contract: `read_side` turns a side of a project file into `raw_mentions` (id, record_id, role, source, row_number, one
VARCHAR a field, verbatim but for `="0791"`, which is 0791) and `quarantine` (one row an entry that could not be used,
with its reason); rows of the source = title, header and blank rows + used + quarantined, whatever the source. `read_list`
(`list_reading`) reads by the same reader what other rooms are given beside the registers. `check_side` says how columns would
be taken and what is wrong, and raises nothing. No value of a register ever reaches a message: counts and row numbers only.
"""

from linkage.registers.catalogue import register_kind, register_kinds
from linkage.registers.checks import CheckResult
from linkage.registers.kinds import RegisterField, RegisterKind, Role
from linkage.registers.mapping import ColumnMatch, Finding, HeaderMapping
from linkage.registers.side_reading import MappingReport, PartReport, ReadReport, check_side, read_side

__all__ = [
    "CheckResult",
    "ColumnMatch",
    "Finding",
    "HeaderMapping",
    "MappingReport",
    "PartReport",
    "ReadReport",
    "RegisterField",
    "RegisterKind",
    "Role",
    "check_side",
    "read_side",
    "register_kind",
    "register_kinds",
]
