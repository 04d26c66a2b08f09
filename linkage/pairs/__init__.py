"""Candidate pairs: which there are, what a blocking rule costs and may lose, and the level store that keeps them.

Contract: from the two standardised tables (`sides`) to `pairs`, the one table in no order: integer ids, the blocking
rules that proposed the pair as bits, and one small integer a comparison; how frequent each record's values are stands beside
it (`frequencies`). Training, weighing and diagnostics read these, never strings. Samples are drawn by a hash of
(seed, ids): the same inputs, config and seed give the same pairs. Crowded blocks of the predict rules are refined by further
keys so that pairs an entry keep to a budget (`refinement`), from counts made before any join; the rules' bits then mean "agrees
on the rule's keys, and in a crowded block on the further keys". Training passes and the wider net take rules whole. Stands on
`model`, whose comparisons it writes down.
"""
