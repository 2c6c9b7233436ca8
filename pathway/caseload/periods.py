"""Calendar periods of 13 weeks, the same for everybody, and the places that insatser have in each of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from pathway.case import Case
from pathway.caseload.pools import Ints
from pathway.catalogue import Catalogue
from pathway.planner import Placement
from pathway.planner.choices import running_of
from pathway.planner.practice import shipped
from pathway.planner.weeks import Weeks

EPOCH = date(2024, 1, 1)  # a Monday; periods are counted from it, so that they are the same every night
DAYS = 91
Span = tuple[str, date, date]  # an insats from a day up to and not including another


def period_of(day: date) -> int:
    """Return the number of the period that a day lies in."""
    return (day - EPOCH).days // DAYS


def first_day(period: int) -> date:
    """Return the first day of a period, a Monday."""
    return EPOCH + timedelta(days=DAYS * period)


def touched(start_on: date, end_on: date) -> range:
    """List the periods that days from `start_on` up to and not including `end_on` lie in."""
    return range(period_of(start_on), period_of(end_on - timedelta(days=1)) + 1)


@dataclass(frozen=True)
class Supply:
    """Kinds of places: every insats whose places are limited, in every period. R kinds.

    Attributes
    ----------
    insatser
        Ids, in the catalogue's order.
    places
        Places of each insats at the same time.
    first, n_periods
        The periods: the first, and how many.
    """

    insatser: tuple[str, ...]
    places: tuple[int, ...]
    first: int
    n_periods: int

    @classmethod
    def of(cls, catalogue: Catalogue, cases: Sequence[Case]) -> "Supply":
        """Lay out the places of a catalogue for as long as the cases' horizons reach."""
        limited = [(insats.id, insats.places) for insats in catalogue.insatser if insats.places is not None]
        first = min((period_of(case.as_of) for case in cases), default=0)
        last = max((period_of(_horizon(case)) for case in cases), default=first)
        return cls(tuple(id for id, _ in limited), tuple(n for _, n in limited), first, last - first + 1)

    @cached_property
    def _row(self) -> dict[str, int]:
        return {id: row for row, id in enumerate(self.insatser)}

    def __len__(self) -> int:
        """Count the kinds of places."""
        return len(self.insatser) * self.n_periods

    def kind(self, at: int) -> tuple[str, int]:
        """Return insats and period of a kind of place."""
        row, number = divmod(at, self.n_periods)
        return self.insatser[row], self.first + number

    def taken(self, spans: Iterable[Span]) -> dict[int, int]:
        """Count the places of each kind that activities take: one in every period that each of them touches."""
        counted: Counter[int] = Counter()
        for insats_id, start_on, end_on in spans:
            row = self._row.get(insats_id)
            if row is None:
                continue
            for period in touched(start_on, end_on):
                if 0 <= period - self.first < self.n_periods:
                    counted[row * self.n_periods + period - self.first] += 1
        return dict(counted)

    def starts(self, placements: Iterable[Placement]) -> dict[int, int]:
        """Count the activities that begin in each period, counted from the first one."""
        numbers = (period_of(one.start_on) - self.first for one in placements if not one.locked)
        return dict(Counter(min(max(number, 0), self.n_periods - 1) for number in numbers))

    def running(self, cases: Iterable[Case], catalogue: Catalogue) -> Ints:
        """(R,) places that the cases' own running and promised activities take already."""
        counted = np.zeros(len(self), dtype=np.int64)
        for case in cases:
            weeks = Weeks(case.as_of, 7 * case.limits.horizon_weeks)
            spans = {
                (one.insats_id, weeks.date(max(one.start, 0)), weeks.date(one.end))
                for one in running_of(case, catalogue, weeks, shipped())
            } | {(one.insats_id, max(one.start_on, case.as_of), one.end_on) for one in case.locked}
            spans = {span for span in spans if span[1] < span[2]}
            for at, n in self.taken(spans).items():
                counted[at] += n
        return counted

    def left(self, running: Ints) -> Ints:
        """(R,) places that can be given out, beside those that are taken already; never below zero."""
        left: Ints = np.maximum(np.repeat(np.array(self.places, dtype=np.int64), self.n_periods) - running, 0)
        return left


def _horizon(case: Case) -> date:
    return case.as_of + timedelta(weeks=case.limits.horizon_weeks)
