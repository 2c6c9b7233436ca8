"""Reads the numbers of good practice that the planner works with, from practice.toml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pathway.reading import toml_of

SHIPPED = Path(__file__).parent / "practice.toml"


@dataclass(frozen=True)
class Practice:
    """Numbers that the profession may argue about; what each means stands beside it in practice.toml.

    Attributes
    ----------
    max_activities
        Most activities in one plan.
    least_worth_steps
        Least expected gain of an activity that nobody asked for, in steps of the indicator that weighs most.
    prefer_bonus_steps
        Bonus when plans are compared, per preferred insats in them, in steps of the indicator that weighs most.
    n_alternatives
        Most plans beside the first.
    alternative_least_share
        Least worth of an alternative, as a share of the first plan's.
    running_least_weeks
        Least weeks that an insats without a known end is taken to go on after the day of the suggestion.
    every_weeks
        Pairs of a horizon and the weeks between the Mondays of the grid up to that horizon, ascending.
    hours_apart
        Hours by which the typical hours must differ from the least and the most to be offered beside them.
    """

    max_activities: int
    least_worth_steps: float
    prefer_bonus_steps: float
    n_alternatives: int
    alternative_least_share: float
    running_least_weeks: int
    every_weeks: tuple[tuple[int, int], ...]
    hours_apart: float

    def grid_step(self, horizon_weeks: int) -> int:
        """Weeks between the Mondays of the grid."""
        return next((step for up_to, step in self.every_weeks if horizon_weeks <= up_to), self.every_weeks[-1][1])


def read(path: Path = SHIPPED) -> Practice:
    """Read a file of practice; raises `UnreadableFile` if it cannot be read, `ValueError` if a number is missing."""
    raw = toml_of(path)
    try:
        return Practice(
            max_activities=raw["plan"]["max_activities"],
            least_worth_steps=raw["plan"]["least_worth_steps"],
            prefer_bonus_steps=raw["plan"]["prefer_bonus_steps"],
            n_alternatives=raw["alternatives"]["count"],
            alternative_least_share=raw["alternatives"]["least_share"],
            running_least_weeks=raw["running"]["least_weeks"],
            every_weeks=tuple((up_to, step) for up_to, step in raw["grid"]["every_weeks"]),
            hours_apart=raw["grid"]["hours_apart"],
        )
    except KeyError as missing:
        raise ValueError(f"{path.name}: {missing} is missing") from None


@cache
def shipped() -> Practice:
    """Return the practice that the product ships with."""
    return read()
