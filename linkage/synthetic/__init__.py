"""Synthetic registers with known truth: real places, invented people, errors as clerks make them.

Contract: `generate(SyntheticSpec(persons=…, seed=…), out)` writes births, deaths, marriages and the other registers and the
population database under the Vietnamese headers of `linkage.registers`, `truth` (mention → person), `errors`
(each injected error), `error_rates` (what was asked), and a README.
A `world` other than the usual one plants hardships that hide in it; there `truth` also has a row for each row of the population
database (register `population`): two with one `person` are the same human twice. A person outside it has no `person_record_id`.
Record ids begin with `SYN-`, Parquet files carry the key
`synthetic` in their metadata. The same specification gives the same bytes; a district is in memory at a time.
"""

from linkage.synthetic.generate import generate
from linkage.synthetic.scenario import SyntheticSpec, SyntheticSummary
from linkage.synthetic.world import WORLDS, World

__all__ = ["WORLDS", "SyntheticSpec", "SyntheticSummary", "World", "generate"]
