"""Weights: Splink's match weight, the evidence beside it (relatives, chance, claims, dependence), the link weight, explained.

Contract: `scoring` writes both weights of every stored pair in one query; each kind of evidence is a module of its name;
`trained_model` is everything a weight follows from, as a run keeps it; `explanation` gives a pair's weight step by step and
adds up to what `scoring` wrote. Stands on `pairs` and `model`.
"""
