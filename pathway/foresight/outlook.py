"""What is expected of one client, quarter by quarter: the course without a plan, and gains at the state along it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import course
from pathway.case import Case
from pathway.effects import GainModel
from pathway.effects.answers import LIFTED
from pathway.effects.layout import Term
from pathway.episodes import DAYS_IN_QUARTER
from pathway.instrument import Instrument

if TYPE_CHECKING:
    from pathway.foresight.rolling import Rolled

Array = npt.NDArray[np.float64]


class Outlook(Protocol):
    """What is expected of one client; K insatser, J indicators, Q quarters."""

    @property
    def indicators(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def scale(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def now(self) -> Array:
        """(J,) levels today."""

    @property
    def without(self) -> Array:
        """(J,) levels at the end of the horizon without a plan."""

    @property
    def gap(self) -> Array:
        """(J,) steps that a quarter with any insats at all spares, against a gap."""

    def gains(self, quarter: int, added: Array) -> tuple[Array, Array]:
        """Give gains per quarter at dose 1, alone and on top beside a job-oriented insats, shape (n, K, J).

        `added` are the steps that each of n plans has added since today, shape (n, J).
        """


@dataclass(frozen=True, eq=False)
class Expectation:
    """The outlook of a fitted model for one client.

    Attributes
    ----------
    x
        Features today, one row.
    """

    model: GainModel
    instrument: Instrument
    as_of: date
    x: pd.DataFrame
    now: Array
    without: Array

    @classmethod
    def of(
        cls, model: GainModel, instrument: Instrument, case: Case, x: pd.DataFrame, typical: Mapping[str, float]
    ) -> "Expectation":
        """Follow the course without a plan to the end of the horizon.

        Parameters
        ----------
        x
            The client's features today, one row.
        typical
            Level that stands in for an indicator that was never measured.
        """
        levels, scale = case.levels(), instrument.scale
        now = np.array([levels.get(id, typical[id]) for id in instrument.ranking], dtype=np.float64)
        length = np.array([case.limits.horizon_weeks * 7 / DAYS_IN_QUARTER])
        change = course.roll(model, x, length, instrument)[0]
        return cls(model, instrument, case.as_of, x, now, np.clip(now + change, scale.min, scale.max))

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids of the J indicators."""
        return self.instrument.ranking

    @property
    def scale(self) -> tuple[float, float]:
        """Lowest and highest level."""
        return self.instrument.scale.min, self.instrument.scale.max

    @property
    def gap(self) -> Array:
        """(J,) steps that a quarter with any insats at all spares, against a gap."""
        return self.model.predict_gap()

    def gains(self, quarter: int, added: Array) -> tuple[Array, Array]:
        """Give gains per quarter at dose 1, alone and on top beside a job-oriented insats, shape (n, K, J)."""
        frame = self.features(quarter, added)
        return self.model.predict_added(frame), self.model.predict_interplay(frame)

    def features(self, quarter: int, added: Array) -> pd.DataFrame:
        """Give the features at the start of the quarter if all goes as expected, n rows.

        Who somebody is, a plan does not change: what it has added stands beside today's ratings, and leaves less room.
        """
        rows = self.x.iloc[np.zeros(len(added), dtype=np.intp)]
        later = self.as_of + timedelta(days=DAYS_IN_QUARTER * quarter)
        lifted = np.clip(self.now + added, *self.scale) - self.now
        changed = {f"{LIFTED}{id}": steps for id, steps in zip(self.indicators, lifted.T, strict=True)}
        return rows.assign(age=rows["age"].to_numpy() + (later.year - self.as_of.year), **changed)

    def along(self, rolled: "Rolled") -> pd.DataFrame:
        """Give the features at the start of each quarter along a plan's way, Q rows."""
        return pd.concat([self.features(quarter, added[None]) for quarter, added in enumerate(rolled.added)])


def doubts(
    model: GainModel, x: pd.DataFrame, columns: Mapping[str, int], weights: Array, caution: float
) -> tuple[Array, Array] | None:
    """Give what caution takes off the gains of each insats per quarter at dose 1, alone and on top beside.

    An activity's worth is lowered by caution times its standard deviation, which counts that gains of different
    indicators go wrong together; it is split over the indicators as they take part in it (Euler's rule).

    Parameters
    ----------
    x
        Features today, one row.
    weights
        Worth of a step per indicator, shape (J,).

    Returns
    -------
    two arrays of shape (K + 1, J), or None without caution
    """
    if not caution or not weights.any():
        return None
    taken = np.zeros((2, len(model.insatser_) + 1, len(weights)))
    for column in columns.values():
        for number, beside in enumerate((0.0, 1.0)):
            towards = model.total(x, [Term(column, 1.0, beside)])[1] @ weights
            sd = np.sqrt(max(float(weights @ towards), 0.0))
            taken[number, column] = caution * towards / sd if sd > 0 else 0.0
    return taken[0], taken[1] - taken[0]
