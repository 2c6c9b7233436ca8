"""What has moved since the training: who comes, what insatser give, and how many insatser are in use."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

from pathway.audit.estimates import CERTAIN, Estimate, LeftOut, ratio
from pathway.audit.material import Material
from pathway.audit.skill import products
from pathway.checks.rows import Left

_BINS = 5
_FEWEST = 100  # clients on each side
_NOT_OF_PEOPLE = ("quarters",)
_FLOOR = 1e-4  # share of an empty bin
_FEWEST_STARTS = 50


@dataclass(frozen=True)
class Moved:
    """How differently one feature is spread among those who came later.

    Attributes
    ----------
    psi
        Population stability index over fifths of the earlier ones, or over categories.
    by_chance
        What it is on average among people who are all alike.
    certain
        Whether chance alone is out of the question, over all features together (`pathway.audit.estimates.CERTAIN`).
    """

    feature: str
    psi: float
    by_chance: float
    certain: bool


@dataclass(frozen=True)
class Arrivals:
    """People at their first measurement, before and after a day.

    Attributes
    ----------
    since_training
        Whether the day is the last one that the model learned from; else it parts the register's own people in two
        thirds and a third.
    """

    parted_on: str
    since_training: bool
    n_before: int
    n_after: int
    moved: tuple[Moved, ...]


@dataclass(frozen=True)
class Later:
    """What measurements that came after the training show of each step that the model expected."""

    gain: Estimate
    coverage: Estimate
    n_episodes: int


@dataclass(frozen=True)
class Loop:
    """Whether fewer and fewer insatser are used, as when suggestions follow choices that followed suggestions.

    Attributes
    ----------
    before, after
        Effective number of insatser begun (one over the sum of squared shares; Herfindahl).
    change
        Relative; below 0 where fewer are in use.
    """

    parted_on: str
    before: float
    after: float
    change: float
    n_before: int
    n_after: int


@dataclass(frozen=True)
class Drift:
    """All that may have moved."""

    arrivals: Arrivals | LeftOut
    later: Later | LeftOut
    loop: Loop | LeftOut
    months_since_training: float


def measure(material: Material) -> Drift:
    """Measure what has moved."""
    trained_to = pd.Timestamp(material.model.training.last_measured_on)
    return Drift(
        arrivals=_arrivals(material, trained_to),
        later=_later(material),
        loop=_loop(material, trained_to),
        months_since_training=max(float((material.last_day - trained_to).days) / 30.44, 0.0),
    )


def _arrivals(material: Material, trained_to: pd.Timestamp) -> Arrivals | LeftOut:
    arrivals = material.arrivals
    since = bool((arrivals["as_of"] > trained_to).sum() >= _FEWEST)
    parted_on = trained_to if since else arrivals["as_of"].sort_values().iloc[2 * len(arrivals) // 3]
    after = (arrivals["as_of"] > parted_on).to_numpy()
    n_before, n_after = int((~after).sum()), int(after.sum())
    if min(n_before, n_after) < _FEWEST:
        return LeftOut(f"Färre än {_FEWEST} klienter kom före, eller efter, den dag som delar registret.")
    names = [name for name in material.model.gains.feature_names_in_ if name not in _NOT_OF_PEOPLE]
    moved = [_moved(str(name), arrivals[name], after, len(names)) for name in names]
    told = tuple(sorted((one for one in moved if one is not None), key=lambda one: -(one.psi - one.by_chance)))
    return Arrivals(str(pd.Timestamp(parted_on).date()), since, n_before, n_after, told)


def _moved(name: str, column: pd.Series, after: npt.NDArray[np.bool_], n_looks: int) -> Moved | None:
    codes = _binned(column)
    n_bins = int(codes.max(initial=0)) + 1
    if n_bins < 2:
        return None
    before_n, after_n = (np.bincount(codes[own], minlength=n_bins) for own in (~after, after))
    p, q = (np.maximum(n / n.sum(), _FLOOR) for n in (before_n, after_n))
    psi = float(((q - p) * np.log(q / p)).sum())
    scale = 1 / before_n.sum() + 1 / after_n.sum()  # psi / scale is about chi-squared where nothing moved
    certain = bool(chi2.sf(psi / scale, n_bins - 1) < CERTAIN / n_looks)
    return Moved(name, psi, float((n_bins - 1) * scale), certain)


def _binned(column: pd.Series) -> npt.NDArray[np.intp]:
    """Give numbers to categories or fifths of the known values, and to what is missing; no bin is empty."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
    else:
        values = column.to_numpy(dtype=float)
        known = values[~np.isnan(values)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.array([])
        codes = np.where(np.isnan(values), 0, 1 + np.searchsorted(edges, np.nan_to_num(values), side="right"))
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)


def _later(material: Material) -> Later | LeftOut:
    rows, model = material.later, material.model
    if rows is None:
        return LeftOut("Registret har inga mätningar som kom efter modellens träning.")
    if len(np.unique(rows.clients)) < _FEWEST:
        return LeftOut(f"Färre än {_FEWEST} klienter har mätts efter modellens träning.")
    everyone = np.arange(len(rows))
    parts = [(everyone[~own], everyone[own]) for own in _thirds(rows.clients)]
    left = Left.of(rows, model.gains.encoding_, parts)
    gain = ratio(*products(left.changes, left.expected(model.gains, rows, everyone).in_all), rows.clients)
    part, known = rows.episodes, ~np.isnan(left.changes)
    predicted = model.gains.predict_without(rows.X) + model.gains.predict_mix(
        rows.X, part.doses, part.beside, part.covered
    )
    missed = np.abs(part.changes.to_numpy() - predicted)
    half = np.array([model.spread.half_widths(q, material.instrument.ranking) for q in part.spans["quarters"]])
    inside = np.where(known, missed <= half, 0.0).sum(axis=1)
    coverage = ratio(inside, known.sum(axis=1).astype(float), rows.clients)
    if gain is None or coverage is None:
        return LeftOut("De senare mätningarna säger inget om insatserna.")
    return Later(gain, coverage, len(rows))


def _thirds(clients: npt.NDArray[np.object_]) -> list[npt.NDArray[np.bool_]]:
    codes, _ = pd.factorize(clients)
    return [codes % 3 == part for part in range(3)]


def _loop(material: Material, trained_to: pd.Timestamp) -> Loop | LeftOut:
    begun = material.tables.participations
    parted_on = trained_to if (begun["started_on"] > trained_to).sum() >= _FEWEST_STARTS else None
    since = begun["started_on"].max() - pd.Timedelta(days=365) if parted_on is None else parted_on
    after = begun["started_on"] > since
    before = ~after & (begun["started_on"] > since - pd.Timedelta(days=365))
    n_before, n_after = int(before.sum()), int(after.sum())
    if min(n_before, n_after) < _FEWEST_STARTS:
        return LeftOut(f"Färre än {_FEWEST_STARTS} insatser började under något av de år som jämförs.")
    first, last = (_effective(begun.loc[own, "insats_id"]) for own in (before, after))
    return Loop(str(pd.Timestamp(since).date()), first, last, last / first - 1, n_before, n_after)


def _effective(ids: pd.Series) -> float:
    shares = ids.astype(str).value_counts(normalize=True)
    return float(1 / (shares**2).sum())
