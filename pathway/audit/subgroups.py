"""The same figures group by group: whether the model does as well for all, and says as much to all.

In fairlearn's terms: a *metric by group*, and over the groups of a dimension the *difference* (largest less smallest)
and the *ratio* (smallest over largest). For flags, a group is held beside the others of its dimension. A group that is
too small is left out, with so many more that nobody can work it out from the whole (`pathway.disclosure`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway import disclosure
from pathway.audit.estimates import Estimate, between, ratio
from pathway.audit.limits import limits
from pathway.audit.material import Material
from pathway.audit.skill import products, squares_of
from pathway.evaluation import START_LEVEL
from pathway.subgroups import DIMENSIONS

Array = npt.NDArray[np.float64]
METRICS = ("skill", "coverage", "gain", "bias", "offered", "spoken")


@dataclass(frozen=True)
class Group:
    """One group of clients; its figures are None where it is too small to be shown.

    Attributes
    ----------
    n_clients
        In the register with a measurement.
    figures
        By metric. ``skill``: share of the squared error of the start level only that the model takes away.
        ``coverage``: observed levels inside 90 % intervals. ``gain``: shown of each step expected. ``bias``: change
        less expected change, steps. ``offered``: what the insats that is expected to give most would give, alone over
        a quarter, summed over indicators, steps. ``spoken``: share to whom the model may say anything at all.
    behind
        ``gain`` less that of the others of the dimension.
    """

    name: str
    n_clients: int | None
    figures: Mapping[str, Estimate | None]
    behind: Estimate | None


@dataclass(frozen=True)
class Dimension:
    """Groups along one dimension.

    Attributes
    ----------
    differences, ratios
        Over the groups that are large enough to raise a flag, by metric: largest less smallest, and smallest over
        largest; a metric is left out where fewer than two groups have it, a ratio also where a figure is not above 0.
    n_hidden
        Groups that are not shown.
    """

    id: str
    groups: tuple[Group, ...]
    differences: Mapping[str, float]
    ratios: Mapping[str, float]
    n_hidden: int


@dataclass(frozen=True)
class _Figures:
    """By metric, the two sums over rows whose ratio it is, and the clients of the rows."""

    sums: Mapping[str, tuple[Array, Array, npt.NDArray[Any]]]

    def by_group(self, group_of: Any) -> Mapping[str, npt.NDArray[Any]]:
        """Name the group of each row, by metric."""
        return {metric: group_of.reindex(clients).to_numpy() for metric, (_, _, clients) in self.sums.items()}

    def of(self, metric: str, whom: npt.NDArray[np.bool_]) -> Estimate | None:
        above, below, clients = self.sums[metric]
        return ratio(above[whom], below[whom], clients[whom])


def compare(material: Material) -> tuple[Dimension, ...]:
    """Hold the groups of every dimension beside each other."""
    figures = _figures(material)
    return tuple(_dimension(material, figures, id) for id in DIMENSIONS)


def _figures(material: Material) -> _Figures:
    judged, present = material.judged, material.present["client_id"].to_numpy()
    clients, known = judged.rows.clients, ~np.isnan(judged.observed)
    n_known, ones = known.sum(axis=1).astype(float), np.ones(len(present))

    def best(gains: Array, part: slice) -> Array:
        each = np.where(material.spoken[part], gains.sum(axis=2), 0.0)
        most: Array = each.max(axis=1, initial=0.0)
        return most

    return _Figures(
        {
            "skill": (*squares_of(judged, START_LEVEL), clients),
            "coverage": (np.nansum(judged.inside, axis=1), n_known, clients),
            "gain": (*products(judged.shown.left.changes, judged.shown.expected), clients),
            "bias": (np.nansum(judged.missed, axis=1), n_known, clients),
            "offered": (material.gains_at_present(best), ones, present),
            "spoken": (material.spoken.any(axis=1).astype(float), ones, present),
        }
    )


def _dimension(material: Material, figures: _Figures, id: str) -> Dimension:
    group_of = material.groups[id]
    n = _sizes(group_of, material.present["client_id"])
    judged = dict.fromkeys(n, 0) | _sizes(group_of, np.unique(material.judged.rows.clients))
    smallest = limits()["groups"]["smallest"]
    hidden = disclosure.hidden_parts(n, smallest) | disclosure.hidden_parts(judged, smallest)
    rows = figures.by_group(group_of)
    groups = tuple(_group(figures, rows, name, None if name in hidden else size) for name, size in n.items())
    fewest = limits()["groups"]["fewest_flagged"]
    shown = {
        metric: [one.mean for group in groups if (one := group.figures[metric]) and one.n_clients >= fewest]
        for metric in METRICS
    }
    return Dimension(
        id,
        groups,
        {metric: max(means) - min(means) for metric, means in shown.items() if len(means) > 1},
        {metric: min(means) / max(means) for metric, means in shown.items() if len(means) > 1 and min(means) > 0},
        len(hidden),
    )


def _sizes(group_of: Any, clients: Any) -> dict[str, int]:
    return {str(name): int(size) for name, size in sorted(group_of.reindex(clients).value_counts().items())}


def _group(figures: _Figures, group_of: Mapping[str, npt.NDArray[Any]], name: str, n_clients: int | None) -> Group:
    if n_clients is None:
        return Group(name, None, dict.fromkeys(METRICS), None)
    found = {metric: figures.of(metric, np.asarray(group_of[metric] == name)) for metric in METRICS}
    others = figures.of("gain", np.asarray(group_of["gain"] != name))
    gain = found["gain"]
    return Group(name, n_clients, found, between(gain, others) if gain and others else None)
