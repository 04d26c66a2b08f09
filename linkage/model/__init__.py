"""A Splink model's specification and weights, and the only door to Splink.

Contract: nothing outside this room imports splink or touches what Splink keeps to itself; Splink's major version can change
here alone. `comparisons` turns fields into Splink comparisons, `settings` a project file into a `MatchModel` and that into
Splink's settings and back (`model.json` opens in plain Splink). Splink writes the SQL of every comparison, trains m where
asked to (`splink_training`), and is the reference that scores are tested against (`linker`).
"""

CHART_CLASS = ("splink.internals.charts", "SplinkChart")
"""Module and name of the class of Splink's charts, for whoever draws them without importing Splink."""
