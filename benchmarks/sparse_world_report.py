"""Tells how well methods find what many sparse insatser do, in the worlds of `benchmarks.sparse_world`.

    .venv/bin/python -m benchmarks.sparse_world_report                    # six worlds, three minutes
    .venv/bin/python -m benchmarks.sparse_world_report --worlds 2 --methods zero gain-model
    .venv/bin/python -m benchmarks.sparse_world_report --worlds 1 --without dropout --insatser 200
    .venv/bin/python -m benchmarks.sparse_world_report --worlds 1 --with hidden_motivation
    .venv/bin/python -m benchmarks.sparse_world_report --worlds 1 --methods zero linear-dml linear-dr

First comes what describes the worlds beside the figures they were made to resemble (means over worlds), then a line for
each method: the error (PEHE, root mean square over client × insats of the gain summed over the outcomes), the same for
the third of the insatser with fewest rows, bias, slope of truth on prediction, Spearman's rank correlation within
client, the true gain of the insats ranked first, error and value when added next to the commonest job-oriented insats,
the share of 90 % intervals (client × insats × outcome) that hold the truth, and CPU seconds of one thread to fit, and
to predict 400 clients × 60 insatser × 11 outcomes both alone and beside. Last, differences from the tuned S-learner,
paired by world, with standard errors. The S-learner's settings were chosen, with the truth at hand, in the worlds 100
to 102, which are not reported.
"""

import argparse
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from benchmarks import peers, sparse_world
from benchmarks.sparse_world import BACKGROUND, HISTORY, OUTCOMES, World
from pathway.effects import GainModel

Floats = npt.NDArray[np.float64]

LEVELS = [f"level_{outcome}" for outcome in OUTCOMES]
S_LEARNER = {
    "objective": "regression", "learning_rate": 0.05, "num_leaves": 7, "min_data_in_leaf": 50, "lambda_l2": 1.0,
    "feature_fraction": 0.4, "num_threads": 1, "seed": 0, "deterministic": True, "verbosity": -1,
}  # fmt: skip
S_LEARNER_TREES = 250
TUNED = "S-LightGBM tuned"
PUBLISHED = {
    "rows": 11046, "rows per insats, median": 140, "insatser at once": 1.6, "with none": 0.25, "with four": 0.13,
    "correlation of first rating and change": -0.42,
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a method says of the test clients.

    Attributes
    ----------
    alone, beside
        Gains of each insats alone and next to the job-oriented one, shape (m, K, J), or (m, K, 1) for their sum.
    intervals
        Of `alone`, shape (m, K, J, 2), where the method gives any.
    fit_s
        CPU seconds to fit, where that was in another process.
    """

    alone: Floats
    beside: Floats
    intervals: Floats | None = None
    fit_s: float | None = None


Method = Callable[[World], Callable[[], Answer]]  # fits, and gives what predicts


def predict_nothing(world: World) -> Callable[[], Answer]:
    return _same_for_all(world, np.zeros(world.A.shape[1]))


def average_changes(world: World) -> Callable[[], Answer]:
    """Take the mean change of those who had an insats, less that of everybody."""
    total, doses = world.Y.sum(axis=1).to_numpy(), world.A.to_numpy()
    return _same_for_all(world, (total @ doses) / np.maximum(doses.sum(axis=0), 1) - total.mean())


def fit_least_squares(world: World) -> Callable[[], Answer]:
    controls = _numbers(world.X[_features()])
    design = np.column_stack([world.A, controls, np.ones(len(controls))])
    slopes = np.linalg.lstsq(design, world.Y.sum(axis=1).to_numpy(), rcond=None)[0]
    return _same_for_all(world, slopes[: world.A.shape[1]])


def fit_s_learner(world: World, history: bool = False) -> Callable[[], Answer]:
    """Boosted trees from features and all doses to the next rating; an insats is worth what its column changes."""
    import lightgbm

    columns = _features(history)
    seen = np.column_stack([world.A, _numbers(world.X[columns])])
    after = world.X[LEVELS].to_numpy() + world.Y.to_numpy()
    trees = [
        lightgbm.train(S_LEARNER, lightgbm.Dataset(seen, after[:, j]), S_LEARNER_TREES) for j in range(len(OUTCOMES))
    ]

    def predict() -> Answer:
        people, n_insatser = _numbers(world.test_X[columns]), world.A.shape[1]
        gains = []
        for base in (np.zeros((len(people), n_insatser)), world.running()):
            doses = np.repeat(base[:, None, :], n_insatser + 1, axis=1)
            doses[:, np.arange(n_insatser), np.arange(n_insatser)] = 1.0
            asked = np.concatenate([doses, np.repeat(people[:, None, :], n_insatser + 1, axis=1)], axis=2)
            flat = asked.reshape(-1, asked.shape[2])
            told = np.stack([np.asarray(tree.predict(flat, num_threads=1)) for tree in trees], axis=-1)
            told = told.reshape(len(people), n_insatser + 1, -1)
            gains.append(told[:, :-1] - told[:, [-1]])
        return Answer(*gains)

    return predict


def fit_gain_model(world: World) -> Callable[[], Answer]:
    model = GainModel(random_state=0).fit(**world.given())
    return lambda: Answer(
        model.predict_gain(world.test_X),
        model.predict_gain(world.test_X, beside=world.running()),
        model.predict_interval(world.test_X),
    )


def ask_peer(world: World, method: str) -> Callable[[], Answer]:
    arrays = {
        "controls": _numbers(world.X[_features(history=True)].fillna(0.0)),  # nothing earlier: a count says so
        "doses": world.A.to_numpy(),
        "changes": world.Y.to_numpy(),
        "clients": world.clients,
    }
    told = peers.run("benchmarks.sparse_peers", method, arrays)
    return _same_for_all(world, told["gains"].sum(axis=1), float(told["fit_seconds"]))


METHODS: dict[str, tuple[str, Method]] = {
    "zero": ("zero effect", predict_nothing),
    "averages": ("mean change per insats", average_changes),
    "least-squares": ("OLS multi-hot + controls", fit_least_squares),
    "s-learner": (TUNED, fit_s_learner),
    "s-learner-history": ("S-LightGBM + history", lambda world: fit_s_learner(world, history=True)),
    "gain-model": ("GainModel, as it comes", fit_gain_model),
    "linear-dml": ("econml LinearDML", lambda world: ask_peer(world, "linear_dml")),
    "linear-dr": ("econml LinearDRLearner", lambda world: ask_peer(world, "linear_dr")),
}


def _features(history: bool = False) -> list[str]:
    return [*LEVELS, "level_mean", "quarters", "season", *BACKGROUND, *(HISTORY if history else ())]


def _numbers(features: pd.DataFrame) -> Floats:
    numbers: Floats = pd.get_dummies(features, drop_first=True).to_numpy(dtype=np.float64)
    return numbers


def _same_for_all(world: World, totals: Floats, fit_s: float | None = None) -> Callable[[], Answer]:
    gains = np.tile(totals[None, :, None], (len(world.test_X), 1, 1))
    return lambda: Answer(gains, gains, fit_s=fit_s)


def measure(world: World, method: Method) -> dict[str, float]:
    """Fit one method in one world and hold it against the truth."""
    started = time.process_time()
    predict = method(world)
    fitted = time.process_time()
    answer = predict()
    done = time.process_time()
    others = np.arange(world.A.shape[1]) != world.job
    true, told = world.alone.sum(axis=2), answer.alone.sum(axis=2)
    true_beside, told_beside = world.beside.sum(axis=2)[:, others], answer.beside.sum(axis=2)[:, others]
    rare = np.argsort(world.A.sum(axis=0).to_numpy(), kind="stable")[: len(others) // 3]
    told_anything = told.std() > 0
    slope = np.cov(told.ravel(), true.ravel())[0, 1] / told.var(ddof=1) if told_anything else np.nan
    held = np.nan
    if answer.intervals is not None:
        low, high = np.moveaxis(answer.intervals, -1, 0)
        held = float(np.mean((low <= world.alone) & (world.alone <= high)))
    return {
        "PEHE": _rms(told - true),
        "rare third": _rms((told - true)[:, rare]),
        "bias": float(np.mean(told - true)),
        "slope": float(slope),
        "rank": _rank_correlation(true, told) if told_anything else 0.0,
        "value": _value_of_pick(true, told),
        "PEHE job": _rms(told_beside - true_beside),
        "value job": _value_of_pick(true_beside, told_beside),
        "cover": held,
        "fit s": fitted - started if answer.fit_s is None else answer.fit_s,
        "predict s": done - fitted,
    }


def describe(world: World) -> dict[str, float]:
    """Give what the published figures tell of a world, and the most that a pick could bring."""
    at_once, rows = world.A.sum(axis=1), world.A.sum(axis=0)
    correlations = [
        np.corrcoef(world.X[level], world.Y[outcome])[0, 1] for level, outcome in zip(LEVELS, OUTCOMES, strict=True)
    ]
    return {
        "rows": len(world.A),
        "rows per insats, median": float(rows.median()),
        "rows per insats, fewest": float(rows.min()),
        "insatser at once": float(at_once.mean()),
        "with none": float((at_once == 0).mean()),
        "with four": float((at_once >= 4).mean()),
        "correlation of first rating and change": float(np.mean(correlations)),
        "value of the best pick": float(world.alone.sum(axis=2).max(axis=1).mean()),
        "value of the best pick beside": float(world.beside.sum(axis=2).max(axis=1).mean()),
    }


def _rms(error: Floats) -> float:
    return float(np.sqrt(np.mean(error**2)))


def _value_of_pick(true: Floats, told: Floats) -> float:
    """Average the true gain of what is told to be best; where all is told alike, of any."""
    best = told == told.max(axis=1, keepdims=True)
    return float(np.mean((true * best).sum(axis=1) / best.sum(axis=1)))


def _rank_correlation(true: Floats, told: Floats) -> float:
    ranks = [rankdata(gains, axis=1) for gains in (true, told)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    return float(np.mean((a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))))


def _standard_error(values: pd.Series) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def _paired(table: pd.DataFrame) -> Iterator[str]:
    """Say how each method differs from the tuned S-learner in the same worlds."""
    for method in table["method"].unique():
        if method == TUNED:
            continue
        parts = []
        for name, better in (("PEHE", -1), ("rank", 1), ("PEHE job", -1)):
            wide = table.pivot(index="world", columns="method", values=name)
            more = wide[method] - wide[TUNED]
            parts.append(f"{name} {more.mean():+.3f} ± {_standard_error(more):.3f} ({(better * more > 0).sum()})")
        yield f"  {method:26} {' · '.join(parts)}"


def main() -> None:
    parameters = inspect.signature(sparse_world.draw).parameters
    switches = [name for name, parameter in parameters.items() if isinstance(parameter.default, bool)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=6, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0, help="seed of the first world")
    parser.add_argument("--clients", type=int, default=3000)
    parser.add_argument("--insatser", type=int, default=60)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS)[:-2])
    parser.add_argument("--without", nargs="+", choices=switches, default=[], help="hazards to switch off")
    parser.add_argument("--with", nargs="+", choices=switches, default=[], dest="added", help="hazards to switch on")
    chosen = parser.parse_args()
    hazards: dict[str, Any] = dict.fromkeys(chosen.without, False) | dict.fromkeys(chosen.added, True)
    seen, rows = [], []
    with threadpool_limits(1):
        for seed in range(chosen.first, chosen.first + chosen.worlds):
            world = sparse_world.draw(seed, chosen.clients, chosen.insatser, **hazards)
            seen.append(describe(world))
            for key in chosen.methods:
                name, method = METHODS[key]
                rows.append({"world": seed, "method": name} | measure(world, method))
    for name, value in pd.DataFrame(seen).mean().items():
        published = f"   (published {PUBLISHED[str(name)]:g})" if str(name) in PUBLISHED else ""
        print(f"{name:40} {value:10.2f}{published}")
    table = pd.DataFrame(rows)
    means = table.drop(columns="world").groupby("method", sort=False).mean()
    print("\n" + means.round(3).to_string(na_rep="–"))
    if chosen.worlds > 1:
        errors = table.groupby("method", sort=False)["PEHE"].agg(_standard_error)
        print("\nstandard error of PEHE: " + " · ".join(f"{name} {error:.3f}" for name, error in errors.items()))
    if chosen.worlds > 1 and TUNED in means.index:
        print(f"\nDifference from {TUNED}, paired by world: mean ± standard error (worlds in which better)")
        print("\n".join(_paired(table)))


if __name__ == "__main__":
    main()
