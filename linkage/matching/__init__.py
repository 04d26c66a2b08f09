"""From standardised tables to assigned pairs: blocking, comparisons, training, scoring, assignment, explanation.

Contract: the only room that imports splink. Splink holds the specification of the model (`model.json` opens in plain
Splink), writes the SQL of every comparison, trains m, and is the reference that scores are tested against. Candidate
pairs live in a *level store* (`pairs.parquet`, the one table in no order): integer ids, the blocking rules that proposed
the pair as bits, and one small integer a comparison; how frequent each record's values are stands beside it
(`frequencies.parquet`). Training, re-scoring and diagnostics read these, never strings. The link weight adds three kinds of
evidence to Splink's match weight, each in a module of its name: `relatives`, `by_chance`, `claims`. Every other table is
ordered by id, every sample is drawn by a hash of (seed, ids): the same inputs, config and seed give the same bytes.
Its modules are imported by name: those that need no Splink (checking a project file, a run again from other thresholds) do
not wait for it.
"""
