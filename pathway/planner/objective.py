"""What a plan is worth: pure functions that recompute gains, levels and objective of any placements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pathway.case import Goal
from pathway.catalogue import Catalogue

Array = npt.NDArray[np.float64]

Span = tuple[date, date]

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
        Per insats (Q, J): expected gain of one quarter at typical hours, in each quarter (13 weeks) from the day of the
        suggestion; the last row holds on to the end of the horizon. (J,) stands for the same in every quarter.
    beside
        Per insats, as `alone`: what one quarter at typical hours gains more while a job-oriented insats runs beside;
        zeros (or left out) for job-oriented insatser.
    speakable
        Ids of the insatser with enough comparable people to say anything about; the others are never planned.
    """

    indicators: tuple[str, ...]
    scale: tuple[float, float]
    now: Array
    without: Array
    alone: Mapping[str, Array]
    beside: Mapping[str, Array]
    speakable: frozenset[str]

    def __post_init__(self) -> None:
        n = len(self.indicators)
        for name, values in (("now", self.now), ("without", self.without)):
            if np.shape(values) != (n,) or not np.all(np.isfinite(values)):
                raise ValueError(f"prospects of {name} must be {n} finite numbers")
        for name, values in (*self.alone.items(), *self.beside.items()):
            shape = np.shape(values)
            if shape[-1:] != (n,) or len(shape) > 2 or 0 in shape or not np.all(np.isfinite(values)):
                raise ValueError(f"prospects of {name} must be {n} finite numbers, or as many in each quarter")
        if not self.speakable <= self.alone.keys():
            raise ValueError("every speakable insats needs its gains alone")
        if np.any(self.without < self.scale[0] - 1e-9) or np.any(self.without > self.scale[1] + 1e-9):
            raise ValueError("the levels expected without a plan must lie within the scale")

    @cached_property
    def n_quarters(self) -> int:
        """Quarters that are told apart: the most rows of any insats."""
        return max((len(np.atleast_2d(rows)) for rows in (*self.alone.values(), *self.beside.values())), default=1)

    def alone_by_quarter(self, insats_id: str) -> Array:
        """(Q, J) gains alone; zeros for an insats that nothing is known about."""
        return self._by_quarter(self.alone.get(insats_id))

    def beside_by_quarter(self, insats_id: str) -> Array:
        """(Q, J) gains added beside a job-oriented insats; zeros where none are given."""
        return self._by_quarter(self.beside.get(insats_id))

    def _by_quarter(self, rows: Array | None) -> Array:
        if rows is None:
            return np.zeros((self.n_quarters, len(self.indicators)))
        rows = np.atleast_2d(np.asarray(rows, dtype=np.float64))
        last = np.repeat(rows[-1:], self.n_quarters - len(rows), axis=0)
        return np.concatenate([rows, last])


@dataclass(frozen=True)
class Placement:
    """One insats placed in time, from `start_on` up to and not including `end_on`.

    Attributes
    ----------
    quarters
        Dose: length in quarters times hours relative to the insats's typical hours.
    quarters_beside
        The part of the dose that runs beside a job-oriented activity of the same plan; 0 for job-oriented insatser.
    doses, doses_beside
        The same two, split over the quarters that the prospects tell apart; each sums to the whole.
    locked
        Whether it stood before the plan was made.
    """

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: float
    quarters: float = 0.0
    quarters_beside: float = 0.0
    doses: tuple[float, ...] = ()
    doses_beside: tuple[float, ...] = ()
    locked: bool = False

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


def replay(
    placements: Sequence[Placement],
    catalogue: Catalogue,
    prospects: Prospects,
    goal: Goal,
    window: tuple[date, date] | None = None,
) -> Replay:
    """Recompute doses, gains, levels and objective of placements, whatever made them.

    Parameters
    ----------
    window
        Day of the suggestion and end of the horizon: days outside it bring nothing, and quarters are counted from its
        start. Needed where prospects differ between quarters or placements reach outside.

    Raises
    ------
    ValueError
        Prospects differ between quarters, and there is no window.
    """
    dosed = tuple(_with_dose(placement, placements, catalogue, prospects, window) for placement in placements)
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
    alone = np.array(placement.doses) @ prospects.alone_by_quarter(placement.insats_id)
    gain: Array = alone + np.array(placement.doses_beside) @ prospects.beside_by_quarter(placement.insats_id)
    return gain


def _with_dose(
    placement: Placement,
    placements: Sequence[Placement],
    catalogue: Catalogue,
    prospects: Prospects,
    window: tuple[date, date] | None,
) -> Placement:
    insats = catalogue.by_id[placement.insats_id]
    quarters = _quarters(prospects.n_quarters, window)
    own = (placement.start_on, placement.end_on)
    beside = () if insats.type == JOB_ORIENTED else _beside(own, placements, catalogue)
    per_day = placement.hours_per_week / insats.hours_per_week.typical / DAYS_PER_QUARTER
    doses = tuple(per_day * _common_days([own], quarter) for quarter in quarters)
    doses_beside = tuple(per_day * _common_days(beside, quarter) for quarter in quarters)
    return replace(
        placement,
        quarters=sum(doses),
        quarters_beside=sum(doses_beside),
        doses=doses,
        doses_beside=doses_beside,
    )


def _quarters(n: int, window: tuple[date, date] | None) -> list[Span]:
    """Give the days of each quarter: the last goes on to the end."""
    if window is None:
        if n > 1:
            raise ValueError("where prospects differ between quarters, replay needs the day they are counted from")
        return [(date.min, date.max)]
    starts = [min(window[0] + timedelta(days=DAYS_PER_QUARTER * q), window[1]) for q in range(n)]
    return list(zip(starts, [*starts[1:], window[1]], strict=True))


def _common_days(spans: Iterable[Span], quarter: Span) -> int:
    return sum(max(0, (min(end, quarter[1]) - max(start, quarter[0])).days) for start, end in spans)


def _beside(own: Span, placements: Sequence[Placement], catalogue: Catalogue) -> list[Span]:
    """Spans of days within `own`, apart from one another, on which at least one job-oriented placement runs."""
    jobs = sorted(
        (max(other.start_on, own[0]), min(other.end_on, own[1]))
        for other in placements
        if catalogue.by_id[other.insats_id].type == JOB_ORIENTED
    )
    spans, covered_to = [], own[0]
    for start_on, end_on in jobs:
        spans.append((max(start_on, covered_to), end_on))
        covered_to = max(covered_to, end_on)
    return [(start, end) for start, end in spans if start < end]
