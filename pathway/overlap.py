"""Whether history holds enough comparable people to say anything of an insats for this client: the right to speak.

Two limits decide: how many people had the insats, and how much of it somebody like the client was expected to have.
Both are held against what clients held out show (`settle`). Where less than half of the gains expected shows, silence
(no gain) is nearer the truth than the gain, and the limit moves until that is no longer so. The limits never fall below
where they start: in mock worlds gains of insatser that hardly anybody had were about as wrong as others, and mostly
nearer the truth than silence, since they lean on their type (`benchmarks/overlap_threshold.py`). But then they are said
of the type, and no measurement on so few people could tell if the insats were unlike it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.effects import GainModel
from pathway.evaluation import Resampled

Array = npt.NDArray[np.float64]

FEWEST_CLIENTS = 10  # fewer people behind an estimate than this, and the model says nothing about the insats
UNLIKE_BELOW = 0.02  # an expected dose below what 98 % of those who took part had: nobody like this took part
_CLIENTS = (1, FEWEST_CLIENTS, 20, 40, 80, 160)
_SHARES = (0.0, UNLIKE_BELOW, 0.05, 0.1, 0.2)
_HALF = 0.5  # of an expected gain: if less shows, no gain is nearer the truth


@dataclass(frozen=True)
class Limits:
    """Where the model falls silent, and what decided it.

    Attributes
    ----------
    fewest_clients
        People who must have had an insats.
    unlike_below
        Share of those who took part that may have had a smaller expected dose than somebody comparable.
    shown
        How much of an expected step shows, by people who had the insats and by that share, as plain data.
    """

    fewest_clients: int = FEWEST_CLIENTS
    unlike_below: float = UNLIKE_BELOW
    shown: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Support:
    """What history holds of each insats.

    Attributes
    ----------
    n_participations
        Periods in the insats that lie in an episode the model learned from.
    n_clients
        People who had them.
    least_expected_dose
        The dose that the person least likely to take part, among nearly all who did, was expected to have.
    fewest_clients, unlike_below
        As in `Limits`.
    """

    n_participations: Mapping[str, int]
    n_clients: Mapping[str, int]
    least_expected_dose: Mapping[str, float]
    fewest_clients: int = FEWEST_CLIENTS
    unlike_below: float = UNLIKE_BELOW


@dataclass(frozen=True)
class Comparable:
    """The model may speak; the estimate rests on this many participations."""

    n_participations: int


@dataclass(frozen=True)
class NoOverlap:
    """The model stays silent: ``few`` people had the insats, or nobody ``unlike`` others as this client is."""

    why: Literal["few", "unlike"]
    n_clients: int


def settle(
    products: Array, squares: Array, less_expected: Array, n_clients: npt.NDArray[np.intp], resampled: Resampled
) -> Limits:
    """Settle the limits by what clients held out show.

    A limit is raised to the highest step below which less than half of the expected gains shows: of what lies between
    the step and the one before, and of all from where the limit starts, there even at the upper end of a 90 % interval.

    Parameters
    ----------
    products, squares, less_expected
        As in `pathway.checks.Shown`, shape (n, K).
    n_clients
        People who had each insats, shape (K,).
    resampled
        The clients of the n rows.
    """

    def shown(cells: npt.NDArray[np.bool_]) -> dict[str, float]:
        return resampled.ratio((products * cells).sum(axis=1), (squares * cells).sum(axis=1))

    def refuted(values: npt.NDArray[Any], steps: Sequence[float], among: npt.NDArray[np.bool_] | bool) -> list[float]:
        """Give the steps below which gains do not show, together from the first one and mostly from the last one."""
        found = []
        for low, high in pairwise(steps):
            last, together = (among & _within(values, start, high) for start in (low, steps[0]))
            if (squares * last).any() and shown(last)["mean"] < _HALF and shown(together)["high"] < _HALF:
                found.append(high)
        return found

    people = np.broadcast_to(n_clients, squares.shape)
    spoken = people >= FEWEST_CLIENTS
    by_clients: list[dict[str, Any]] = [
        {"from": low, "to": high, "n_insatser": int(_within(n_clients, low, high).sum())}
        | shown(_within(people, low, high))
        for low, high in zip(_CLIENTS, (*_CLIENTS[1:], None), strict=True)
    ]
    by_likeness: list[dict[str, Any]] = [
        {"from": low, "to": high} | shown(spoken & _within(less_expected, low, high))
        for low, high in zip(_SHARES, (*_SHARES[1:], None), strict=True)
    ]
    fewest = int(max(refuted(people, _CLIENTS[1:], True), default=FEWEST_CLIENTS))
    unlike = max(refuted(less_expected, _SHARES[1:], people >= fewest), default=UNLIKE_BELOW)
    return Limits(fewest, unlike, {"by_clients": by_clients, "by_likeness": by_likeness})


def measure(
    model: GainModel,
    X: pd.DataFrame,
    doses: pd.DataFrame,
    clients: pd.Series,
    n: Mapping[str, int],
    limits: Limits | None = None,
) -> Support:
    """Measure the support of a fitted model in the rows it was trained on.

    Parameters
    ----------
    X, doses, clients
        Features (m, p), doses (m, K) and client of each training row.
    n
        Participations per insats.
    limits
        Where they start, by default.
    """
    limits = limits or Limits()
    expected = model.predict_dose(X)
    people, least = {}, {}
    for k, insats in enumerate(model.insatser_):
        had = doses[insats].to_numpy() > 0
        people[insats] = int(clients[had].nunique())
        least[insats] = float(np.quantile(expected[had, k], limits.unlike_below)) if had.any() else float("inf")
    counts = {insats: n.get(insats, 0) for insats in model.insatser_}
    return Support(counts, people, least, limits.fewest_clients, limits.unlike_below)


def judge(model: GainModel, support: Support, x: pd.DataFrame) -> dict[str, Comparable | NoOverlap]:
    """Judge every insats of the model for one client (one row of features)."""
    expected = dict(zip(model.insatser_, model.predict_dose(x)[0], strict=True))

    def of(insats: str) -> Comparable | NoOverlap:
        n_clients = support.n_clients[insats]
        if n_clients < support.fewest_clients:
            return NoOverlap("few", n_clients)
        if expected[insats] < support.least_expected_dose[insats]:
            return NoOverlap("unlike", n_clients)
        return Comparable(support.n_participations[insats])

    return {insats: of(insats) for insats in model.insatser_}


def lines(shown: Mapping[str, Any], support: Support) -> list[str]:
    """Word for a model card how the limits were settled (Markdown)."""

    def row(what: str, one: Mapping[str, Any]) -> str:
        return f"| {what} | {one['mean']:.2f} ({one['low']:.2f} to {one['high']:.2f}) |"

    return [
        f"Silent about insatser that fewer than {support.fewest_clients} people had, and about people whose expected",
        f"dose is less than {1 - support.unlike_below:.0%} of those who had the insats were expected to have. Where",
        "less than half of the gain expected shows for clients held out, silence is nearer the truth: a limit is",
        "raised where the upper end of the interval says so, and never falls below 10 people and 98 %.",
        "",
        "| people who had the insats | of each step expected, shown by clients held out (90 %) |",
        "|---|---|",
        *(row(f"{_span(one['from'], one['to'])} ({one['n_insatser']} insatser)", one) for one in shown["by_clients"]),
        "",
        "| share of those who had it who were expected to have less | of each step expected, shown (90 %) |",
        "|---|---|",
        *(row(_span(one["from"], one["to"], "%"), one) for one in shown["by_likeness"]),
    ]


def _within(values: npt.NDArray[Any], low: float, high: float | None) -> npt.NDArray[np.bool_]:
    return (values >= low) & (values < (np.inf if high is None else high))


def _span(low: float, high: float | None, unit: Literal["", "%"] = "") -> str:
    if unit:
        return f"{low:.0%} to {high:.0%}" if high else f"{low:.0%} or more"
    return f"{low} to {int(high) - 1}" if high else f"{low} or more"
