"""The chance that a plan takes an indicator to its target: what is expected, and how far real levels end up from it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Array = npt.NDArray[np.float64]


def shown(evaluation: Mapping[str, Any]) -> float:
    """Give how much of each expected step showed for clients held out in training, at most 1; 1 where nobody looked.

    Of many plans the one is chosen that looks best, so what is expected of it is more often too much than too little.
    Nobody is promised a chance that rests on it.
    """
    slope = evaluation.get("checks", {}).get("calibration", {}).get("slope", {}).get("mean", 1.0)
    return float(min(max(slope, 0.0), 1.0))


def chances(expected: Array, sd: Array, targets: Array) -> Array:
    """Give the chance that each level is rated at its target or above, shape (J,), between 0 and 1.

    Gains of all activities go wrong together, and are normal together: `sd` has that in it, so the chance is that of a
    normal level, the very number that counting joint draws comes to with ever more of them.

    Parameters
    ----------
    expected
        Expected level before the ends of the scale are applied, shape (J,).
    sd
        Standard deviation around it: of the plan's gains jointly, and of the course, shape (J,).
    targets
        Level to reach, shape (J,).
    """
    chance: Array = ndtr((expected - targets) / sd)
    return chance
