"""From weighed pairs to at most one person a mention, with the runner-up; and a wider net for what was not assigned.

Contract: `assignment` writes `assigned` and `candidates`, ordered by ids, the same whatever the row order; `wider_net` proposes
the persons beside the assigned one that a review sample is drawn from. Where there are no persons but records of one table or
several, `entity_pairs` writes `assigned` with every pair that entities may rest on, `entities` groups records at a cut (well
separated components whole, doubtful ones split, the same whatever the row order), and `entity_table` writes what the links
join. Stands on `weighing` and `pairs`.
"""
