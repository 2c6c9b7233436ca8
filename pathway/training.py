"""Walks the learning river once: register, episodes, features, effects, evaluation, model."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from pathway import (
    __version__,
    apart,
    checks,
    course,
    episodes,
    evaluation,
    features,
    leaving,
    outcomelink,
    overlap,
    subgroups,
)
from pathway.catalogue import Catalogue
from pathway.checks import Fold, Rows
from pathway.effects import GainModel
from pathway.episodes import Episodes, Insatser
from pathway.errors import Mismatch, TooLittleData
from pathway.evaluation import MODEL, HeldOut, Resampled
from pathway.instrument import Instrument
from pathway.modelfolder import Model, Training
from pathway.modelfolder.secrecy import of_very_few_nothing
from pathway.register import Register, Tables

Array = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]

FEWEST_CLIENTS, FEWEST_CHANGES = 50, 100
_FOLDS = 5
_STEPS_AHEAD = (1, 2, 3, 4)  # forecasts are judged this many measurements ahead


@dataclass(frozen=True)
class Recipe:
    """What a data scientist may choose of the gain model.

    Attributes
    ----------
    modifiers
        Features that may change a gain, some of `features.MODIFIERS`.
    n_trees, n_folds
        As in `pathway.effects.GainModel`.
    tuned_on
        Digest of the clients whose figures decided all this (`pathway.apart.digest`); empty where nobody looked.
    """

    modifiers: tuple[str, ...] = features.MODIFIERS
    n_trees: int = 100
    n_folds: int = 5
    tuned_on: str = ""

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.modifiers) - set(features.MODIFIERS)):
            raise ValueError(f"modifiers: {unknown[0]} may never change a gain")


DEFAULT_RECIPE = Recipe()


def train(
    register: Register,
    catalogue: Catalogue,
    instrument: Instrument,
    seed: int = 0,
    progress: Progress = lambda what, done, total: None,
    recipe: Recipe = DEFAULT_RECIPE,
) -> Model:
    """Fit and evaluate a model. The same rows, seed and recipe give the same model on the same machine.

    Parameters
    ----------
    progress
        Told what is done, how many steps are behind and how many there are.

    Raises
    ------
    TooLittleData
        Too few clients have two measurements, or an indicator has too few changes.
    Mismatch
        The register was filled with another instrument, or holds no insats of the catalogue.
    """
    catalogue.check_against(instrument)
    for filled in {one.instrument for one in register.imports()} - {instrument.name}:
        raise Mismatch(
            f"the register was filled with the instrument {filled}, not {instrument.name}; give it with --instrument"
        )
    insatser = Insatser.of(catalogue)
    river = River(register.tables(), insatser, instrument, recipe)
    river.check()
    # One thread: matrices this small only wait for each other, and sums are added in the same order on every run.
    with threadpool_limits(1):
        return _fitted(river, register, catalogue, seed, progress)


def _fitted(river: "River", register: Register, catalogue: Catalogue, seed: int, progress: Progress) -> Model:
    instrument, tables, steps = river.instrument, river.tables, _FOLDS + 2
    river.weigh(seed)
    judged = []
    for fold, (train_rows, test_rows) in enumerate(river.folds(seed)):
        progress("checking on clients held out", fold, steps)
        judged.append(river.judge(train_rows, test_rows, seed))
    residuals = pd.concat([one.ahead for one in judged], ignore_index=True)
    quarters = np.concatenate([one.quarters for one in judged])
    spread = course.measure_spread(residuals, quarters)
    held_out = _held_out(judged, instrument)

    progress("learning from all clients", _FOLDS, steps)
    gains = river.fit(np.arange(len(river.episodes)), seed)
    progress("checking whether gains may be effects", _FOLDS + 1, steps)
    rows, folds = river.rows(), [one.fold for one in judged]
    shown = checks.show(rows, folds)
    limits = overlap.settle(
        shown.products, shown.squares, shown.less_expected, rows.n_clients(), Resampled.of(rows.clients, seed)
    )
    support = overlap.measure(
        gains, river.X, river.episodes.doses, river.episodes.spans["client_id"], river.n_participations(), limits
    )
    checked = checks.run(
        rows, folds, shown, gains, tables.participations, tables.measurements, limits.fewest_clients, seed
    )
    levels = [f"{features.LEVEL}{indicator}" for indicator in instrument.ranking]
    spans = river.episodes.spans
    model = Model(
        gains=gains,
        instrument=instrument,
        insatser=river.insatser,
        support=of_very_few_nothing(support),
        spread=spread,
        typical_levels=dict(zip(instrument.ranking, river.X[levels].mean().round(3).tolist(), strict=True)),
        training=Training(
            register_version=register.version(),
            catalogue_version=catalogue.version,
            n_clients=int(spans["client_id"].nunique()),
            n_episodes=len(spans),
            first_measured_on=str(spans["started_on"].min().date()),
            last_measured_on=str(spans["ended_on"].max().date()),
            mock=register.mock,
            seed=seed,
            software=__version__,
            tuned_on=river.recipe.tuned_on,
        ),
        evaluation=evaluation.summarise(held_out, seed)
        | {"leaving": leaving.summarise(river.starts, river.weights, seed)}
        | {"checks": checked, "overlap": limits.shown}
        | {"subgroups": subgroups.summarise(held_out, tables.clients, seed)}
        | {"kept_apart": _kept_apart(held_out, river.recipe, seed)},
        outcome_link=outcomelink.learn(river.starts, tables.measurements, tables.outcomes, instrument, seed),
    )
    progress("done", steps, steps)
    return model


@dataclass(frozen=True)
class _Judged:
    """What one fold says: predictions one step ahead, and how far levels missed their expectation further ahead."""

    fold: Fold
    predicted: dict[str, Array]
    gains: Array
    observed: Array
    clients: npt.NDArray[Any]
    ahead: pd.DataFrame
    quarters: Array


class River:
    """Episodes and features of a register, and what is fitted on some of its rows."""

    def __init__(
        self, tables: Tables, insatser: Insatser, instrument: Instrument, recipe: Recipe = DEFAULT_RECIPE
    ) -> None:
        self.tables, self.insatser, self.instrument, self.recipe = tables, insatser, instrument, recipe
        self.episodes, self.X = self._cut(1)
        self._cuts = {1: (self.episodes, self.X)}
        self.weights = pd.Series(1.0, index=self.episodes.spans.index)
        self.starts = leaving.trace(
            tables.clients, tables.measurements, tables.participations, tables.outcomes, insatser, instrument
        )

    def check(self) -> None:
        """Refuse a register that has too little to learn from, or that does not fit the catalogue.

        Raises
        ------
        TooLittleData, Mismatch
            As `train`.
        """
        n_clients = self.episodes.spans["client_id"].nunique()
        if n_clients < FEWEST_CLIENTS:
            raise TooLittleData(
                f"the register has {n_clients} clients with two measurements {episodes.SHORTEST_DAYS}–"
                f"{episodes.LONGEST_DAYS} days apart; at least {FEWEST_CLIENTS} are needed to learn from: import more"
            )
        for indicator, n in self.episodes.changes.notna().sum().items():
            if n < FEWEST_CHANGES:
                raise TooLittleData(
                    f"indicator {indicator} has {n} changes between two measurements; at least {FEWEST_CHANGES} are "
                    "needed: import more, or set drives_ranking = false for it in the instrument"
                )
        listed = self.tables.participations["insats_id"].astype(str).isin(self.insatser.types)
        if len(listed) and not listed.any():
            raise Mismatch("no insats of the register is in the catalogue; give the catalogue that they are from")

    def weigh(self, seed: int) -> None:
        """Let rows stand in for those like them that were not measured again."""
        self.weights = leaving.weights(self.starts, self.episodes.spans, seed)

    def rows(self) -> Rows:
        """Give all that is learned from, for checks."""
        return Rows(self.X, self.episodes, np.asarray(self.weights, dtype=np.float64), self.insatser.table())

    def folds(self, seed: int) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Part the rows so that every client is judged once, by what was learned from others."""
        groups = self.episodes.spans["client_id"].to_numpy()
        return list(GroupKFold(_FOLDS, shuffle=True, random_state=seed).split(groups, groups=groups))

    def fit(self, rows: npt.NDArray[np.intp], seed: int, recipe: Recipe | None = None) -> GainModel:
        """Learn gains from some rows, by another recipe than the river's own if one is given."""
        chosen = recipe or self.recipe
        scale = self.instrument.scale
        model = GainModel(
            modifiers=list(chosen.modifiers),
            largest_change=scale.max - scale.min,
            n_folds=chosen.n_folds,
            n_trees=chosen.n_trees,
            random_state=seed,
        )
        return self.rows().at(rows).fit(model)

    def judge(self, train_rows: npt.NDArray[np.intp], test_rows: npt.NDArray[np.intp], seed: int) -> _Judged:
        """Learn from some rows and say what is expected of others."""
        model = self.fit(train_rows, seed)
        train, test = self.episodes.at(train_rows), self.episodes.at(test_rows)
        X_train, X_test = self.X.iloc[train_rows], self.X.iloc[test_rows].reset_index(drop=True)
        gains = model.predict_mix(X_test, test.doses, test.beside, test.covered)
        predicted = {MODEL: model.predict_without(X_test) + gains} | evaluation.baselines(
            X_train, train, X_test, test, self.instrument.ranking
        )
        clients = test.spans["client_id"].to_numpy()
        missed = [self._missed(model, n_steps, set(clients)) for n_steps in _STEPS_AHEAD]
        return _Judged(
            fold=Fold(model, train_rows, test_rows),
            predicted=predicted,
            gains=gains,
            observed=test.changes.to_numpy(),
            clients=clients,
            ahead=pd.concat([residual for residual, _ in missed], ignore_index=True),
            quarters=np.concatenate([quarters for _, quarters in missed]),
        )

    def n_participations(self) -> dict[str, int]:
        """Count the participations, by insats, that overlap an episode."""
        spans = self.episodes.spans
        rows = self.tables.participations.merge(spans, on="client_id", suffixes=("", "_episode"))
        ended = rows["ended_on"].fillna(rows["ended_on_episode"])
        inside = rows[(rows["started_on"] < rows["ended_on_episode"]) & (ended > rows["started_on_episode"])]
        once = inside.drop_duplicates(["client_id", "insats_id", "started_on"])
        return {str(insats): int(n) for insats, n in once.groupby(once["insats_id"].astype(str)).size().items()}

    def _cut(self, n_steps: int) -> tuple[Episodes, pd.DataFrame]:
        tables = self.tables
        cut = episodes.cut(tables.measurements, tables.participations, self.insatser, self.instrument, n_steps)
        points = cut.spans.rename(columns={"started_on": "as_of"})[["client_id", "as_of", "quarters"]]
        return cut, features.build(
            points, tables.clients, tables.measurements, tables.participations, self.insatser, self.instrument
        )

    def _missed(self, model: GainModel, n_steps: int, clients: set[str]) -> tuple[pd.DataFrame, Array]:
        cut, X = self._ahead(n_steps)
        rows = cut.spans["client_id"].isin(clients).to_numpy()
        part, X = cut.at(rows), X[rows].reset_index(drop=True)
        quarters = part.spans["quarters"].to_numpy(dtype=float)
        expected = course.roll(model, X, quarters, self.instrument) + model.predict_mix(
            X, part.doses, part.beside, part.covered
        )
        return part.changes - expected, quarters

    def _ahead(self, n_steps: int) -> tuple[Episodes, pd.DataFrame]:
        if n_steps not in self._cuts:
            self._cuts[n_steps] = self._cut(n_steps)
        return self._cuts[n_steps]


def _held_out(judged: list[_Judged], instrument: Instrument) -> HeldOut:
    """Put the folds together; each fold's intervals are as wide as the other folds' misses say."""
    inside = []
    for fold, one in enumerate(judged):
        others = [other for number, other in enumerate(judged) if number != fold]
        spread = course.measure_spread(
            pd.concat([other.ahead for other in others], ignore_index=True),
            np.concatenate([other.quarters for other in others]),
        )
        missed = one.observed - one.predicted[MODEL]
        within = np.abs(missed) <= spread.half_widths(1, instrument.ranking)
        inside.append(np.where(np.isnan(missed), np.nan, within))
    return HeldOut(
        predicted={name: np.vstack([one.predicted[name] for one in judged]) for name in judged[0].predicted},
        gains=np.vstack([one.gains for one in judged]),
        observed=np.vstack([one.observed for one in judged]),
        inside=np.vstack(inside),
        clients=np.concatenate([one.clients for one in judged]),
        indicators=instrument.ranking,
    )


def _kept_apart(held_out: HeldOut, recipe: Recipe, seed: int) -> dict[str, Any]:
    """Judge by the clients whom no choice of parameters may have looked at; `touched`: it did, or nothing says not."""
    chosen = replace(recipe, tuned_on="") != DEFAULT_RECIPE or recipe.tuned_on
    part = held_out.at(np.flatnonzero(apart.kept(map(str, held_out.clients))))
    said = evaluation.summarise(part, seed) if len(part.clients) else {}
    kept = {
        name: said[name] for name in ("n_clients", "skill", "gain_shown_per_step_expected", "coverage_of_90") if said
    }
    return kept | {"touched": bool(chosen and recipe.tuned_on != apart.learnt_with(map(str, held_out.clients)))}
