"""Two finished runs on the same registers, held against each other.

Contract. `compare_runs(run_a, run_b, target)` reads both run directories and changes neither. It writes to `target`:
`compare.html` (one file, Vietnamese, nothing fetched), `compare.json` (the same as plain data), `changes.parquet` (one row a
linked mention: kept, gained, lost or moved), `changes.csv` (the same without the kept), `levels.csv` (m and u side by side)
and a review set of the pairs that tell the two apart, in the form of a run directory: `linkage review serve TARGET` opens it
as it stands. Run again after the review, the same call scores both runs by those verdicts.

- Fair: pairs to label are drawn from the union of both runs, by category (linked by both, by one only, by neither) with
  known probabilities, whatever either run thinks of them. Labels of the runs' own reviews are not used: each was drawn for
  its own run. Once the review has begun the set is kept as it is.
- Recall by labels is recall within reach of the two runs, by numbers that of the mentions with one: neither is recall of all.
- Paired: what both runs share cancels in the difference, so its interval is that of the disagreements (`paired.py`).
- Mentions that carry a personal number give a second answer without labels, for mentions with a number alone.
"""

from linkage.comparing.compare import compare_runs
from linkage.comparing.run_comparison import RunComparison

__all__ = ["RunComparison", "compare_runs"]
