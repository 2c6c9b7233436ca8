"""Searches for a recipe by which gains foretell more of what clients held out show: Optuna's only door.

Clients kept apart (`pathway.apart`) are never looked at, so a model trained with the recipe can still be judged by
them. What is searched for is small: which features may change a gain, and how finely clients are parted while it is
learned. Trees foretell the course without insatser and move no gain.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
import pandas as pd
from threadpoolctl import threadpool_limits

from pathway import features
from pathway.catalogue import Catalogue
from pathway.comparison.looker import Looker
from pathway.episodes import Insatser
from pathway.evaluation import Resampled
from pathway.instrument import Instrument
from pathway.register import Register
from pathway.training import DEFAULT_RECIPE, Recipe, River

Array = npt.NDArray[np.float64]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "ratings": ("level_mean", "trend", "respondent_gap"),
    "background": ("age", "months_without_work", "education", "children_at_home"),
    "health": ("psychiatric_health", "pain_health", "other_health", "n_health_codes"),
    "history": ("n_earlier_insatser", "n_earlier_job_insatser"),
}
_PARTS = (3, 5, 8)


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Attributes
    ----------
    recipe
        The best one, with the digest of the clients that it was chosen by.
    trials
        Parameters of each trial and ``taken_away``: the share of the squared change, freed from what features foretell,
        that gains take away for clients held out. The first trial is the default recipe.
    better
        How much more the best recipe takes away than the default: mean, low and high of a 90 % interval. The best of
        many looks a little better than it is.
    n_clients
        Clients that were looked at.
    """

    recipe: Recipe
    trials: pd.DataFrame
    better: Mapping[str, float]
    n_clients: int


def search(
    register: Register,
    catalogue: Catalogue,
    instrument: Instrument,
    n_trials: int = 12,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tuned:
    """Search for a recipe; the same register, seed and number of trials give the same one.

    Parameters
    ----------
    n_trials
        At least 1; the first is the default recipe.
    """
    river = River(register.tables(), Insatser.of(catalogue), instrument)
    river.check()
    losses: list[Array] = []
    with threadpool_limits(1):
        river.weigh(seed)
        looker = Looker(river, seed)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        study.enqueue_trial({"n_folds": DEFAULT_RECIPE.n_folds, **dict.fromkeys(GROUPS, True)})

        def taken_away(trial: optuna.Trial) -> float:
            losses.append(looker.loss(_recipe(trial)))
            progress(len(losses), n_trials)
            return 1 - float(losses[-1].sum() / looker.unexplained.sum())

        study.optimize(taken_away, n_trials=n_trials)
    best = study.best_trial
    resampled = Resampled.of(looker.clients, seed)
    return Tuned(
        recipe=_recipe(best, looker.digest),
        trials=pd.DataFrame([one.params | {"taken_away": one.value} for one in study.trials]),
        better=resampled.ratio(losses[0] - losses[best.number], looker.unexplained),
        n_clients=looker.n_clients,
    )


def _recipe(trial: optuna.Trial | optuna.trial.FrozenTrial, digest: str = "") -> Recipe:
    parts = int(trial.suggest_categorical("n_folds", _PARTS))
    kept: list[Any] = [group for group in GROUPS if trial.suggest_categorical(group, (True, False))]
    modifiers = tuple(name for name in features.MODIFIERS if any(name in GROUPS[group] for group in kept))
    return Recipe(modifiers=modifiers, n_folds=parts, tuned_on=digest)
