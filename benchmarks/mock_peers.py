"""EconML's learners of many treatments, for `benchmarks.mock_worlds`; run by `benchmarks.peers`.

Only the peers' environment imports this. LinearDML takes all insatser at once, as a vector of doses. LinearDRLearner
knows one arm for a row: the insats with the largest dose. Both estimate one effect for everybody. Nuisances are
LightGBM with 100 trees of 7 leaves, cross-fitted in 5 parts by client.
"""

import warnings
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.multioutput import MultiOutputRegressor

Array = NDArray[np.float64]
_TREES: dict[str, Any] = {
    "n_estimators": 100, "learning_rate": 0.05, "num_leaves": 7, "num_threads": 1, "verbosity": -1, "random_state": 0,
}  # fmt: skip
_TREES_OF_A_CLASS = 30  # there are as many classes as insatser


def linear_dml(controls: Array, doses: Array, changes: Array, clients: Array) -> dict[str, Array]:
    """Estimate the effect of a dose of 1 of each insats on each outcome: ``gains`` of shape (K, J)."""
    from econml.dml import LinearDML

    warnings.filterwarnings("ignore")
    many = MultiOutputRegressor(LGBMRegressor(**_TREES))
    model = LinearDML(model_y=many, model_t=many, cv=GroupKFold(5), random_state=0)
    model.fit(changes, doses, W=controls, groups=clients, inference=None)
    return {"gains": model.const_marginal_effect().reshape(changes.shape[1], doses.shape[1]).T}


def linear_dr(controls: Array, doses: Array, changes: Array, clients: Array) -> dict[str, Array]:
    """Estimate the effect of each insats, at the dose that people mostly had it in, on each outcome: ``gains`` (K, J).

    The effect on the sum of the outcomes is estimated once and spread evenly, for time's sake.
    """
    from econml.dr import LinearDRLearner

    warnings.filterwarnings("ignore")
    arm = np.where(doses.any(axis=1), 1 + np.argmax(doses, axis=1), 0)
    model = LinearDRLearner(
        model_propensity=LGBMClassifier(**_TREES | {"n_estimators": _TREES_OF_A_CLASS}),
        model_regression=LGBMRegressor(**_TREES),
        cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
        min_propensity=0.02,
        random_state=0,
    )
    model.fit(changes.sum(axis=1), arm, W=controls, groups=clients, inference=None)
    gains = model.const_marginal_effect().reshape(-1, 1)
    return {"gains": np.repeat(gains / changes.shape[1], changes.shape[1], axis=1)}
