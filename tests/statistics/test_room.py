"""The room waits for no heavy library: whoever needs an interval need not load optimisers and classifiers."""

import subprocess
import sys

HEAVY = ("scipy.optimize", "scipy.stats", "sklearn", "pandas", "duckdb")


def loaded_after(statements: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", f"{statements}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


def test_importing_it_loads_no_scipy():
    assert not {name for name in loaded_after("import linkage.statistics") if name.partition(".")[0] in ("scipy", "sklearn")}


def test_using_it_loads_the_light_parts_of_scipy_only():
    used = (
        "from linkage.statistics import *\nwilson(3, 10)\ntotal_of_hits([1], [10], [100])\nprobability([1.0])\nshare(1, 3)"
        "\ncohens_kappa([[20, 5], [10, 15]])\nfleiss_kappa([[2, 0], [1, 1]])\nkrippendorffs_alpha([[2, 0], [1, 1]])"
    )
    assert not loaded_after(used).intersection(HEAVY)
