"""Candidate pairs: which there are, what a blocking rule costs and may lose, and the level store that keeps them.

Contract: from the two standardised tables (`sides`) to `pairs`, the one table in no order: integer ids, the blocking
rules that proposed the pair as bits, and one small integer a comparison; how frequent each record's values are stands beside
it (`frequencies`). Training, weighing and diagnostics read these, never strings. Samples are drawn by a hash of
(seed, ids): the same inputs, config and seed give the same pairs. Stands on `model`, whose comparisons it writes down.
"""
