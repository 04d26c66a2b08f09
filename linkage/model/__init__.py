"""A Splink model's specification and weights, and the only door to Splink.

Contract: nothing outside this room imports splink or touches what Splink keeps to itself; Splink's major version can change
here alone. `comparisons` turns fields into Splink comparisons, `settings` a project file into Splink settings and back
(`model.json` opens in plain Splink). Splink writes the SQL of every comparison, trains m where asked to, and is the reference
that scores are tested against.
"""
