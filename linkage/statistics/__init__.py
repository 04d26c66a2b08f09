"""Formulas that several rooms need, each with its source: populations and units stand in every docstring.

Contract: numbers in, numbers out; no tables, no files, no words. scipy is imported where it is used.
"""
