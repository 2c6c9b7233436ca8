"""Reads the numbers of good practice that the planner works with, from practice.toml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pathway.reading import toml_of

SHIPPED = Path(__file__).parent / "practice.toml"


@dataclass(frozen=True)
class Grid:
    """Which starts, lengths and hours are offered; see docs/PLANNER.md.

    Attributes
    ----------
    every_weeks, and_every_weeks
        Weeks between the Mondays of the grid; of two grids, where the second is given.
    all_lengths
        Whether every length that ends on the grid is offered, or only one to three.
    typical
        Whether typical hours, and the length nearest to the typical, are offered beside the most.
    least
        Whether the least hours and the shortest length are offered too.
    """

    every_weeks: int
    and_every_weeks: int | None = None
    all_lengths: bool = False
    typical: bool = False
    least: bool = False


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
    job_within_weeks
        Weeks within which a job-oriented insats must have started, where one can; ``None``: the rule is off.
    longest_gap_weeks
        Most weeks without any insats before the last one; ``None``: the rule is off.
    themes
        What alternatives are looked for, in this order.
    n_alternatives
        Most plans beside the first.
    alternative_least_share
        Least worth of an alternative, as a share of the first plan's.
    running_least_weeks
        Least weeks that an insats without a known end is taken to go on after the day of the suggestion.
    every_weeks
        Pairs of a horizon and the weeks between the Mondays of the grid up to that horizon, ascending.
    typical_up_to
        Insatser open to the person up to which their typical and least lengths and hours are offered beside the most.
    typical_up_to_hours
        Hours a week up to which they are, however many are open.
    fine_every_weeks
        The same for the finer grid on which a finished plan's activities are adjusted; 0: not adjusted.
    """

    max_activities: int
    least_worth_steps: float
    prefer_bonus_steps: float
    job_within_weeks: int | None
    longest_gap_weeks: int | None
    themes: tuple[str, ...]
    n_alternatives: int
    alternative_least_share: float
    running_least_weeks: int
    every_weeks: tuple[tuple[int, int], ...]
    typical_up_to: int
    typical_up_to_hours: float
    fine_every_weeks: int

    def grid(self, horizon_weeks: int) -> Grid:
        """Give the grid that plans are searched on."""
        steps = (step for up_to, step in self.every_weeks if horizon_weeks <= up_to)
        return Grid(next(steps, self.every_weeks[-1][1]))

    def fine_grid(self, horizon_weeks: int) -> Grid:
        """Give the grid that a finished plan is adjusted on: it holds the one that plans are searched on."""
        return Grid(
            self.grid(horizon_weeks).every_weeks,
            max(1, self.fine_every_weeks),
            all_lengths=True,
            typical=True,
            least=True,
        )


def read(path: Path = SHIPPED) -> Practice:
    """Read a file of practice; raises `UnreadableFile` if it cannot be read, `ValueError` if a number is missing."""
    raw = toml_of(path)
    try:
        return Practice(
            max_activities=raw["plan"]["max_activities"],
            least_worth_steps=raw["plan"]["least_worth_steps"],
            prefer_bonus_steps=raw["plan"]["prefer_bonus_steps"],
            job_within_weeks=_switched(raw["rules"]["job_early"], "within_weeks"),
            longest_gap_weeks=_switched(raw["rules"]["gap"], "longest_weeks"),
            themes=tuple(raw["alternatives"]["themes"]),
            n_alternatives=raw["alternatives"]["count"],
            alternative_least_share=raw["alternatives"]["least_share"],
            running_least_weeks=raw["running"]["least_weeks"],
            every_weeks=tuple((up_to, step) for up_to, step in raw["grid"]["every_weeks"]),
            typical_up_to=raw["grid"]["typical_up_to"],
            typical_up_to_hours=raw["grid"]["typical_up_to_hours"],
            fine_every_weeks=raw["grid"]["fine_every_weeks"],
        )
    except KeyError as missing:
        raise ValueError(f"{path.name}: {missing} is missing") from None


def _switched(rule: dict[str, Any], number: str) -> int | None:
    weeks: int = rule[number]
    return weeks if rule["on"] else None


@cache
def shipped() -> Practice:
    """Return the practice that the product ships with."""
    return read()
