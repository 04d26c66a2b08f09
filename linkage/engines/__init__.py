"""Where the set-based work runs: DuckDB in this process, or Spark behind the same methods over the same Parquet files.

Contract: blocking, training and scoring take a connection and do not know which engine it is; DuckDB's SQL is translated for
Spark by sqlglot, and where the engines' string distances differ, the differing levels are counted and reported.
"""
