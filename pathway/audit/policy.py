"""What following the suggestions would have brought against what caseworkers did, doubly robust.

At the level of kinds: an episode's action is which types of insatser somebody had, and a suggestion's is the
combination of types, among those that people like the client have had, that the model expects most of. Single insatser
and whole plans are had by too few for it. Each client's suggestion, chance of every action and course under it are told
by models that have not seen the client (augmented inverse probability weighting: Robins, Rotnitzky & Zhao 1994; as a
policy's value, Athey & Wager 2021). It rests on the same assumption as every gain: that what features hold is all that
decides both who is offered what and how people develop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway import chance
from pathway.audit.estimates import Estimate, LeftOut, ratio
from pathway.audit.material import Judged, Material
from pathway.checks.kinds import HAD
from pathway.checks.rows import Rows, mean_of_known
from pathway.effects import GainModel, ridge

Array = npt.NDArray[np.float64]
NOTHING = "ingen insats"
_FEWEST = 60  # clients who had a combination, to be told of
_LEAST_CHANCE = 0.03  # of a combination, for somebody to be like those who had it
_STRENGTH = 0.1  # scikit-learn's C for standardised columns


@dataclass(frozen=True)
class PolicyValue:
    """Mean change per indicator over an interval, in steps.

    Attributes
    ----------
    practice
        As caseworkers did.
    suggested
        Had everybody had the combination that the model expects most of.
    beyond
        The one less the other.
    claimed
        What the model itself expects that difference to be.
    shares, suggested_shares
        Share of the intervals with each combination of types: as it was, and as suggested.
    kept
        Share of all intervals that were used: those with a combination that enough people had.
    """

    practice: Estimate
    suggested: Estimate
    beyond: Estimate
    claimed: Estimate
    shares: Mapping[str, float]
    suggested_shares: Mapping[str, float]
    kept: float


def value(material: Material) -> PolicyValue | LeftOut:
    """Hold suggestions beside practice, on the episodes drawn."""
    judged = material.judged
    had = _combinations(judged.rows)
    n_clients = {name: len(np.unique(judged.rows.clients[had == name])) for name in np.unique(had)}
    actions = [name for name in sorted(n_clients, key=lambda name: -n_clients[name]) if n_clients[name] >= _FEWEST]
    change = mean_of_known(judged.observed)
    kept = np.flatnonzero(~np.isnan(change) & np.isin(had, actions))
    if len(actions) < 2:
        return LeftOut(f"Färre än två kombinationer av insatstyper har getts till minst {_FEWEST} klienter.")
    number = np.array([actions.index(name) if name in actions else -1 for name in had])
    likely, course, expected = (np.zeros((len(had), len(actions))) for _ in range(3))
    features = chance.standardised(chance.in_numbers(judged.rows.X).to_numpy())
    for fold in judged.folds:
        learn, test = np.intersect1d(fold.train, kept), np.intersect1d(fold.test, kept)
        likely[test] = _chances(features, number, learn, test, len(actions))
        course[test] = _courses(judged, fold.model, number, change, learn, test, len(actions))
        expected[test] = _expected(judged.rows, fold.model, actions, test)
    return _valued(judged, actions, number, change, likely, course, expected, kept)


def _valued(
    judged: Judged,
    actions: list[str],
    number: npt.NDArray[Any],
    change: Array,
    likely: Array,
    course: Array,
    expected: Array,
    kept: npt.NDArray[Any],
) -> PolicyValue | LeftOut:
    rows, own = np.arange(len(kept)), number[kept]
    likely, course, expected, change = likely[kept], course[kept], expected[kept], change[kept]
    alike = likely >= _LEAST_CHANCE
    alike[rows, own] = True  # what a person had is possible
    chosen = np.where(alike, expected, -np.inf).argmax(axis=1)
    beyond_course = (change - course[rows, own]) / np.maximum(likely[rows, own], _LEAST_CHANCE)
    told = course[rows, chosen] + np.where(own == chosen, beyond_course, 0.0)
    clients, ones = judged.rows.clients[kept], np.ones(len(kept))
    claim = expected[rows, chosen] - expected[rows, own]
    found = [ratio(part, ones, clients) for part in (change, told, told - change, claim)]
    if any(one is None for one in found):
        return LeftOut("För få klienter.")
    practice, suggested, beyond, claimed = (one for one in found if one is not None)
    return PolicyValue(
        practice, suggested, beyond, claimed,
        shares={name: float((own == place).mean()) for place, name in enumerate(actions)},
        suggested_shares={name: float((chosen == place).mean()) for place, name in enumerate(actions)},
        kept=float(len(kept) / len(judged.rows)),
    )  # fmt: skip


def _combinations(rows: Rows) -> npt.NDArray[Any]:
    """Name the types that each episode holds enough of, in the order of the catalogue's types, shape (n,)."""
    doses = rows.by_type(rows.doses)
    had = doses.to_numpy() >= HAD
    names = np.array([str(kind) for kind in doses.columns], dtype=object)
    return np.array([" + ".join(names[row]) or NOTHING for row in had], dtype=object)


def _chances(features: Array, number: Array, learn: Any, test: Any, n_actions: int) -> Array:
    fitted = chance.fit(features[learn], number[learn], _STRENGTH)
    likely = np.zeros((len(test), n_actions))
    likely[:, fitted.classes_] = fitted.predict_proba(features[test])
    return likely


def _courses(
    judged: Judged, model: GainModel, number: Array, change: Array, learn: Any, test: Any, n_actions: int
) -> Array:
    """Foretell the change under each action by a ridge regression on features and what action it was, (m, actions)."""
    controls = model.encoding_.controls(judged.rows.X)
    actions = np.eye(n_actions)[np.maximum(number, 0)]
    slopes, levels = ridge.fit(
        np.hstack([controls, actions])[learn], change[learn][:, None], judged.rows.weights[learn]
    )
    n_controls = controls.shape[1]
    course: Array = controls[test] @ slopes[:n_controls] + levels + slopes[n_controls:, 0][None]
    return course


def _expected(rows: Rows, model: GainModel, actions: list[str], test: Any) -> Array:
    """Give the steps that the model expects of a usual dose of each combination, mean over indicators, (m, actions)."""
    X, kinds = rows.X.iloc[test], rows.types
    alone, interplay = model.predict_added(X).mean(axis=2), model.predict_interplay(X).mean(axis=2)
    doses, gap = rows.doses, float(model.predict_gap().mean())
    found = np.zeros((len(test), len(actions)))
    for place, action in enumerate(actions):
        types = [] if action == NOTHING else action.split(" + ")
        for kind in types:
            own = doses * (kinds == kind)
            usual = own[own.sum(axis=1) >= HAD].mean(axis=0)  # the dose of each insats of the type that its takers had
            found[:, place] += alone @ usual
            if model.anchor_type in types and kind != model.anchor_type:
                found[:, place] += interplay @ usual
        found[:, place] += gap if types else 0.0
    return found
