"""Diagnostics that speak: what is wrong with a trained model, how one can tell, and what to do about it.

Severity `stop` means that the weights should not be used: the run ends there unless `training.allow_bad_fit` is true.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from linkage.errors import TrainingError
from linkage.words.fields import as_written

SPREAD = 1.0
"""Bits between passes above which an m probability is called unstable."""
DISORDER = 1.0
"""Bits by which a farther level may outweigh a closer one."""
DEPENDENCE = 0.1
"""Correlation of two agreements among likely matches above which they are called dependent."""


@dataclass(frozen=True)
class Diagnosis:
    """One finding on the fit of the model."""

    severity: Literal["note", "warn", "stop"]
    code: str
    what: str
    remedy: str


def diagnose(report: Mapping[str, Any], left_rows: int, one_to_one: bool) -> list[Diagnosis]:
    """Every finding, the most serious first; `report` is what training reports, dependence included where it was measured."""
    found = [
        *_passes(report["passes"]),
        *_levels(report["levels"]),
        *_prior(report, left_rows, one_to_one),
        *_dependence(report.get("dependence", ())),
    ]
    return sorted(found, key=lambda one: ("stop", "warn", "note").index(one.severity))


def refuse_bad_fit(findings: Sequence[Diagnosis], allow: bool) -> None:
    """Stop on findings of severity `stop`.

    Raises:
        TrainingError: unless they are allowed.
    """
    fatal = [one for one in findings if one.severity == "stop"]
    if fatal and not allow:
        raise TrainingError(
            "the model should not be used:\n" + "\n".join(f"  - {one.what} {one.remedy}" for one in fatal),
            "To go on all the same, set training.allow_bad_fit: true.",
        )


def as_plain(findings: Sequence[Diagnosis]) -> list[dict[str, str]]:
    """For diagnostics.json."""
    return [asdict(one) for one in findings]


def _passes(passes: Sequence[Mapping[str, Any]]) -> Iterator[Diagnosis]:
    for one in passes:
        rule = as_written(one["rule"])
        if not one["converged"]:
            yield Diagnosis(
                "warn", "not_converged",
                f"The pass on {rule} stopped at the limit of {one['iterations']} iterations, not where it settled.",
                "Raise training.max_iterations, or train on a rule with more matches among its pairs.",
            )  # fmt: skip
        ends = one["log_likelihood_by_start"]
        if max(ends) - min(ends) > 1e-3 * max(1.0, abs(max(ends)) * 1e-3):
            yield Diagnosis(
                "warn", "several_optima",
                f"The pass on {rule} ends in different places from different starts; the likeliest was kept.",
                "Look at its m probabilities: a pass that finds households instead of persons should be replaced.",
            )  # fmt: skip
        if one["share_of_matches"] * one["used_pairs"] < 50:
            yield Diagnosis(
                "stop", "no_matches", f"The pass on {rule} finds fewer than 50 matches among {one['used_pairs']:,} pairs.",
                "Train on keys that matches share and other pairs seldom do.",
            )  # fmt: skip


def _levels(levels: Sequence[Mapping[str, Any]]) -> Iterator[Diagnosis]:
    for row in levels:
        seen = [m for m in row["m_by_pass"].values() if m > 0]
        name = f"{as_written(row['comparison'])}, level “{row['label']}”"
        if row.get("m_is_given"):
            continue
        if not seen:
            yield Diagnosis(
                "note", "level_never_seen", f"{name}: no pass saw it among likely matches, so its m is a floor.",
                "Leave it, merge it with a neighbour, or fix its m in the project file.",
            )  # fmt: skip
        elif len(seen) > 1 and max(seen) >= 0.01 and math.log2(max(seen) / min(seen)) > SPREAD:
            yield Diagnosis(
                "warn", "passes_disagree",
                f"{name}: m is {min(seen):.4f} in one pass and {max(seen):.4f} in another.",
                "One of the passes pairs people who are not the same (relatives, households), or blocks on a field that fails"
                " together with this one.",
            )  # fmt: skip
    for comparison in dict.fromkeys(row["comparison"] for row in levels):
        own = [row for row in levels if row["comparison"] == comparison]
        if own[0]["weight"] <= 0:
            yield Diagnosis(
                "stop", "agreement_against",
                f"{comparison}: agreement speaks against a match (weight {own[0]['weight']:+.1f}).",
                "The passes learned something else than persons: look at the training rules.",
            )  # fmt: skip
        for closer, farther in pairwise(own):
            trained = min(closer["m"], farther["m"]) >= 1e-3
            if trained and farther["weight"] - closer["weight"] > DISORDER:
                yield Diagnosis(
                    "note", "weights_out_of_order",
                    f"{comparison}: “{farther['label']}” weighs {farther['weight']:+.1f}, more than the closer"
                    f" “{closer['label']}” with {closer['weight']:+.1f}.",
                    "Right when the farther level is rarer among strangers; otherwise merge the two.",
                )  # fmt: skip


def _prior(report: Mapping[str, Any], left_rows: int, one_to_one: bool) -> Iterator[Diagnosis]:
    expected = report["prior"]["expected_matches"]
    if expected < 0.01 * left_rows:
        yield Diagnosis(
            "stop", "prior_too_low", f"Only {expected:,.0f} matches are expected for {left_rows:,} records.",
            "The two tables may not cover the same people, or a standardised key is empty on one side.",
        )  # fmt: skip
    if one_to_one and expected > 1.1 * left_rows:
        yield Diagnosis(
            "warn", "prior_too_high", f"{expected:,.0f} matches are expected for {left_rows:,} records, more than one each.",
            "Say the prior in the project file (training.prior) or look for duplicates on the right side.",
        )  # fmt: skip
    for one in report["passes"]:
        implied = one["share_of_matches"] * one["pairs"]
        if implied > 1.2 * expected:
            yield Diagnosis(
                "warn", "pass_prior_too_high",
                f"The pass on {one['rule']} takes {implied:,.0f} of its pairs for matches; {expected:,.0f} are expected in all.",
                "It learns relatives or households as matches: replace its rule by one that tells them apart.",
            )  # fmt: skip


def _dependence(pairs: Sequence[Mapping[str, Any]]) -> Iterator[Diagnosis]:
    for pair in pairs:
        if abs(pair["correlation"]) >= DEPENDENCE:
            together = pair["correlation"] > 0
            how = "go wrong together" if together else "seldom go wrong together"
            bias = "against a match where both differ" if together else "of a match where both differ"
            yield Diagnosis(
                "warn", "dependent_comparisons",
                f"Among likely matches {pair['a']} and {pair['b']} {how} (correlation {pair['correlation']:+.2f};"
                f" both differ {pair['ratio']:.2g} times as often as independence says).",
                f"Probabilities are too sure {bias}: compare them jointly, or set training.dependence: log_linear.",
            )  # fmt: skip
