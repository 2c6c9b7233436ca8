"""What would change it: the smallest changes in the answers that would give another first activity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby

import numpy as np
import pandas as pd

from pathway import features
from pathway.case import Answer, Case
from pathway.plan import Plan, Suggestion
from pathway.questions.basis import Basis
from pathway.suggestion import Desk
from pathway.wording.reasons import name_of, weights_of
from pathway.wording.words import Words

MOST_STEPS = 2  # answers may differ by so many steps in all: more is another person's case
NEAREST = 4  # insatser outside the plans that lose least when forced in, and may take the first place


@dataclass(frozen=True)
class AnswerChange:
    """One answer of the latest measurement, as it is and as it would have to be."""

    indicator: str
    respondent: str
    now: int
    then: int


@dataclass(frozen=True)
class Turn:
    """Changes that together give another first activity, with the plan that the desk then suggests."""

    changes: tuple[AnswerChange, ...]
    first_before: str
    first_after: str
    plan: Plan
    text: str


@dataclass(frozen=True)
class Turns:
    """What would change the first activity.

    Attributes
    ----------
    found
        All with the same number of steps, the fewest that were found.
    n_tried
        Changes that the planner was asked about.
    complete
        Whether all changes with fewer steps than those found (or with at most `MOST_STEPS`) were tried.
    """

    found: tuple[Turn, ...]
    n_tried: int
    complete: bool
    text: str


def what_would_change(
    desk: Desk, case: Case, suggestion: Suggestion, words: Words | None = None, most_tries: int = 12, enough: int = 3
) -> Turns:
    """Find the smallest changes in the client's latest answers that give another first activity.

    Changes of one step are tried before those of two, and among them those first that by the model's gains favour
    others most over the first activity. Each is put to the desk's planner, with a choice of the insatser that are near
    the plan; what turns up is asked again with all insatser. A client who answered nothing: the caseworker's answers.

    Parameters
    ----------
    most_tries
        Changes that the planner is asked about at most.
    enough
        Turns to find; the search ends there.

    Raises
    ------
    Mismatch
        The suggestion is not of this case and this desk.
    """
    basis = Basis.of(desk, case, suggestion, words)
    first = basis.outline(basis.plan).first
    found: list[Turn] = []
    n_tried, complete = 0, True
    if first is not None:
        near = _near(basis)
        for _, changes in groupby(_by_promise(basis, first), key=_n_steps):
            for change in changes:
                if len(found) == enough:
                    break
                if n_tried == most_tries:
                    complete = False
                    break
                n_tried += 1
                turn = _try(basis, change, first, near)
                found += [turn] if turn else []
            if found or not complete:
                break
    key = "turn.found" if found else "turn.not_found"
    lines = [basis.words.text(key, n=str(n_tried)), *(turn.text for turn in found)]
    return Turns(tuple(found), n_tried, complete, "\n".join(lines))


def answers(case: Case) -> tuple[Answer, ...]:
    """Give the client's latest answer on each indicator; the caseworker's where the client answered nothing at all."""
    known = sorted(
        (one for one in case.measurements if one.value is not None and one.measured_on <= case.as_of),
        key=lambda one: one.measured_on,
    )
    own = [one for one in known if one.respondent == "klient"] or known
    return tuple({one.indicator: one for one in own}.values())


def with_answers(case: Case, changes: tuple[AnswerChange, ...]) -> Case:
    """Give the case with changed answers."""
    new = {(change.indicator, change.respondent): change.then for change in changes}
    latest = {id(one) for one in answers(case)}
    return replace(
        case,
        measurements=tuple(
            replace(one, value=new[one.indicator, one.respondent])
            if id(one) in latest and (one.indicator, one.respondent) in new
            else one
            for one in case.measurements
        ),
    )


def _near(basis: Basis) -> frozenset[str]:
    planned = {activity.insats_id for plan in basis.suggestion.plans for activity in plan.activities}
    losses = sorted((one.loss, one.insats_id) for one in basis.suggestion.not_chosen if one.loss is not None)
    return frozenset(planned | {id for _, id in losses[:NEAREST]})


def _by_promise(basis: Basis, first: str) -> Iterator[tuple[AnswerChange, ...]]:
    """Yield changes by their number of steps, those first that by the model's gains favour others most."""
    scale, ranking = basis.instrument.scale, basis.instrument.ranking
    singles: set[tuple[AnswerChange, ...]] = {
        (AnswerChange(one.indicator, one.respondent, one.value or 0, then),)
        for one in answers(basis.case)
        if one.indicator in ranking
        for then in range(scale.min, scale.max + 1)
        if 0 < abs(then - (one.value or 0)) <= MOST_STEPS
    }
    ordered = sorted(singles, key=repr)
    before, *after = weighed_gains(basis, [basis.case, *(with_answers(basis.case, change) for change in ordered)])
    promise = {change: _favour(basis, before, gains, first) for change, gains in zip(ordered, after, strict=True)}
    steps = [change for change in ordered if _n_steps(change) == 1]
    for a, b in combinations(steps, 2):
        if a[0].indicator != b[0].indicator:
            promise[a + b] = promise[a] + promise[b]
    yield from sorted(promise, key=lambda change: (_n_steps(change), -promise[change], repr(change)))


def _favour(basis: Basis, before: dict[str, float], after: dict[str, float], first: str) -> float:
    """Tell how much gains favour some other insats over the first one, by themselves, in weighted steps."""
    possible = [one.insats_id for one in basis.suggestion.not_chosen if one.loss is not None]
    possible += [activity.insats_id for plan in basis.suggestion.plans for activity in plan.activities]
    more = {id: after[id] - before[id] for id in {*possible, first} if id in after}
    return max((more[id] - more.get(first, 0.0) for id in more if id != first), default=0.0)


def weighed_gains(basis: Basis, cases: Sequence[Case]) -> list[dict[str, float]]:
    """Give each insats's expected gain of a quarter per case, weighed after the goal: a quick look, not a plan."""
    model = basis.desk.model
    named = [replace(case, case_id=str(number)) for number, case in enumerate(cases)]
    clients, measurements, participations = (
        pd.concat(tables, ignore_index=True)
        for tables in zip(*(features.tables_of(case) for case in named), strict=True)
    )
    points = pd.DataFrame(
        {
            "client_id": [case.case_id for case in named],
            "as_of": pd.to_datetime([case.as_of for case in named]).astype("datetime64[s]"),
            "quarters": features.PLANNED_QUARTERS,
        }
    )
    x = features.build(points, clients, measurements, participations, model.insatser, basis.instrument)
    weights = weights_of(basis.case.goal, basis.instrument)
    worth = np.array([weights.get(indicator, 0.0) for indicator in model.gains.outcomes_])
    return [
        dict(zip(model.gains.insatser_, one, strict=True)) for one in (model.gains.predict_added(x) @ worth).tolist()
    ]


def _n_steps(changes: tuple[AnswerChange, ...]) -> int:
    return sum(abs(change.then - change.now) for change in changes)


def _try(basis: Basis, changes: tuple[AnswerChange, ...], first: str, near: frozenset[str]) -> Turn | None:
    changed = with_answers(basis.case, changes)
    gated = {
        one.insats_id
        for one in basis.suggestion.not_chosen
        if {change.indicator for change in changes} & set(basis.catalogue.by_id[one.insats_id].requires.levels)
    }
    if basis.outline_for(basis.confined(changed, near | gated)).first == first:
        return None
    answer = basis.suggest(changed)
    plan = answer.plans[0] if answer.plans else None
    other = basis.outline(plan).first
    if plan is None or other is None or other == first:
        return None
    words = basis.words
    told = [
        words.text(
            "turn.answer",
            indicator=words.in_sentence(words.indicator(basis.instrument, change.indicator)),
            then=str(change.then),
            now=str(change.now),
        )
        for change in changes
    ]
    text = words.text("turn.turns", changes=words.listed(told), insats=name_of(other, basis.catalogue))
    return Turn(changes, first, other, plan, text)
