"""The weeks of a plan, counted so that no way of counting them finds a limit broken.

Whether a week runs from Monday, or seven days at a time from the day of the suggestion, is nobody's to decide here: an
activity occupies every week that it touches, in both countings. All those weeks, ordered by their first day, make one
row of *cells*, and an activity occupies an unbroken run of them. Days are whole numbers, 0 the day of the suggestion.

For the search, neighbouring weeks are put together into larger cells. An activity then reserves all of every cell that
it touches: what keeps within the limits so, keeps within them in every week.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Weeks:
    """The weeks of one case, in both countings.

    Attributes
    ----------
    n_days
        Days from the suggestion to the end of the horizon.
    firsts
        (C,) first day of each week, in order.
    """

    as_of: date
    n_days: int
    firsts: Ints = field(init=False)

    def __post_init__(self) -> None:
        counted = np.arange(0, self.n_days, 7)
        calendar = np.arange(-self.as_of.weekday(), self.n_days, 7)
        object.__setattr__(self, "firsts", np.union1d(counted, calendar).astype(np.int64))

    def __len__(self) -> int:
        """Count the weeks."""
        return len(self.firsts)

    def day(self, on: date) -> int:
        """Days from the suggestion to a date."""
        return (on - self.as_of).days

    def date(self, day: int) -> date:
        """Return the date of a day."""
        return self.as_of + timedelta(days=int(day))

    @property
    def first_monday(self) -> int:
        """Return the first Monday on or after the day of the suggestion."""
        return -self.as_of.weekday() % 7

    def touched(self, start: npt.ArrayLike, end: npt.ArrayLike) -> tuple[Ints, Ints]:
        """First week touched by days from `start` up to `end`, and the first one after them; arrays or numbers."""
        return np.searchsorted(self.firsts, np.asarray(start) - 6), np.searchsorted(self.firsts, np.asarray(end))


@dataclass(frozen=True, eq=False)
class Cells:
    """Runs of weeks that are reserved as a whole, and what is left in them.

    Attributes
    ----------
    bounds
        (C + 1,) the weeks at which each cell begins, and the number of weeks.
    hours_left
        (C,) hundredths of an hour a week; never below zero.
    places_left
        (C,) parallel insatser; never below zero.
    """

    bounds: Ints
    hours_left: Ints
    places_left: Ints

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.hours_left)

    def reserved(self, first: Ints, beyond: Ints) -> tuple[Ints, Ints]:
        """Turn runs of weeks into runs of cells that hold them."""
        return (
            np.searchsorted(self.bounds, first, side="right") - 1,
            np.searchsorted(self.bounds, beyond, side="left"),
        )


def cells_between(weeks: Weeks, mondays: Ints, hours_left: Ints, places_left: Ints) -> Cells:
    """Put the weeks between some Mondays together, where as much is left in all of them.

    A week counted from the suggestion that holds such a Monday in its midst is a cell of its own: what ends on that
    Monday touches it, and what starts then, too.
    """
    cuts = np.zeros(len(weeks), dtype=bool)
    cuts[0] = True
    cuts[1:] = (np.diff(hours_left) != 0) | (np.diff(places_left) != 0)
    for monday in mondays.tolist():
        first, beyond = weeks.touched(monday, monday)
        cuts[[at for at in (int(first), int(beyond)) if at < len(cuts)]] = True
    starts = np.flatnonzero(cuts)
    return Cells(np.append(starts, len(weeks)), hours_left[starts], places_left[starts])


def every_week(weeks: Weeks, hours_left: Ints, places_left: Ints) -> Cells:
    """Let each week be a cell of its own."""
    return Cells(np.arange(len(weeks) + 1), hours_left, places_left)


def days_in(start: Ints, end: Ints, edges: Ints) -> Ints:
    """(n, S) days from each start up to each end that lie in each of S stretches."""
    days: Ints = np.minimum(end[:, None], edges[1:]) - np.maximum(start[:, None], edges[:-1])
    return np.maximum(days, 0)
