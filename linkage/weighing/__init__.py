"""Weights: Splink's match weight, the evidence beside it (relatives, chance, order of dates,
claims, dependence, presence, rivals), what is believed.

Contract: `scoring` writes both weights of every stored pair by itself in one query; each kind of evidence is a module of its
name; `belief` makes of them the one probability of a pair and its log2 odds, the link weight, which every place shows;
`trained_model` is everything a weight follows from, as a run keeps it; `explanation` gives a pair's weight step by step and
adds up to what `scoring` wrote. Stands on `pairs` and `model`.
"""
