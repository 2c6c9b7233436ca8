"""What makes the model expect more or less of insatser for one person than for another, over all, with direction."""

from dataclasses import dataclass

import numpy as np

from pathway import wording
from pathway.audit.material import Material
from pathway.features import LEVEL

_PEOPLE = 400  # whose gains are taken apart
_STEADY = 0.3  # correlation of a value with what it does, below which it has no one direction


@dataclass(frozen=True)
class Reason:
    """One thing that is known of people.

    Attributes
    ----------
    feature
        Its name; all levels of single indicators count as one (``level_*``).
    label
        In Swedish.
    size
        Mean size of what it adds or takes away, steps per quarter summed over indicators, over people and the insatser
        that the model may speak of.
    direction
        ``mer``: a higher value goes with larger gains; ``mindre``; or ``olika``, where it differs between insatser.
    may_be_sensitive
        Whether it is protected, or stands for something that is.
    """

    feature: str
    label: str
    size: float
    direction: str
    may_be_sensitive: bool


def rank(material: Material) -> tuple[Reason, ...]:
    """Order what is known of people by how much it moves gains, the most first."""
    model, present = material.model.gains, material.present
    some = np.random.default_rng(material.seed).permutation(len(present))[:_PEOPLE]
    X, spoken = present.iloc[np.sort(some)], material.spoken[np.sort(some)]
    names = [str(name) for name in model.feature_names_in_]
    sizes, summed, n = np.zeros(len(names)), np.zeros((len(X), len(names))), 0
    for k in np.flatnonzero(spoken.any(axis=0)):
        parts = model.explain_parts(X, int(k))[1].sum(axis=2) * spoken[:, [k]]
        sizes += np.abs(parts).sum(axis=0)
        summed += parts
        n += int(spoken[:, k].sum())
    found = [
        _reason(material, name, sizes[place] / max(n, 1), X[name].to_numpy(), summed[:, place])
        for place, name in enumerate(names)
        if sizes[place] > 0 and not _of_one_indicator(material, name)
    ]
    levels = [place for place, name in enumerate(names) if _of_one_indicator(material, name) and sizes[place] > 0]
    if levels:
        value = X[[names[place] for place in levels]].mean(axis=1).to_numpy()
        size = sizes[levels].sum() / max(n, 1)
        found.append(_reason(material, f"{LEVEL}*", size, value, summed[:, levels].sum(axis=1)))
    return tuple(sorted(found, key=lambda one: -one.size))


def _of_one_indicator(material: Material, name: str) -> bool:
    return name in {f"{LEVEL}{indicator}" for indicator in material.instrument.ranking}


def _reason(material: Material, name: str, size: float, values: np.ndarray, done: np.ndarray) -> Reason:
    numbers = values.astype(float)
    known = ~np.isnan(numbers)
    varies = known.sum() > 2 and numbers[known].std() > 0 and done[known].std() > 0
    along = float(np.corrcoef(numbers[known], done[known])[0, 1]) if varies else 0.0
    direction = "olika" if abs(along) < _STEADY else "mer" if along > 0 else "mindre"
    if name == f"{LEVEL}*":
        return Reason(name, "Egen nivå på indikatorn", float(size), direction, False)
    entry = wording.feature(name, material.instrument)
    return Reason(name, entry.label, float(size), direction, entry.protected)
