"""Whether the model foretells change for people it has not seen, and whether gains and intervals are of right size."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pathway.audit.estimates import Estimate, or_nothing, ratio
from pathway.audit.material import Judged, Material
from pathway.checks.shown import calibration
from pathway.evaluation import BASELINES, MODEL, Resampled


@dataclass(frozen=True)
class Tenth:
    """A tenth of the changes, by what insatser were expected to do to them: steps expected, and steps shown."""

    expected: float
    shown: Estimate


@dataclass(frozen=True)
class Skill:
    """How the model does on clients that it has not seen.

    Attributes
    ----------
    n_clients, n_episodes
        That were judged.
    n_drawn_from
        Clients that could have been.
    taken_away
        By baseline, the share of its squared error that the model takes away; 0 is no better.
    errors
        By indicator, root mean squared error in steps of each method.
    coverage, coverage_by_indicator
        Share of observed levels inside the model's 90 % intervals.
    gain, gain_by_part
        How much of each expected step shows (`pathway.checks`): in all, and by type of insats.
    tenths
        The same from the least expected to the most.
    """

    n_clients: int
    n_episodes: int
    n_drawn_from: int
    taken_away: Mapping[str, Estimate]
    errors: Mapping[str, Mapping[str, float]]
    coverage: Estimate
    coverage_by_indicator: Mapping[str, Estimate]
    gain: Estimate
    gain_by_part: Mapping[str, Estimate]
    tenths: tuple[Tenth, ...]


def measure(material: Material) -> Skill:
    """Judge the model on the episodes drawn."""
    judged = material.judged
    clients, indicators = judged.rows.clients, material.instrument.ranking
    errors = {name: (change - judged.observed) ** 2 for name, change in judged.predicted.items()}
    known = ~np.isnan(judged.observed)
    inside, n_known = np.nan_to_num(judged.inside), known.astype(np.float64)
    told = calibration(judged.shown, Resampled.of(clients, material.seed))
    n_clients = len(np.unique(clients))

    def estimate(one: Mapping[str, float]) -> Estimate:
        return Estimate(one["mean"], one["low"], one["high"], n_clients)

    return Skill(
        n_clients=n_clients,
        n_episodes=len(judged.rows),
        n_drawn_from=judged.n_drawn_from,
        taken_away={name: _taken_away(judged, name) for name in BASELINES},
        errors={
            id: {name: float(np.sqrt(np.nanmean(error[:, j]))) for name, error in errors.items()}
            for j, id in enumerate(indicators)
        },
        coverage=or_nothing(ratio(inside.sum(axis=1), n_known.sum(axis=1), clients)),
        coverage_by_indicator={
            id: or_nothing(ratio(inside[:, j], n_known[:, j], clients)) for j, id in enumerate(indicators)
        },
        gain=or_nothing(ratio(*products(judged.shown.left.changes, judged.shown.expected), clients)),
        gain_by_part={part: estimate(one) for part, one in told["of_parts"].items()},
        tenths=tuple(Tenth(one["expected"], estimate(one)) for one in told["tenths"]),
    )


def products(shown: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give expected × shown, and expected squared, summed over indicators, shapes (n,): their ratio is what shows."""
    known = ~np.isnan(shown)
    both = np.where(known, np.nan_to_num(shown) * expected, 0.0).sum(axis=1)
    return both, np.where(known, expected**2, 0.0).sum(axis=1)


def squares_of(judged: Judged, baseline: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the squared error that the model takes away from a baseline, and the baseline's own, shapes (n,)."""
    ours, theirs = ((judged.predicted[name] - judged.observed) ** 2 for name in (MODEL, baseline))
    return np.nansum(theirs - ours, axis=1), np.nansum(theirs, axis=1)


def _taken_away(judged: Judged, baseline: str) -> Estimate:
    return or_nothing(ratio(*squares_of(judged, baseline), judged.rows.clients))
