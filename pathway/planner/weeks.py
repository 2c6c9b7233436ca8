"""The weeks of a plan, counted so that no way of counting them finds a limit broken.

Whether a week runs from Monday, or seven days at a time from the day of the suggestion, is nobody's to decide here: an
activity occupies every week that it touches, in both countings. All those weeks, ordered by their first day, make one
row of *cells*, and an activity occupies an unbroken run of them. Days are whole numbers, 0 the day of the suggestion.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Weeks:
    """The cells of one case.

    Attributes
    ----------
    n_days
        Days from the suggestion to the end of the horizon.
    firsts
        (C,) first day of each cell, in order.
    """

    as_of: date
    n_days: int
    firsts: Ints = field(init=False)

    def __post_init__(self) -> None:
        counted = np.arange(0, self.n_days, 7)
        calendar = np.arange(-self.as_of.weekday(), self.n_days, 7)
        object.__setattr__(self, "firsts", np.union1d(counted, calendar).astype(np.int64))

    def __len__(self) -> int:
        """Count the cells."""
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
        """First cell touched by days from `start` up to `end`, and the first one after them; arrays or numbers."""
        return np.searchsorted(self.firsts, np.asarray(start) - 6), np.searchsorted(self.firsts, np.asarray(end))
