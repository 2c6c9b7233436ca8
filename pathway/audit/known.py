"""Holds gains against what is true, which can be known of people who do not exist and of nobody else.

The truth is handed to the audit by the command that was told where it lies. It is read after all has been learned, and
is never seen by anything that learns, nor by the desk.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pathway.audit.estimates import Estimate, LeftOut, or_nothing, ratio
from pathway.audit.material import Material
from pathway.errors import Mismatch

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
SAME_FOR_ALL, NOTHING = "same for all", "no gain"
_FEWEST = 3  # insatser that the model may speak of to a person, for their order to be judged
_ALIKE = 1e-9  # steps within which true gains are the same


@dataclass(frozen=True)
class Truth:
    """What is true of mock people.

    Attributes
    ----------
    insatser, indicators
        Ids along the axes of `gains`.
    clients
        Pseudonyms of those of whom it is known.
    gains
        Of clients at days of measurement, shape (n, K, J): steps that each insats alone truly gives in a quarter at
        dose 1, against nothing at all. Raises `ValueError` where there is no such measurement.
    """

    insatser: tuple[str, ...]
    indicators: tuple[str, ...]
    clients: frozenset[str]
    gains: Callable[[Sequence[str], Iterable[object]], Array]


@dataclass(frozen=True)
class Known:
    """How gains stand against the truth, for what the model may speak of to people at their last measurement.

    Attributes
    ----------
    n_clients, n_gains
        People, and gains (person, insats and indicator).
    errors
        Root mean squared error in steps: of the model, of the model's mean gain of each insats told to everybody, and
        of no gain at all.
    true_of_expected
        Of each step that the model expects, how much is true.
    rank
        Spearman's correlation between true and expected order of insatser for one person, gains summed over indicators.
    first, drawn
        Of the most that one insats can truly give a person, how much is given by the insats that the model puts first,
        and by one drawn by lot.
    sign, sign_where_sure
        Share of gains with the true sign: of all, and of those whose 90 % interval leaves zero out.
    upwards
        Share of gains that truly are above zero: what whoever always says "up" gets right.
    sure
        Share of gains whose interval leaves zero out.
    coverage, coverage_by_kind
        Share of 90 % intervals that hold the truth: in all, and by type of insats.
    """

    n_clients: int
    n_gains: int
    errors: Mapping[str, Estimate]
    true_of_expected: Estimate
    rank: Estimate | None
    first: Estimate
    drawn: Estimate
    sign: Estimate
    sign_where_sure: Estimate | None
    upwards: Estimate
    sure: Estimate
    coverage: Estimate
    coverage_by_kind: Mapping[str, Estimate]


def compare(material: Material, truth: Truth | None) -> Known | LeftOut:
    """Hold the gains of the folder's model against the truth.

    Raises
    ------
    Mismatch
        The truth is of other people than the register's.
    """
    if truth is None:
        return LeftOut("Sanningen är bara känd för påhittade personer, och granskningen fick den inte.")
    model = material.model.gains
    columns = [k for k, id in enumerate(model.insatser_) if id in truth.insatser]
    outcomes = [j for j, id in enumerate(model.outcomes_) if id in truth.indicators]
    kept = np.flatnonzero(material.present["client_id"].isin(truth.clients).to_numpy())
    if not len(kept) or not columns or not outcomes:
        raise Mismatch("the truth is of other people or insatser than the register's; give that of its own package")
    kept = np.sort(np.random.default_rng(material.seed).permutation(kept)[: material.most_clients])
    spoken = material.spoken[kept][:, columns]
    if spoken.sum() == 0:
        return LeftOut("Modellen får inte säga något till någon av de personer som sanningen är känd för.")
    X = material.present.iloc[kept]
    try:
        true = truth.gains(X["client_id"].tolist(), X["as_of"].dt.date)
    except ValueError:
        raise Mismatch(
            "the truth lacks measurements of the register; give that of the register's own package"
        ) from None
    true = true[:, [truth.insatser.index(model.insatser_[k]) for k in columns]]
    true = true[:, :, [truth.indicators.index(model.outcomes_[j]) for j in outcomes]]
    ends = model.predict_interval(X)[:, columns][:, :, outcomes]
    kinds = [str(material.insatser.types.get(model.insatser_[k], "")) for k in columns]
    return _compared(X["client_id"].to_numpy(), spoken, true, ends, kinds)


def _compared(clients: npt.NDArray[Any], spoken: Bools, true: Array, ends: Array, kinds: Sequence[str]) -> Known:
    """Sum up, given true gains (n, K, J) and the ends of the intervals of expected ones (n, K, J, 2)."""
    told, low, high = ends.mean(axis=3), ends[..., 0], ends[..., 1]
    n_people = spoken.sum(axis=0)
    mean = np.where(spoken[:, :, None], told, 0.0).sum(axis=0) / np.maximum(n_people, 1)[:, None]
    inside, right, sure = (low <= true) & (true <= high), np.sign(told) == np.sign(true), (low > 0) | (high < 0)

    def share(above: Array | Bools, below: Array | Bools | None = None, of: Bools = spoken) -> Estimate | None:
        whole = np.ones(true.shape) if below is None else below
        sums = [np.where(of[:, :, None], part, 0.0).sum(axis=(1, 2)) for part in (above, whole)]
        return ratio(sums[0], sums[1], clients)

    best, first, drawn = _choices(told.sum(axis=2), true.sum(axis=2), spoken)
    methods = {"model": told, SAME_FOR_ALL: np.broadcast_to(mean, told.shape), NOTHING: np.zeros_like(told)}
    of_kinds = {kind: spoken & (np.array(kinds) == kind) for kind in dict.fromkeys(kinds)}
    by_kind = {kind: share(inside, of=of) for kind, of in of_kinds.items()}
    return Known(
        n_clients=int(spoken.any(axis=1).sum()),
        n_gains=int(spoken.sum()) * true.shape[2],
        errors={name: _root(or_nothing(share((gains - true) ** 2))) for name, gains in methods.items()},
        true_of_expected=or_nothing(share(told * true, told**2)),
        rank=_order(told.sum(axis=2), true.sum(axis=2), spoken, clients),
        first=or_nothing(ratio(first, best, clients)),
        drawn=or_nothing(ratio(drawn, best, clients)),
        sign=or_nothing(share(right)),
        sign_where_sure=share(right & sure, sure),
        upwards=or_nothing(share(true > 0)),
        sure=or_nothing(share(sure)),
        coverage=or_nothing(share(inside)),
        coverage_by_kind={kind: one for kind, one in by_kind.items() if one},
    )


def _choices(told: Array, true: Array, spoken: Bools) -> tuple[Array, Array, Array]:
    """Give each person's truly best gain, that of the insats expected to give most, and the mean; shapes (n,).

    To have none is a choice, too: it gives nothing.
    """
    rows, some = np.arange(len(told)), spoken.any(axis=1)
    at = np.where(spoken, told, -np.inf).argmax(axis=1)
    best = np.where(spoken, true, 0.0).max(axis=1, initial=0.0)
    first = np.where(some & (told[rows, at] > 0), true[rows, at], 0.0)
    drawn = np.where(spoken, true, 0.0).sum(axis=1) / np.maximum(spoken.sum(axis=1), 1)
    return best, first, drawn


def _order(told: Array, true: Array, spoken: Bools, clients: npt.NDArray[Any]) -> Estimate | None:
    found = np.full(len(told), np.nan)
    for row, own in enumerate(spoken):
        if own.sum() >= _FEWEST and np.ptp(true[row, own]) > _ALIKE:
            a, b = (rankdata(np.round(gains[row, own], 9)) for gains in (told, true))
            found[row] = np.corrcoef(a, b)[0, 1] if np.ptp(a) > 0 else 0.0
    known = ~np.isnan(found)
    return ratio(found[known], np.ones(int(known.sum())), clients[known])


def _root(one: Estimate) -> Estimate:
    return Estimate(
        float(np.sqrt(one.mean)), float(np.sqrt(max(one.low, 0.0))), float(np.sqrt(one.high)), one.n_clients
    )
