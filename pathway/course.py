"""The course without insatser, rolled forward by quarters, and how far real levels end up from what is expected."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import features
from pathway.effects import GainModel
from pathway.instrument import Instrument

Array = npt.NDArray[np.float64]
_FEWEST_ROWS = 50  # measured levels to tell a spread at a horizon; beyond, the last horizon that has them stands in


def roll(model: GainModel, X: pd.DataFrame, quarters: Array, instrument: Instrument) -> Array:
    """Give the expected change of level after some quarters without any insats.

    Each quarter is predicted from the levels that the one before is expected to have led to, so that the pull towards
    the mean after an unusually low rating is counted once, not every quarter.

    Parameters
    ----------
    quarters
        Length of the way, per row, shape (n,); a last part of a quarter counts in proportion.

    Returns
    -------
    array of shape (n, J), in steps, levels kept within the scale
    """
    start = _levels(X, instrument)
    total = np.zeros_like(start)
    for passed in range(math.ceil(float(quarters.max(initial=0.0)))):
        share = np.clip(quarters - passed, 0.0, 1.0)[:, None]
        change = model.predict_without(X.assign(quarters=features.PLANNED_QUARTERS)) * share
        total = np.clip(start + total + change, instrument.scale.min, instrument.scale.max) - start
        X = features.advance(X, change, instrument)
    return total


@dataclass(frozen=True)
class Spread:
    """How far observed levels of held-out clients lay from the expected ones.

    Attributes
    ----------
    sd
        Per indicator, one quarter ahead, in steps.
    growth
        Number of quarters ahead → how many times wider than at one quarter.
    factor
        Standard deviations that hold 90 % of what was observed.
    """

    sd: Mapping[str, float]
    growth: Mapping[int, float]
    factor: float

    def half_widths(self, quarters: float, indicators: tuple[str, ...]) -> Array:
        """Half the width of the 90 % interval of a level this far ahead, shape (J,), in steps."""
        at = min(max(round(quarters), 1), max(self.growth))
        growth = max(width for ahead, width in self.growth.items() if ahead <= at)
        return self.factor * growth * np.array([self.sd[indicator] for indicator in indicators])


def measure_spread(residuals: pd.DataFrame, quarters: npt.NDArray[np.float64]) -> Spread:
    """Measure the spread from what held-out clients' levels missed their expectation by.

    Parameters
    ----------
    residuals
        Observed minus expected level, one column per indicator, NaN where not measured; shape (n, J).
    quarters
        How far ahead each row was, shape (n,).
    """
    ahead = np.maximum(np.round(quarters).astype(int), 1)
    first = residuals[ahead == 1]
    sd = np.sqrt((first**2).mean()).fillna(float(np.sqrt((residuals**2).stack().mean())))
    scaled = residuals / sd
    growth = {1: 1.0}
    for step in range(2, int(ahead.max(initial=1)) + 1):
        there = scaled[ahead == step].stack()
        if there.count() >= _FEWEST_ROWS:
            growth[step] = max(float(np.sqrt((there**2).mean())), *growth.values())
    widening = np.array([max(width for at, width in growth.items() if at <= step) for step in ahead])
    standardised = scaled.div(widening, axis=0).stack().abs()
    return Spread({str(name): float(value) for name, value in sd.items()}, growth, float(standardised.quantile(0.9)))


def _levels(X: pd.DataFrame, instrument: Instrument) -> Array:
    middle = (instrument.scale.min + instrument.scale.max) / 2
    names = [f"{features.LEVEL}{indicator}" for indicator in instrument.ranking]
    return X[names].fillna(middle).to_numpy(dtype=float)
