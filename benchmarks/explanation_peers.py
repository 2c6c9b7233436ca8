"""EconML's explanations of one insats's effect, for `benchmarks.explanations`; run by `benchmarks.peers`.

Only the peers' environment imports this. The dose of the insats is a continuous treatment, all else that ran and all
controls are `W`; nuisances are LightGBM with 100 trees of 7 leaves, cross-fitted in 5 parts by client.
"""

import warnings
from typing import Any

import numpy as np
from lightgbm import LGBMRegressor
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

Array = NDArray[np.float64]
_TREES: dict[str, Any] = {
    "n_estimators": 100, "learning_rate": 0.05, "num_leaves": 7, "num_threads": 1, "verbosity": -1, "random_state": 0,
}  # fmt: skip


def effect_parts(
    features: Array, controls: Array, dose: Array, change: Array, clients: Array, asked: Array, learner: str
) -> dict[str, Array]:
    """Give ``parts`` of shape (m, q): the learner's own `shap_values` of the effect for the rows asked about.

    Parameters
    ----------
    features, asked
        What the effect may differ by, shapes (n, q) and (m, q).
    learner
        ``LinearDML`` or ``CausalForestDML``.
    """
    from econml.dml import CausalForestDML, LinearDML

    warnings.filterwarnings("ignore")
    given: dict[str, Any] = {
        "model_y": LGBMRegressor(**_TREES), "model_t": LGBMRegressor(**_TREES), "cv": GroupKFold(5), "random_state": 0,
    }  # fmt: skip
    forest = learner == "CausalForestDML"
    model = CausalForestDML(**given, n_estimators=100, n_jobs=1) if forest else LinearDML(**given)
    model.fit(change, dose, X=features, W=controls, groups=clients)
    by_outcome = model.shap_values(asked)
    (by_treatment,) = by_outcome.values()
    (explained,) = by_treatment.values()
    return {"parts": np.asarray(explained.values, dtype=np.float64)}
