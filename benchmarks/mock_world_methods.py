"""Methods that say what insatser bring, for `benchmarks.mock_worlds`: the product, its rivals, and what bounds them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks import mock_world_bounds, peers
from pathway.overlap import FEWEST_CLIENTS

if TYPE_CHECKING:
    from benchmarks.mock_worlds import World

Floats = npt.NDArray[np.float64]

OURS, TUNED, INFORMED = "the product", "S-LightGBM, tuned", "informed"
_ONE_THREAD: dict[str, Any] = {"num_threads": 1, "verbosity": -1, "seed": 0, "deterministic": True}
_TUNED = {"learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 20, "lambda_l2": 1.0}
_DIFFERENCE = 0.05  # standard deviation that true strengths are believed to have, in steps
_STEPS_OF_AN_AVERAGE_INSATS = 0.2  # popularity knows no steps; so many a quarter let plans be filled but not the scale


@dataclass(frozen=True)
class Answer:
    """What a method says of the people asked about.

    Attributes
    ----------
    alone, beside
        Gain in a quarter at dose 1, and what is added to it beside a job-oriented insats: shapes (m, K, J).
    in_steps
        Whether the gains are steps, or only tell which insats comes before which.
    """

    alone: Floats
    beside: Floats
    in_steps: bool = True


@dataclass(frozen=True)
class Method:
    """A method by its name in tables; peers run in an environment of their own."""

    name: str
    ask: "Callable[[World], Answer]"
    is_peer: bool = False


def _the_product(world: "World") -> Answer:
    x, k = world.asked(), slice(0, len(world.truth.insatser))
    return Answer(world.model.predict_added(x)[:, k], world.model.predict_interplay(x)[:, k])


def _the_same_for_all(world: "World", gains: Floats, beside: Floats | None = None) -> Answer:
    """Give everybody gains of shape (K, J)."""
    alone = np.tile(gains, (len(world.test), 1, 1))
    return Answer(alone, np.zeros_like(alone) if beside is None else np.tile(beside, (len(world.test), 1, 1)))


def _averages(world: "World") -> Answer:
    """Take the mean change of those who had an insats, less that of everybody; 0 where nobody had it."""
    had, changes = world.doses(world.train) > 0, world.changes(world.train)
    known = ~np.isnan(changes)
    n = had.T.astype(float) @ known
    means = (had.T @ np.where(known, changes, 0.0)) / np.maximum(n, 1)
    return _the_same_for_all(world, np.where(n > 0, means - np.nanmean(changes, axis=0), 0.0))


def _popularity(world: "World") -> Answer:
    """Take for a gain the dose that people with the same features have had on average."""
    dose = np.maximum(world.model.predict_dose(world.asked())[:, : len(world.truth.insatser)], 0.0)
    n_outcomes = world.true.alone.shape[2]
    alone = np.repeat(dose[:, :, None] / dose.mean() * _STEPS_OF_AN_AVERAGE_INSATS / n_outcomes, n_outcomes, axis=2)
    return Answer(alone, np.zeros_like(alone), in_steps=False)


# -- S-learners


def _s_learner(settings: dict[str, Any], n_trees: int) -> "Callable[[World], Answer]":
    """Boosted trees from features and doses to the level afterwards; an insats is worth what its column changes."""

    def ask(world: "World") -> Answer:
        import lightgbm

        encoding, start = world.model.encoding_, world.X(world.train)
        seen = np.column_stack([encoding.tree_values(start), world.doses(world.train)])
        people, changes = encoding.tree_values(world.asked()), world.changes(world.train)
        answer = Answer(np.zeros_like(world.true.alone), np.zeros_like(world.true.beside))
        anchor = int(np.argmax(np.where(world.is_job, world.n_clients, -1)))
        for j, outcome in enumerate(world.truth.indicators):
            after = changes[:, j] + start[f"level_{outcome}"].to_numpy()
            known = ~np.isnan(after)
            data = lightgbm.Dataset(seen[known], after[known], params={"verbosity": -1})
            trees = lightgbm.train({"objective": "regression"} | settings | _ONE_THREAD, data, n_trees)
            _toggle(trees, people, world.is_job, anchor, answer.alone[:, :, j], answer.beside[:, :, j])
        return answer

    return ask


def _toggle(
    trees: Any, people: Floats, is_job: npt.NDArray[np.bool_], anchor: int, alone: Floats, beside: Floats
) -> None:
    """Fill in what a dose of 1 changes in an empty mix, and how much more beside the commonest job-oriented insats."""
    n_insatser = len(is_job)
    used = np.flatnonzero(trees.feature_importance()[people.shape[1] :] > 0)  # the others change nothing
    mixes = np.zeros((len(used) + 1, 2, n_insatser))
    mixes[:, 1, anchor] = 1.0
    mixes[np.arange(len(used)), :, used] = 1.0
    mixes = mixes.reshape(-1, n_insatser)
    rows = np.column_stack([np.repeat(people, len(mixes), axis=0), np.tile(mixes, (len(people), 1))])
    told = np.asarray(trees.predict(rows, num_threads=1)).reshape(len(people), len(used) + 1, 2)
    gains = told[:, :-1] - told[:, [-1]]
    alone[:, used] = gains[:, :, 0]
    beside[:, used] = np.where(is_job[used], 0.0, gains[:, :, 1] - gains[:, :, 0])


# -- peers in an environment of their own


def _peer(method: str) -> "Callable[[World], Answer]":
    """Let econml estimate one effect per insats that ten people had; the others get the mean of those."""

    def ask(world: "World") -> Answer:
        changes, enough = world.changes(world.train), world.n_clients >= FEWEST_CLIENTS
        arrays = {
            "controls": world.model.encoding_.controls(world.X(world.train)),
            "doses": world.doses(world.train)[:, enough],
            "changes": np.where(np.isnan(changes), np.nanmean(changes, axis=0), changes),
            "clients": np.unique(world.clients(world.train), return_inverse=True)[1],
        }
        told = peers.run("benchmarks.mock_peers", method, arrays)["gains"]
        gains = np.tile(told.mean(axis=0), (len(enough), 1))
        gains[enough] = told
        return _the_same_for_all(world, gains)

    return ask


# -- what bounds them all


def _true_averages(world: "World") -> Answer:
    return _the_same_for_all(world, world.true.alone.mean(axis=0), world.true.beside.mean(axis=0))


METHODS = {
    "gain-model": Method(OURS, _the_product),
    "s-tuned": Method(TUNED, _s_learner(_TUNED, 250)),
    "s-default": Method("S-LightGBM, defaults", _s_learner({}, 100)),
    "linear-dml": Method("econml LinearDML", _peer("linear_dml"), is_peer=True),
    "linear-dr": Method("econml LinearDRLearner", _peer("linear_dr"), is_peer=True),
    "averages": Method("averages", _averages),
    "popularity": Method("popularity", _popularity),
    "informed": Method(INFORMED, lambda world: Answer(*mock_world_bounds.informed(world))),
    "simulator": Method("told how the simulator draws", lambda world: Answer(*mock_world_bounds.simulator(world))),
    "true-averages": Method("true averages", _true_averages),
}
