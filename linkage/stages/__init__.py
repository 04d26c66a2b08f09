"""The stages, one file each: what it reads, what it writes, its part of the project file, its check and its work.

Contract: a stage file is the only place where rooms meet, and they meet through tables. It declares what it reads and writes
from `linkage.runs.tables` (the flow's order follows from that), imports the modules it needs by name (its code version is
the closure of these imports), takes a `Work` and writes whole files into `work.folder`. `check` says what is wrong in its part
of a project file before anything runs. A stage holds no knowledge of its own. Beside the stages stand what they share (`stage`,
`plan`) and what is told early of several of them together (`comparison_check`, `pairs_check`, `prior_check`, `own_keys`,
`empty_columns`).
"""
