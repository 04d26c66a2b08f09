"""Every diagnostic with a planted fault that it must name, and a sound report on which it must be silent."""

from __future__ import annotations

import copy

import pytest

from linkage.errors import TrainingError
from linkage.training.diagnostics import diagnose, refuse_bad_fit

SOUND = {
    "prior": {"probability": 1e-4, "expected_matches": 900.0},
    "passes": [
        {"rule": rule, "pairs": 2_000, "used_pairs": 2_000, "converged": True, "iterations": 9, "share_of_matches": 0.4,
         "log_likelihood_by_start": [-5_000.0, -5_000.0]}
        for rule in ("a", "b")
    ],
    "levels": [
        {"comparison": "name", "level": 1, "label": "same", "m": 0.9, "u": 0.01, "weight": 6.5, "m_by_pass": {"a": 0.9, "b": 0.91}},
        {"comparison": "name", "level": 0, "label": "different", "m": 0.1, "u": 0.99, "weight": -3.3, "m_by_pass": {"a": 0.1, "b": 0.09}},
    ],
    "dependence": [{"a": "name", "b": "date", "correlation": 0.03, "ratio": 1.1}],
}  # fmt: skip
FAULTS = {
    "not_converged": ("warn", lambda r: r["passes"][0].update(converged=False)),
    "several_optima": ("warn", lambda r: r["passes"][0].update(log_likelihood_by_start=[-5_000.0, -5_400.0])),
    "no_matches": ("stop", lambda r: r["passes"][0].update(share_of_matches=0.001)),
    "passes_disagree": ("warn", lambda r: r["levels"][1]["m_by_pass"].update(a=0.58)),
    "level_never_seen": ("note", lambda r: r["levels"][1].update(m_by_pass={"a": 0.0, "b": 0.0})),
    "agreement_against": ("stop", lambda r: r["levels"][0].update(weight=-0.4)),
    "weights_out_of_order": ("note", lambda r: r["levels"][1].update(weight=9.0)),
    "prior_too_low": ("stop", lambda r: r["prior"].update(expected_matches=3.0)),
    "prior_too_high": ("warn", lambda r: r["prior"].update(expected_matches=1_400.0)),
    "pass_prior_too_high": ("warn", lambda r: r["passes"][1].update(pairs=9_000)),
    "dependent_comparisons": ("warn", lambda r: r["dependence"][0].update(correlation=0.3)),
}


def test_a_sound_fit_is_not_criticised() -> None:
    assert diagnose(SOUND, left_rows=1_000, one_to_one=True) == []


@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_named_with_a_remedy(code: str) -> None:
    severity, plant = FAULTS[code]
    report = copy.deepcopy(SOUND)
    plant(report)
    found = {one.code: one for one in diagnose(report, left_rows=1_000, one_to_one=True)}
    assert code in found
    assert found[code].severity == severity
    assert found[code].what and found[code].remedy


def test_a_bad_fit_stops_unless_allowed() -> None:
    report = copy.deepcopy(SOUND)
    FAULTS["prior_too_low"][1](report)
    findings = diagnose(report, 1_000, True)
    refuse_bad_fit(findings, allow=True)
    with pytest.raises(TrainingError, match="Only 3 matches"):
        refuse_bad_fit(findings, allow=False)
