"""Yearly rates of birth, death and departure that lead from 1925 to the observed pyramid of 2020.

A cohort-component projection of the whole country, deterministic: births a year come from the reference table; a Gompertz life
table is scaled year by year to the reference's deaths; what births and deaths leave over against the pyramid of 2020 is
departure from the country. Every simulated district uses these rates, so the marginals hold whatever the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from linkage.synthetic.reference_people import FEMALES_2020, MALES_2020, VITAL_EVENTS, boys_per_100_girls

FIRST_YEAR, LAST_YEAR = 1925, 2026
OLDEST = 105
_YEARS = np.arange(1850, LAST_YEAR + 1)
_AGES = np.arange(OLDEST + 1)


@dataclass(frozen=True)
class Demography:
    """Arrays by year since `FIRST_YEAR`, age 0..105 and sex (0 male, 1 female)."""

    births: np.ndarray
    """(years,) thousands of births a year in the country."""
    boys: np.ndarray
    """(years,) share of boys."""
    death: np.ndarray
    """(years, ages, 2) probability of dying within the year."""
    departure: np.ndarray
    """(years, ages, 2) probability of leaving the country for good within the year."""
    founders: np.ndarray
    """(ages, 2) thousands of people alive at the start of 1925."""
    living: np.ndarray
    """(years,) thousands alive and in the country at the end of each year (2026: the middle)."""


def _life_table() -> np.ndarray:
    """Hazards of death by age and sex about 2019 (life expectancy 71.0 and 76.3): Gompertz with child mortality, (ages, 2)."""
    level = np.array([1.5e-4, 4.6e-5])
    slope = np.array([0.0785, 0.0885])
    hazard = level * np.exp(slope * _AGES[:, None])
    hazard[0] += 0.014
    hazard[1:5] += 0.0012
    return np.asarray(np.minimum(hazard, 0.7))


@cache
def calibrate() -> Demography:
    """The rates; about half a second, the same on every machine."""
    births = np.interp(_YEARS, VITAL_EVENTS[:, 0], VITAL_EVENTS[:, 1])
    early = _YEARS < 1950
    births[early] = 973.0 * np.exp(-0.018 * (1950 - _YEARS[early]))
    deaths = np.interp(_YEARS, VITAL_EVENTS[:, 0], VITAL_EVENTS[:, 2])
    boys = np.array([boys_per_100_girls(int(y)) / (100 + boys_per_100_girls(int(y))) for y in _YEARS])
    base = _life_table()
    leaving = np.zeros((len(_YEARS), 2))  # cumulative hazard of departure by birth year and sex
    target = np.array([MALES_2020, FEMALES_2020]).T  # (20 groups, 2)
    group = np.minimum((2019 - _YEARS) // 5, 19)  # age at the start of 2020
    extra = np.ones(len(_YEARS))  # factor on births before 1950, which no table gives
    for _ in range(24):
        alive, scale, founders, living = _project(births * extra, deaths, boys, base, leaving)
        for g in range(20):
            cohort = (group == g) & (_YEARS < 2020) & (_YEARS >= FIRST_YEAR - 10)
            if not cohort.any():
                continue
            # a quarter of a step at a time: mortality is scaled to the same deaths, larger steps oscillate
            after = leaving[cohort] + 0.25 * np.log(alive[cohort].sum(axis=0) / target[g])
            if (_YEARS[cohort] < 1950).all():  # births fit the sex that lost fewer, departures (and the wars) the other
                extra[cohort] *= np.exp(-after.min())
                after = after - after.min()
            leaving[cohort] = np.maximum(after, 0.0)
    start = FIRST_YEAR - _YEARS[0]
    years = _YEARS[start:]
    death = 1 - np.exp(-np.minimum(base[None] * scale[start:, None, None], 3.0))
    departure = np.zeros_like(death)
    for i, year in enumerate(years):
        born = np.clip(year - _AGES - _YEARS[0], 0, len(_YEARS) - 1)
        departure[i] = 1 - np.exp(-leaving[born] * _departure_share(year - _AGES)[:, None] * _leaves_at(_AGES)[:, None])
    return Demography(
        births=(births * extra)[start:],
        boys=boys[start:],
        death=death,
        departure=departure,
        founders=founders,
        living=living[start:],
    )


def _leaves_at(age: np.ndarray) -> np.ndarray:
    """Relative chance of leaving at an age."""
    return np.where(age < 15, 0.5, np.where(age < 40, 2.0, np.where(age < 55, 0.5, 0.0)))


def _departure_share(birth_year: np.ndarray) -> np.ndarray:
    """Per unit of `_leaves_at`, the part of a cohort's departures falling in one year, so that all of it falls before 2020."""
    last = np.clip(2020 - birth_year, 1, 55)
    total = np.cumsum(_leaves_at(np.arange(56)))
    return np.asarray(1.0 / total[last - 1])


@cache
def _departures() -> tuple[np.ndarray, np.ndarray]:
    """By year and age: the row of the cohort that is so old, and the part of its departures that falls into the year."""
    born = _YEARS[:, None] - _AGES
    return np.clip(born - _YEARS[0], 0, len(_YEARS) - 1), _departure_share(born) * _leaves_at(_AGES)


def _project(
    births: np.ndarray, deaths: np.ndarray, boys: np.ndarray, base: np.ndarray, leaving: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Survivors to the start of 2020 by birth year and sex, yearly mortality scale, people of 1925, living at each year's end."""
    people = np.zeros((OLDEST + 1, 2))
    alive_2020 = np.zeros((len(_YEARS), 2))
    scale = np.ones(len(_YEARS))
    living = np.zeros(len(_YEARS))
    founders = people
    cohorts, shares = _departures()
    for i, year in enumerate(_YEARS):
        if year == FIRST_YEAR:
            founders = people.copy()
        born = births[i] * np.array([boys[i], 1 - boys[i]])
        exposed = people.copy()
        exposed[0] += born
        if year >= 1950:
            scale[i] = np.clip(deaths[i] / (exposed * base).sum(), 0.4, 4.0)
        else:
            scale[i] = 2.0
        span = 0.5 if year == LAST_YEAR else 1.0
        hazard = base * scale[i] * span
        leave = leaving[cohorts[i]] * shares[i][:, None] * (year < 2020)
        exposed[0] -= born * (1 - span)
        after = exposed * np.exp(-hazard - leave)
        living[i] = after.sum()
        if year == 2019:
            alive_2020[2019 - _AGES - _YEARS[0]] = after
        people = np.zeros_like(after)
        people[1:] = after[:-1]
        people[-1] += after[-1]
    return alive_2020, scale, founders, living
