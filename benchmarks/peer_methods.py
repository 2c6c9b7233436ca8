"""Other people's learners of the effect of one treatment, each behind the same call; run by `benchmarks.peers`.

Only the peers' environment imports this. EconML and CausalML leave the base model to their users: LightGBM A has its
own defaults, B suits small data. The propensity is LightGBM with 100 trees of 7 leaves, clipped at 0.02 where weights
divide by it; nuisances are cross-fitted in 5 parts. Metalearners 0.13.0 does not run with scikit-learn 1.9.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.typing import NDArray

Array = NDArray[np.float64]
Effect = Callable[[Array], Array]
Learner = Callable[[Array, Array, Array, str], Effect]  # x, treated, y, LightGBM setting
_ECONML = ("T", "X", "S", "DomainAdaptation", "LinearDML", "R (NonParamDML)", "CausalForestDML", "DR")
_CAUSALML = ("T", "X", "S", "R", "DR")
_SMALL_DATA = {
    "n_estimators": 300, "learning_rate": 0.05, "num_leaves": 7, "min_child_samples": 5, "reg_lambda": 1.0,
    "subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.8,
}  # fmt: skip
_LIGHTGBM: dict[str, dict[str, Any]] = {"A": {}, "B": _SMALL_DATA}
_QUIET = {"num_threads": 1, "verbosity": -1, "random_state": 0}
_LEAST_PROPENSITY = 0.02


def effects(X: Array, treated: Array, Y: Array, X_new: Array, learner: str, base: str) -> dict[str, Array]:
    """Fit a learner on each of R data sets and give its effects on the rows it was fitted on and on new ones.

    Parameters
    ----------
    X
        Shape (R, n, p).
    treated
        0 or 1, shape (R, n).
    Y
        Shape (R, n).
    X_new
        Shape (R, m, p).
    learner
        Library and learner, such as ``econml T``; a key of `LEARNERS`.
    base
        LightGBM setting, ``A`` or ``B``; learners without LightGBM leave it aside.

    Returns
    -------
    ``seen`` (R, n), ``new`` (R, m) and ``fit_seconds`` (R,), in CPU seconds
    """
    warnings.filterwarnings("ignore")
    seen, new, seconds = [], [], []
    for x, t, y, x_new in zip(X, treated, Y, X_new, strict=True):
        started = time.process_time()
        effect = LEARNERS[learner](x, t.astype(int), y, base)
        seconds.append(time.process_time() - started)
        seen.append(np.ravel(effect(x)))
        new.append(np.ravel(effect(x_new)) if len(x_new) else np.zeros(0))
    return {"seen": np.array(seen), "new": np.array(new), "fit_seconds": np.array(seconds)}


def _outcome(base: str) -> LGBMRegressor:
    return LGBMRegressor(**_LIGHTGBM[base], **_QUIET)


def _treatment() -> LGBMClassifier:
    return LGBMClassifier(n_estimators=100, learning_rate=0.05, num_leaves=7, min_child_samples=10, **_QUIET)


def _econml(name: str) -> Learner:
    def fit(x: Array, t: Array, y: Array, base: str) -> Effect:
        from econml import dml, dr, metalearners

        folds = {"cv": 5, "random_state": 0}
        residual = {"model_y": _outcome(base), "model_t": _treatment(), "discrete_treatment": True, **folds}
        doubly = {"model_regression": _outcome(base), "model_propensity": _treatment(), **folds}
        models = {
            "T": lambda: metalearners.TLearner(models=_outcome(base)),
            "X": lambda: metalearners.XLearner(models=_outcome(base), propensity_model=_treatment()),
            "S": lambda: metalearners.SLearner(overall_model=_outcome(base)),
            "DomainAdaptation": lambda: metalearners.DomainAdaptationLearner(
                models=_outcome(base), final_models=_outcome(base), propensity_model=_treatment()
            ),
            "LinearDML": lambda: dml.LinearDML(**residual),
            "R (NonParamDML)": lambda: dml.NonParamDML(**residual, model_final=_outcome(base)),
            "CausalForestDML": lambda: dml.CausalForestDML(**residual, n_estimators=500, n_jobs=1),
            "DR": lambda: dr.DRLearner(**doubly, model_final=_outcome(base), min_propensity=_LEAST_PROPENSITY),
        }
        model = models[name]()
        model.fit(y, t, X=x)
        return lambda rows: model.effect(rows)

    return fit


def _causalml(name: str) -> Learner:
    def fit(x: Array, t: Array, y: Array, base: str) -> Effect:
        from causalml.inference import meta
        from sklearn.model_selection import cross_val_predict

        model = getattr(meta, f"Base{name}Regressor")(learner=_outcome(base))
        if name in ("T", "S"):
            model.fit(x, t, y)
            return lambda rows: model.predict(rows)
        treatment = _treatment().fit(x, t)
        held_out = cross_val_predict(_treatment(), x, t, cv=5, method="predict_proba")[:, 1]
        model.fit(x, t, y, p=_clip(held_out), **({"seed": 0} if name == "DR" else {}))
        return lambda rows: model.predict(rows, p=_clip(treatment.predict_proba(rows)[:, 1]))

    return fit


def _clip(propensity: Array) -> Array:
    return np.clip(propensity, _LEAST_PROPENSITY, 1 - _LEAST_PROPENSITY)


def _ridge_t(x: Array, t: Array, y: Array, base: str) -> Effect:
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return _two_models(lambda: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13))), x, t, y)


def _gaussian_process_t(x: Array, t: Array, y: Array, base: str) -> Effect:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    kernel = ConstantKernel() * RBF(5.0, (0.1, 1e4)) + WhiteKernel()
    return _two_models(
        lambda: make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True)), x, t, y
    )


def _two_models(make: Callable[[], Any], x: Array, t: Array, y: Array) -> Effect:
    with_it, without_it = make().fit(x[t == 1], y[t == 1]), make().fit(x[t == 0], y[t == 0])
    return lambda rows: with_it.predict(rows) - without_it.predict(rows)


LEARNERS: dict[str, Learner] = {
    **{f"econml {name}": _econml(name) for name in _ECONML},
    **{f"causalml {name}": _causalml(name) for name in _CAUSALML},
    "T ridge": _ridge_t,
    "T Gaussian process": _gaussian_process_t,
}
