"""From candidate pairs to a trained model: u, the prior, m by passes, relatives, dependence, and what speaks against it.

Contract: `fitting.fit_model` gives the trained model and the report kept as `training`; diagnostics name what is wrong,
how one can tell, and what to do. Reads levels, never strings. Stands on `pairs` and, since passes are corrected for relatives
and dependence, on `weighing`.
"""
