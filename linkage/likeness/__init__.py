"""How alike two values of a field are: the comparisons that `use` may name, as levels of agreement.

Contract: pure functions from the columns of a field to conditions in SQL on `<column>_l` and `<column>_r`, each with its word in
both languages. Config knows their names, `model` makes Splink's comparisons of them, and whoever shows a level asks
`level_word` for it. A new comparison is a builder and a row of BUILDERS.
"""
