"""EconML's learners of many treatments, for `benchmarks.sparse_world_report`; run by `benchmarks.peers`.

Only the peers' environment imports this. LinearDML takes all insatser at once, as a vector of doses. LinearDRLearner
knows one arm for a row: where several insatser run, the one with fewest rows, so that no arm loses what little it has.
Both estimate one effect for everybody: with effects that differ, LinearDML at 60 insatser is further off, and needs
gigabytes.
"""

import time
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


def linear_dml(controls: Array, doses: Array, changes: Array, clients: Array) -> dict[str, Array]:
    """Estimate the effect of each insats on each outcome, ``gains`` of shape (K, J), and ``fit_seconds``."""
    from econml.dml import LinearDML

    warnings.filterwarnings("ignore")
    started = time.process_time()
    many = MultiOutputRegressor(LGBMRegressor(**_TREES))
    model = LinearDML(model_y=many, model_t=many, cv=GroupKFold(5), random_state=0)
    model.fit(changes, doses, W=controls, groups=clients, inference=None)
    return _answer(model.const_marginal_effect().reshape(changes.shape[1], doses.shape[1]).T, started)


def linear_dr(controls: Array, doses: Array, changes: Array, clients: Array) -> dict[str, Array]:
    """Estimate the effect of each insats on the sum of the outcomes, ``gains`` of shape (K, 1), and ``fit_seconds``."""
    from econml.dr import LinearDRLearner

    warnings.filterwarnings("ignore")
    started = time.process_time()
    rows = doses.sum(axis=0)
    arm = np.where(doses.any(axis=1), 1 + np.argmin(np.where(doses > 0, rows, np.inf), axis=1), 0)
    model = LinearDRLearner(
        model_propensity=LGBMClassifier(**_TREES | {"n_estimators": 30}),
        model_regression=LGBMRegressor(**_TREES),
        cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
        min_propensity=0.02,
        random_state=0,
    )
    model.fit(changes.sum(axis=1), arm, W=controls, groups=clients, inference=None)
    return _answer(model.const_marginal_effect().reshape(-1, 1), started)


def _answer(gains: Array, started: float) -> dict[str, Array]:
    return {"gains": gains, "fit_seconds": np.array(time.process_time() - started)}
