"""Values read one by one in Python: here while they are few, in several processes, beside other work, when they are many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import pyarrow as pa

from linkage.standardise.values import Row
from linkage.vietnamese.gazetteer import gazetteer

Value = TypeVar("Value")
FEW_VALUES = 500
"""So few are read at once here, also when processes stand ready."""
BATCHES_A_PROCESS = 4
IDLE_SECONDS = 60
"""A reading process without work ends after so long."""


class Readers:
    """The processes that read the values of one table; none for a small one, which is read before they have started."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        if processes:
            from joblib.externals.loky import get_reusable_executor  # late: small tables never need it

            self._executor = get_reusable_executor(max_workers=processes, timeout=IDLE_SECONDS, initializer=gazetteer)
            self._executor.submit(int)  # they start with the first task, while the first rows are taken here

    def read(
        self, columns: Mapping[str, str], read: Callable[[Value], list[Row]], values: list[Value]
    ) -> Callable[[], pa.RecordBatch]:
        """Have every value read; calling the result waits for the rows, which have the given columns (name → SQL type)."""
        if not self._processes or len(values) < FEW_VALUES:
            return partial(_read_batch, columns, read, values)
        size = -(-len(values) // (BATCHES_A_PROCESS * self._processes))
        parts = (values[start : start + size] for start in range(0, len(values), size))
        answers = [self._executor.submit(_read_batch, columns, read, part) for part in parts]
        return lambda: pa.concat_batches([answer.result() for answer in answers])


def empty_batch(columns: Mapping[str, str]) -> pa.RecordBatch:
    """No rows of columns given by SQL type."""
    return _read_batch(columns, lambda _: [], [])


def _read_batch(columns: Mapping[str, str], read: Callable[[Value], list[Row]], values: list[Value]) -> pa.RecordBatch:
    rows = [row for value in values for row in read(value)]
    by_column = zip(*rows, strict=True) if rows else [()] * len(columns)
    return pa.record_batch(
        {
            name: pa.array(list(column), type=_arrow_type(sql_type))
            for (name, sql_type), column in zip(columns.items(), by_column, strict=True)
        }
    )


def _arrow_type(sql_type: str) -> pa.DataType:
    if sql_type.endswith("[]"):
        return pa.list_(_arrow_type(sql_type[:-2]))
    return {
        "VARCHAR": pa.string(), "DATE": pa.date32(), "SMALLINT": pa.int16(), "TINYINT": pa.int8(), "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(),
    }[sql_type]  # fmt: skip
