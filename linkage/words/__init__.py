"""The one vocabulary, Vietnamese and English: what readers see in place of a key of ours.

Contract: a word that two rooms print, or that names a register, role, field, decision, reason, verdict, finding, period, unit
or form of a number, stands here once; a room keeps only the sentences that it alone prints. One module a theme, and nothing is
imported here: a stage that needs the names of fields does not depend on what reviewers are told. Imports nothing of the house.
A name that has no word is a user's own and is shown as it was written.
"""
