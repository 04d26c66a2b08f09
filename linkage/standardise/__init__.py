"""Registers' raw columns → clean values and comparison keys.

Contract: `standardise_table` reads a raw Parquet table and writes one with `keys_of` every field, in order of `id`, the
same bytes for the same rows whatever their order or the number of threads. Each distinct value, or each distinct word
of a name, passes through the functions of `linkage.vietnamese` once; the rest is set-based in DuckDB and Arrow. A value that
cannot be read gives NULL keys and a flag, never an error, and stays verbatim in the raw table. `table.add_keys` puts a
project's own keys, written in SQL, behind the others.
"""

from linkage.standardise.table import standardise_table

__all__ = ["standardise_table"]
