"""From candidate pairs to a trained model: u, the prior, m by passes, relatives, dependence, and what speaks against it.

Contract: `levels_of_strangers.estimate_u` gives u of each comparison by itself, from the distinct values of its columns, counted
or drawn; `fitting.fit_model` gives the trained model and the report kept as `training`; diagnostics name what is wrong, how one
can tell, and what to do. Nothing is looked for that the project file gives; what does not change is `kept`. Passes read levels,
never strings. Stands on `pairs` and, since passes are corrected for relatives and dependence, on `weighing`.
"""
