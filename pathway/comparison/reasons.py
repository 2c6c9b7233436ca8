"""What makes expected gains larger or smaller, over all insatser and indicators: global reasons, with their direction.

Nobody's row is needed: the person in the middle is moved by one standard deviation of one feature, down and up, and
what gains do then is read off. Gains are close to linear, so this says nearly all that can be said of everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.effects.encoding import Number
from pathway.features import LEVEL
from pathway.modelfolder import Model

Array = npt.NDArray[np.float64]
LEVELS = "level of the indicator itself"


@dataclass(frozen=True)
class Reason:
    """How a feature moves gains.

    Attributes
    ----------
    steps
        Mean over insatser (by participations) and indicators of the gain's change when the feature is one standard
        deviation higher, in steps over an interval; its sign is the direction.
    strength
        The same with every change counted as positive: what cancels out in `steps` does not here.
    """

    feature: str
    steps: float
    strength: float


def of_model(model: Model) -> tuple[Reason, ...]:
    """Give the reasons, the strongest first."""
    encoding, support = model.gains.encoding_, model.support
    counts = np.array([support.n_participations[id] for id in model.gains.insatser_], dtype=np.float64)
    counts *= [support.n_clients[id] >= support.fewest_clients for id in model.gains.insatser_]
    shares = counts / counts.sum() if counts.any() else np.full(len(counts), 1 / len(counts))
    numbers = {column.name: column for column in encoding.columns if isinstance(column, Number) and column.sd}
    families = {name: [name] for name in encoding.modifiers if name in numbers}
    families[LEVELS] = [name for name in numbers if name.startswith(LEVEL) and name not in families]
    X = _moved(model, list(families.values()), numbers)
    gains = model.gains.predict_gain(X)
    changes = (gains[1::2] - gains[0::2]) / 2  # (F, K, J)
    steps = np.einsum("k,fkj->f", shares, changes) / changes.shape[2]
    strength = np.einsum("k,fkj->f", shares, np.abs(changes)) / changes.shape[2]
    found = [Reason(name, float(steps[f]), float(strength[f])) for f, name in enumerate(families)]
    return tuple(sorted(found, key=lambda one: -one.strength))


def _moved(model: Model, families: Sequence[Sequence[str]], numbers: dict[str, Number]) -> pd.DataFrame:
    """Give the person in the middle, one standard deviation down and up in each family of features in turn."""
    middle: dict[str, object] = {
        column.name: numbers[column.name].mean
        if column.name in numbers
        else (column.mean if isinstance(column, Number) else None)
        for column in model.gains.encoding_.columns
    }
    rows = [
        middle | {name: numbers[name].mean + side * numbers[name].sd for name in family}
        for family in families
        for side in (-1, 1)
    ]
    X = pd.DataFrame(rows)
    for column in model.gains.encoding_.columns:
        if not isinstance(column, Number):
            X[column.name] = pd.Categorical([None] * len(X), categories=column.categories)
    return X
