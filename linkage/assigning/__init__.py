"""From weighed pairs to at most one person a mention, with the runner-up; and a wider net for what was not assigned.

Contract: `assignment` writes `assigned` and `candidates`, ordered by ids, the same whatever the row order; `wider_net` proposes
the persons beside the assigned one that a review sample is drawn from. Stands on `weighing` and `pairs`.
"""
