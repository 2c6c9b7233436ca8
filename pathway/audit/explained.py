"""Whether reasons are the model's own: whether parts add up, whether what is named first matters, whether it stays put.

Parts are looked at in the groups that people recognise (`pathway.wording`). A group is taken away by making its
features unknown, so that the model itself says what is left; that it names *true* causes is not what is asked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import features, wording
from pathway.audit import present
from pathway.audit.estimates import Estimate, LeftOut, ratio
from pathway.audit.material import Material
from pathway.case import Case
from pathway.questions.turning import AnswerChange, answers, with_answers

Array = npt.NDArray[np.float64]
Strings = npt.NDArray[np.str_]
PEOPLE = 60  # whose reasons are taken apart
ASKED_ANEW = 6  # of whom one answer after the other is changed by one step
NAMED = 3  # reasons that a suggestion names first
_TOLD = 0.01  # steps of a gain, summed over indicators, that reasons must move for it to be looked at


@dataclass(frozen=True)
class Explained:
    """What was found of some present clients and the insatser that the model may speak of to them.

    Attributes
    ----------
    n_clients, n_gains
        Clients, and gains (client, insats and indicator), whose parts were added up.
    largest_miss
        Between base and parts, and the model's own gain; steps.
    first, others
        How far a gain, summed over indicators, moves when the group named first is taken away, and when one of the
        others is; mean, in steps.
    same, all_same
        Of the `NAMED` groups named first, the share that is the same after one answer of the latest measurement was
        changed by one step, and the share of changes after which all of them are; None where nobody had answers.
    n_changes
        Changed answers, each with all those insatser.
    """

    n_clients: int
    n_gains: int
    largest_miss: float
    first: Estimate
    others: Estimate
    same: Estimate | None
    all_same: Estimate | None
    n_changes: int


@dataclass(frozen=True)
class _Groups:
    """Features that may change a gain, by group: `of` names the group of each of `names`."""

    names: tuple[str, ...]
    of: Strings
    all: Strings
    columns: npt.NDArray[np.intp]

    @classmethod
    def known(cls, material: Material) -> "_Groups":
        model = material.model.gains
        levels = [f"{model.level_prefix}{outcome}" for outcome in model.outcomes_]
        known = [str(name) for name in model.feature_names_in_]
        names = tuple(name for name in dict.fromkeys([*model.encoding_.modifiers, *levels]) if name in known)
        of = np.array([wording.feature(name, material.instrument).group for name in names])
        return cls(names, of, np.unique(of), np.array([known.index(name) for name in names], dtype=np.intp))

    def summed(self, parts: Array) -> Array:
        """Sum parts (n, p, J) over groups and indicators: shape (n, G)."""
        own = parts.sum(axis=2)[:, self.columns]
        return np.column_stack([own[:, self.of == group].sum(axis=1) for group in self.all])

    def without(self, X: pd.DataFrame, group: str) -> pd.DataFrame:
        """Make what a group holds unknown."""
        taken = [name for name, own in zip(self.names, self.of, strict=True) if own == group]
        return X.assign(**dict.fromkeys(taken, np.nan))


def look(material: Material) -> Explained | LeftOut:
    """Take the gains of some present clients apart."""
    people = np.sort(np.random.default_rng(material.seed).permutation(len(material.present))[:PEOPLE])
    spoken, clients = material.spoken[people], material.present["client_id"].to_numpy()[people]
    X = material.present.iloc[people]
    columns = np.flatnonzero(spoken.any(axis=0))
    groups = _Groups.known(material)
    if not len(columns) or len(groups.all) < 2:
        return LeftOut("Modellen får inte säga något till dem som drogs, eller har inget som skiljer dem åt.")
    model = material.model.gains
    told, parts, miss = model.predict_added(X), np.zeros((len(X), len(columns), len(groups.all))), 0.0
    for place, k in enumerate(columns):
        base, own = model.explain_parts(X, int(k))
        miss = max(miss, float(np.abs(base + own.sum(axis=1) - told[:, k])[spoken[:, k]].max()))
        parts[:, place] = groups.summed(own)
    first, others = _moved(material, X, groups, parts, spoken[:, columns], columns, clients)
    same, all_same, n_changes = _steady(material, groups)
    n_gains = int(spoken.sum()) * len(model.outcomes_)
    if first is None or others is None:
        return LeftOut("Inget som är känt om dem som drogs flyttar deras stegvinster.")
    return Explained(int(spoken.any(axis=1).sum()), n_gains, miss, first, others, same, all_same, n_changes)


def _moved(
    material: Material,
    X: pd.DataFrame,
    groups: _Groups,
    parts: Array,
    spoken: npt.NDArray[np.bool_],
    columns: npt.NDArray[np.intp],
    clients: npt.NDArray[Any],
) -> tuple[Estimate | None, Estimate | None]:
    """Tell how far gains move without the group named first, and without others; `parts` of shape (n, K, G)."""

    def summed(told: pd.DataFrame) -> Array:
        return np.asarray(material.model.gains.predict_added(told)[:, columns].sum(axis=2))

    whole = summed(X)
    moves = np.stack([np.abs(summed(groups.without(X, str(group))) - whole) for group in groups.all], axis=2)
    named = np.abs(parts).argmax(axis=2)[:, :, None]
    matters = spoken & (np.abs(parts).sum(axis=2) > _TOLD)
    of_first = np.take_along_axis(moves, named, axis=2)[:, :, 0]
    of_others = (moves.sum(axis=2) - of_first) / (len(groups.all) - 1)
    n = matters.sum(axis=1).astype(float)
    first, others = (ratio(np.where(matters, one, 0.0).sum(axis=1), n, clients) for one in (of_first, of_others))
    return first, others


def _steady(material: Material, groups: _Groups) -> tuple[Estimate | None, Estimate | None, int]:
    """Change one answer after the other of some clients by one step, within what one person says from day to day."""
    kept, whole, n, n_changes = [], [], [], 0
    for case in present.draw(material, ASKED_ANEW):
        cases = [case, *_changed(case, material)]
        X = pd.concat([features.of_case(one, material.insatser, material.instrument) for one in cases])
        named = _named_first(material, groups, X)
        shared = [len(a & b) / NAMED for one in named[1:] for a, b in zip(named[0], one, strict=True)]
        kept.append(sum(shared))
        whole.append(float(sum(one == 1.0 for one in shared)))
        n.append(float(len(shared)))
        n_changes += len(cases) - 1
    clients = np.arange(len(n))
    same, all_same = (ratio(np.array(part), np.array(n), clients) for part in (kept, whole))
    return same, all_same, n_changes


def _changed(case: Case, material: Material) -> list[Case]:
    middle = (material.instrument.scale.min + material.instrument.scale.max) / 2
    made = []
    for one in answers(case):
        if one.indicator in material.instrument.ranking and one.value is not None:
            then = one.value + (1 if one.value < middle else -1)
            made.append(with_answers(case, (AnswerChange(one.indicator, one.respondent, one.value, then),)))
    return made


def _named_first(material: Material, groups: _Groups, X: pd.DataFrame) -> list[Sequence[frozenset[int]]]:
    """Give, for each row, the groups named first of each insats that the model may speak of to people at all."""
    columns = np.flatnonzero(material.spoken.any(axis=0))
    sizes = np.stack([np.abs(groups.summed(material.model.gains.explain_parts(X, int(k))[1])) for k in columns], axis=1)
    order = np.argsort(-sizes, axis=2, kind="stable")[:, :, :NAMED]
    return [[frozenset(own.tolist()) for own in row] for row in order]
