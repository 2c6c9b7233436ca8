"""The chance that something happens, foretold by logistic regressions that have not seen the client."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FOLDS = 5
STRENGTHS = (1.0, 0.1, 0.01, 1e-3, 1e-4)  # scikit-learn's C for standardised columns, from free to nearly nothing


@dataclass(frozen=True)
class Foretold:
    """Chances from outside each client's own fold, and how freely the regressions were fitted.

    Attributes
    ----------
    chance
        Of each row, between 0 and 1; shape (n,).
    strength
        The one of `STRENGTHS` whose chances had the lowest log loss.
    """

    chance: Array
    strength: float


def foretell(design: Array, happened: Flags, known: Flags, clients: npt.NDArray[Any], seed: int) -> Foretold:
    """Foretell the chance for every row, each by a regression on other clients' known rows.

    Where nothing in the design says anything, a low strength makes all chances alike.

    Parameters
    ----------
    design
        Numbers without gaps, shape (n, p); columns of one scale (`standardised`).
    known
        Rows of which it is known whether it happened; chances are given for the others too.

    Raises
    ------
    ValueError
        Fewer clients than folds, or a fold leaves no row, or only rows of one kind, to learn from.
    """
    folds = list(GroupKFold(FOLDS, shuffle=True, random_state=seed).split(design, groups=clients))
    found = []
    for strength in STRENGTHS:
        chance = np.zeros(len(design))
        for others, own in folds:
            learn = others[known[others]]
            chance[own] = fit(design[learn], happened[learn], strength).predict_proba(design[own])[:, 1]
        found.append((log_loss(happened[known], chance[known]), Foretold(chance, strength)))
    return min(found, key=lambda one: one[0])[1]


def fit(design: Array, happened: Flags, strength: float, counts: Array | None = None) -> LogisticRegression:
    """Fit one regression; `counts` says how many times each row counts, once by default."""
    return LogisticRegression(C=strength, solver="newton-cholesky").fit(design, happened, sample_weight=counts)


def in_numbers(X: pd.DataFrame) -> pd.DataFrame:
    """Give features as numbers without gaps: a column per category, medians where missing, and a column saying so."""
    numbers = pd.get_dummies(X, dtype=float)
    missing = numbers.isna()
    flags = missing.loc[:, missing.any()].add_suffix("_is_missing").astype(float)
    return pd.concat([numbers.fillna(numbers.median()).fillna(0.0), flags], axis=1)


def standardised(values: Array) -> Array:
    """Give columns mean 0 and standard deviation 1; those that never vary are left out."""
    sd = values.std(axis=0)
    varies = sd > 1e-9 * (1 + np.abs(values).max(axis=0, initial=0.0))
    result: Array = (values[:, varies] - values[:, varies].mean(axis=0)) / sd[varies]
    return result
