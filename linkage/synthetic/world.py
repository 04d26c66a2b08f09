"""What kind of country the registers come from: the usual world, and a harder one in which errors and namesakes keep together.

Every hardship is one named parameter, 0 (or a factor of 1) in the usual world, whose registers they leave as they are. The
sizes of the hard world are judgements (J), chosen on the far side of what was seen where promises failed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from linkage.errors import LinkageError

WorldName = Literal["usual", "hard"]


@dataclass(frozen=True)
class World:
    """Shares are 0-1 of what can be touched; factors are at least 0."""

    name: str = "usual"
    twice_in_population: float = 0.0
    """Persons with two rows in the population database, the second taken down elsewhere under a number of its own."""
    clan_middle: float = 0.0
    """Paternal lines whose sons of one generation all bear one middle name."""
    village_fashion: float = 0.0
    """Children given the whole name of a child of the commune born that year, where one of another mother bears their surname."""
    named_after_dead: float = 0.0
    """Children given the name of the last sibling of their sex who died as a child before they were born, where there is one."""
    absence: float = 1.0
    """Factor on each person's chance of missing from the population database."""
    absent_namesake: float = 0.0
    """People gone before there was a population database who bear the name of one in it, of their commune, surname and age."""
    usual_misspelling: float = 0.0
    """Persons whose name is usually written in one wrong way: in every register, and in their relatives' rows."""
    parents_misnamed: float = 1.0
    """Factor on the rates of errors in the names of parents and declarants, told by others."""
    believed_year: float = 0.0
    """Persons who believe in a wrong year of birth: told to every register but their first birth entry."""
    entry_badness: float = 0.0
    """Variance of the one factor (gamma, mean 1) by which all errors of an entry are likelier; asked rates hold."""
    household_error: float = 0.0
    """Households of the population database one enumerator got wrong: the same error in every member's row."""
    parents_swapped: float = 0.0
    """Half-years of an office in which mothers were written in the fathers' column and fathers in the mothers'."""
    thi_van_habit: float = 0.0
    """Years of an office, two and two, whose clerk leaves out Văn and Thị."""
    borrowed_number: float = 0.0
    """Grown persons who show another person's papers, a sibling's where they have one, whenever a number is asked for."""
    stepmother: float = 0.0
    """Rows of the population database with the father's later wife as the mother, of those whose father has one."""
    former_spouse: float = 0.0
    """Rows of the population database with a former spouse, of those who have one."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("name", "absence", "parents_misnamed", "entry_badness"):
                if field.name != "name" and value < 0:
                    raise LinkageError(f"{field.name} = {value} is negative", "Give 0 or more.")
            elif not 0 <= value <= 1:
                raise LinkageError(f"{field.name} = {value} is not a share", "Give a number from 0 to 1.")


USUAL = World()
HARD = World(
    name="hard",
    twice_in_population=0.02,
    clan_middle=0.3,
    village_fashion=0.18,
    named_after_dead=0.4,
    absence=4.0,
    absent_namesake=0.3,
    usual_misspelling=0.055,
    parents_misnamed=1.25,
    believed_year=0.02,
    entry_badness=1.5,
    household_error=0.03,
    parents_swapped=0.01,
    thi_van_habit=0.02,
    borrowed_number=0.01,
    stepmother=0.6,
    former_spouse=0.5,
)
WORLDS: dict[WorldName, World] = {"usual": USUAL, "hard": HARD}

RECURS, RECURS_AT_BIRTH = 0.8, 0.4
"""How often a usual misspelling, or a clerk's habit, shows where it can; a birth entry may be older than the misspelling."""
