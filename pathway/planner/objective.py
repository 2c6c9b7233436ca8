"""What a plan is worth: pure functions that recompute gains, levels and objective of any placements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from pathway.case import Goal
from pathway.catalogue import Catalogue

Array = npt.NDArray[np.float64]

DAYS_PER_QUARTER = 91
JOB_ORIENTED = "jobb"


@dataclass(frozen=True, eq=False)
class Prospects:
    """What the effect model says for one client. J indicators; gains in steps of the scale, a quarter is 13 weeks.

    Attributes
    ----------
    indicators
        Ids of the J indicators that may drive ranking.
    scale
        Lowest and highest level.
    now
        (J,) level today.
    without
        (J,) expected level at the end of the horizon without a plan, within the scale.
    alone
        Per insats (J,): expected gain of one quarter at typical hours.
    beside
        Per insats (J,): what one quarter at typical hours gains more while a job-oriented insats runs beside; zeros
        (or left out) for job-oriented insatser.
    speakable
        Ids of the insatser with enough comparable people to say anything about; the others are never planned.
    """

    indicators: tuple[str, ...]
    scale: tuple[float, float]
    now: Array
    without: Array
    alone: dict[str, Array]
    beside: dict[str, Array]
    speakable: frozenset[str]

    def __post_init__(self) -> None:
        n = len(self.indicators)
        for name, values in (("now", self.now), ("without", self.without), *self.alone.items(), *self.beside.items()):
            if np.shape(values) != (n,) or not np.all(np.isfinite(values)):
                raise ValueError(f"prospects of {name} must be {n} finite numbers")
        if not self.speakable <= self.alone.keys():
            raise ValueError("every speakable insats needs its gains alone")
        if np.any(self.without < self.scale[0] - 1e-9) or np.any(self.without > self.scale[1] + 1e-9):
            raise ValueError("the levels expected without a plan must lie within the scale")


@dataclass(frozen=True)
class Placement:
    """One insats placed in time, from `start_on` up to and not including `end_on`.

    Attributes
    ----------
    quarters
        Dose: length in quarters times hours relative to the insats's typical hours.
    quarters_beside
        The part of the dose that runs beside a job-oriented activity of the same plan; 0 for job-oriented insatser.
    """

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: float
    quarters: float = 0.0
    quarters_beside: float = 0.0

    @property
    def weeks(self) -> float:
        """Length in weeks."""
        return (self.end_on - self.start_on).days / 7


@dataclass(frozen=True, eq=False)
class Replay:
    """What placements are worth. n placements, J indicators.

    Attributes
    ----------
    placements
        As given, with their doses.
    gains
        (n, J) steps that each placement is expected to add, before the ends of the scale are applied.
    with_plan
        (J,) expected levels at the end of the horizon.
    objective
        Sum over indicators of weight times the expected level gained, counted up to the targets.
    worths
        (n,) weighted steps that each placement is expected to add by itself: weights times gains, summed.
    """

    placements: tuple[Placement, ...]
    gains: Array
    with_plan: Array
    objective: float
    worths: Array


def weights_of(goal: Goal, indicators: Sequence[str]) -> Array:
    """(J,) worth of a step per indicator: as the goal says, 1 each where it says nothing at all."""
    if not goal.weights:
        return np.ones(len(indicators))
    return np.array([goal.weights.get(indicator, 0.0) for indicator in indicators])


def targets_of(goal: Goal, prospects: Prospects) -> Array:
    """(J,) level up to which steps count: as the goal says, else the top of the scale."""
    return np.array(
        [goal.targets.get(indicator, prospects.scale[1]) for indicator in prospects.indicators], dtype=float
    )


def value(added: Array, prospects: Prospects, weights: Array, targets: Array) -> Array:
    """Worth of added steps, (…, J) summed to (…): clipped to the scale, counted up to the targets, weighted."""
    low, high = prospects.scale
    reached = np.minimum(np.clip(prospects.without + added, low, high), targets)
    worth: Array = (reached - np.minimum(prospects.without, targets)) @ weights
    return worth


def replay(placements: Sequence[Placement], catalogue: Catalogue, prospects: Prospects, goal: Goal) -> Replay:
    """Recompute doses, gains, levels and objective of placements, whatever made them."""
    dosed = tuple(_with_dose(placement, placements, catalogue) for placement in placements)
    n_indicators = len(prospects.indicators)
    gains = np.array([gain_of(placement, prospects) for placement in dosed]).reshape(len(dosed), n_indicators)
    added = gains.sum(axis=0)
    weights, targets = weights_of(goal, prospects.indicators), targets_of(goal, prospects)
    return Replay(
        placements=dosed,
        gains=gains,
        with_plan=np.clip(prospects.without + added, *prospects.scale),
        objective=float(value(added, prospects, weights, targets)),
        worths=gains @ weights,
    )


def gain_of(placement: Placement, prospects: Prospects) -> Array:
    """(J,) steps that a placement adds, given its doses."""
    alone = placement.quarters * prospects.alone[placement.insats_id]
    extra = prospects.beside.get(placement.insats_id)
    return alone if extra is None else alone + placement.quarters_beside * extra


def _with_dose(placement: Placement, placements: Sequence[Placement], catalogue: Catalogue) -> Placement:
    insats = catalogue.by_id[placement.insats_id]
    days = (placement.end_on - placement.start_on).days
    beside = 0 if insats.type == JOB_ORIENTED else _days_beside(placement, placements, catalogue)
    per_day = placement.hours_per_week / insats.hours_per_week.typical / DAYS_PER_QUARTER
    return Placement(
        placement.insats_id,
        placement.start_on,
        placement.end_on,
        placement.hours_per_week,
        quarters=days * per_day,
        quarters_beside=beside * per_day,
    )


def _days_beside(placement: Placement, placements: Sequence[Placement], catalogue: Catalogue) -> int:
    """Days of a placement on which at least one job-oriented placement runs too."""
    jobs = sorted(
        (max(other.start_on, placement.start_on), min(other.end_on, placement.end_on))
        for other in placements
        if catalogue.by_id[other.insats_id].type == JOB_ORIENTED
    )
    days, covered_to = 0, placement.start_on
    for start_on, end_on in jobs:
        days += max(0, (end_on - max(start_on, covered_to)).days)
        covered_to = max(covered_to, end_on)
    return days
