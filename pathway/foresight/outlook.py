"""What is expected of one client, quarter by quarter: the course without a plan, and gains at the state along it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import course, features
from pathway.case import Case
from pathway.effects import GainModel
from pathway.effects.layout import Term
from pathway.episodes import DAYS_IN_QUARTER
from pathway.instrument import Instrument

if TYPE_CHECKING:
    from pathway.foresight.rolling import Rolled

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class State:
    """Where n plans are expected to have led at the start of one quarter.

    Attributes
    ----------
    added, before
        Steps that activities have added since today, and had added a quarter earlier, shape (n, J).
    """

    added: Array
    before: Array


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

    def gains(self, quarter: int, state: State) -> tuple[Array, Array]:
        """Give gains per quarter at dose 1, alone and on top beside a job-oriented insats, shape (n, K, J)."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """The outlook of a fitted model for one client.

    Attributes
    ----------
    frames
        Features at the start of each quarter without a plan: one row each, Q of them.
    """

    model: GainModel
    instrument: Instrument
    as_of: date
    frames: tuple[pd.DataFrame, ...]
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
        frames, changes = zip(*course.walk(model, x, length, instrument), strict=True)
        return cls(model, instrument, case.as_of, frames, now, np.clip(now + changes[-1][0], scale.min, scale.max))

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

    def gains(self, quarter: int, state: State) -> tuple[Array, Array]:
        """Give gains per quarter at dose 1, alone and on top beside a job-oriented insats, shape (n, K, J)."""
        frame = self.features(quarter, state)
        return self.model.predict_added(frame), self.model.predict_interplay(frame)

    def features(self, quarter: int, state: State) -> pd.DataFrame:
        """Give the features at the start of the quarter if all goes as expected, n rows.

        Insatser of the plan are not counted among earlier ones: who had many before is another kind of person, and
        having them makes nobody so.
        """
        base = self.frames[quarter]
        rows = base.iloc[np.zeros(len(state.added), dtype=np.intp)]
        if not quarter:
            return rows
        names = [f"{features.LEVEL}{id}" for id in self.indicators]
        levels = base[names].to_numpy(dtype=np.float64)
        lifted = self._lift(levels, state.added)
        earlier = self._lift(self.frames[quarter - 1][names].to_numpy(dtype=np.float64), state.before)
        later = self.as_of + timedelta(days=DAYS_IN_QUARTER * quarter)
        changed = dict(zip(names, (levels + lifted).T, strict=True)) | {
            "level_mean": rows["level_mean"].to_numpy() + _mean_known(lifted),
            "trend": rows["trend"].to_numpy() + _mean_known(lifted - earlier),
            "age": rows["age"].to_numpy() + (later.year - self.as_of.year),
        }
        return rows.assign(**changed)

    def along(self, rolled: "Rolled") -> pd.DataFrame:
        """Give the features at the start of each quarter along a plan's way, Q rows."""
        return pd.concat([self.features(quarter, state) for quarter, state in enumerate(rolled.states)])

    def _lift(self, levels: Array, added: Array) -> Array:
        """Give by how much added steps raise levels within the scale, shape (n, J); NaN where not measured."""
        lifted: Array = np.clip(levels + added, *self.scale) - levels
        return lifted


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


def _mean_known(lifted: Array) -> Array:
    """Mean of each row over the indicators that were measured, 0 where none was; shape (n,)."""
    known = ~np.isnan(lifted)
    mean: Array = np.where(known, lifted, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return mean
