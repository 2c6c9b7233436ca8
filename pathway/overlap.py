"""Whether history holds enough comparable people to say anything of an insats for this client: the right to speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pathway.effects import GainModel

FEWEST_CLIENTS = 10  # people behind an estimate; below it the model says nothing about the insats
_UNLIKE_QUANTILE = 0.02  # an expected dose below what 98 % of those who took part had: nobody like this took part


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
    """

    n_participations: Mapping[str, int]
    n_clients: Mapping[str, int]
    least_expected_dose: Mapping[str, float]


@dataclass(frozen=True)
class Comparable:
    """The model may speak; the estimate rests on this many participations."""

    n_participations: int


@dataclass(frozen=True)
class NoOverlap:
    """The model stays silent: ``few`` people had the insats, or nobody ``unlike`` others as this client is."""

    why: Literal["few", "unlike"]
    n_clients: int


def measure(
    model: GainModel, X: pd.DataFrame, doses: pd.DataFrame, clients: pd.Series, n: Mapping[str, int]
) -> Support:
    """Measure the support of a fitted model in the rows it was trained on.

    Parameters
    ----------
    X, doses, clients
        Features (m, p), doses (m, K) and client of each training row.
    n
        Participations per insats.
    """
    expected = model.predict_dose(X)
    people, least = {}, {}
    for k, insats in enumerate(model.insatser_):
        had = doses[insats].to_numpy() > 0
        people[insats] = int(clients[had].nunique())
        least[insats] = float(np.quantile(expected[had, k], _UNLIKE_QUANTILE)) if had.any() else float("inf")
    return Support({insats: n.get(insats, 0) for insats in model.insatser_}, people, least)


def judge(model: GainModel, support: Support, x: pd.DataFrame) -> dict[str, Comparable | NoOverlap]:
    """Judge every insats of the model for one client (one row of features)."""
    expected = dict(zip(model.insatser_, model.predict_dose(x)[0], strict=True))

    def of(insats: str) -> Comparable | NoOverlap:
        n_clients = support.n_clients[insats]
        if n_clients < FEWEST_CLIENTS:
            return NoOverlap("few", n_clients)
        if expected[insats] < support.least_expected_dose[insats]:
            return NoOverlap("unlike", n_clients)
        return Comparable(support.n_participations[insats])

    return {insats: of(insats) for insats in model.insatser_}
