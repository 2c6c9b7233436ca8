"""Turns what the caseload gave each case into a suggestion: its plan first, and a note where places changed it."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pathway import wording
from pathway.caseload.casework import Prepared, word
from pathway.plan import Activity, NotChosen, Plan, Proof, Suggestion
from pathway.suggestion import Desk, against, named, on_activities

MOST_PLANS = 3  # the contract's: a plan and up to two alternatives


@dataclass(frozen=True)
class Outcome:
    """What one case got.

    Attributes
    ----------
    chosen
        Number of its option; ``None`` for no plan.
    fits
        Numbers of the options that it could change to without taking a place from anybody.
    lacking
        Ids of the insatser that its best plan needs a place in that it cannot have.
    steps
        How much more its best plan is worth, in its own weighted steps.
    """

    chosen: int | None
    fits: Collection[int]
    lacking: tuple[str, ...]
    steps: float


def reworded(desk: Desk, prepared: Prepared, outcome: Outcome) -> Suggestion:
    """Write the suggestion as the caseload has it; the same as without one but for a note, where nothing changed."""
    alone = prepared.alone
    if not alone.plans:
        return alone
    plans = () if outcome.chosen is None else _plans(desk, prepared, outcome.chosen, outcome.fits)
    notes = _notes(desk, prepared, plans, outcome)
    kept = replace(
        alone,
        status="suggested" if plans else "abstained",
        plans=plans,
        notes=notes,
        not_chosen=alone.not_chosen if outcome.chosen == 0 else _not_chosen(desk, alone, plans),
        groups=wording.groups_of(plans, desk.model.instrument, desk.words),
    )
    return replace(kept, suggestion_id=_id(kept))


def _plans(desk: Desk, prepared: Prepared, chosen: int, fits: Collection[int]) -> tuple[Plan, ...]:
    """Put the caseload's plan first, and after it those of the suggestion that need no place that others have."""
    best = prepared.alone.plans[0]
    option = prepared.options[chosen]
    first = word(desk, prepared, option)
    if chosen:
        bound = best.objective * (1 + best.proof.gap)
        gap = max(bound - first.objective, 0.0) / max(abs(first.objective), 1e-6)
        first = replace(first, rank=1, proof=Proof("feasible", gap), differs=None, costs=None)
    plans = [first]
    for number, other in enumerate(prepared.alone.plans):
        fresh = number != chosen and number in fits and (not chosen or other.objective <= first.objective)
        if fresh and len(plans) < MOST_PLANS and all(_differ(other, one) for one in plans):
            plans.append(other if not chosen else against(first, other))
    ranked = [replace(plan, rank=rank) for rank, plan in enumerate(plans, start=1)]
    return named(ranked, prepared.case, desk.catalogue)


def _differ(one: Plan, other: Plan) -> bool:
    """Tell whether a third of the longer plan is not in the other, and each has something of its own."""
    a, b = ({activity.insats_id for activity in plan.activities} for plan in (one, other))
    return 3 * len(a & b) <= 2 * max(len(a), len(b)) and bool(a - b) and bool(b - a)


def _notes(desk: Desk, prepared: Prepared, plans: Sequence[Plan], outcome: Outcome) -> tuple[str, ...]:
    """Keep the notes on the case, change those on activities, and tell what the places did."""
    words, alone = desk.words, prepared.alone

    def told_of(activities: Sequence[Activity]) -> list[str]:
        return on_activities(activities, desk.model, desk.catalogue, words)

    before = set(told_of(alone.plans[0].activities))
    notes = [note for note in alone.notes if note not in before]
    names = [desk.catalogue.by_id[id].name for id in outcome.lacking]
    if plans:
        notes += [*told_of(plans[0].activities), words.text("caseload.shared")]
    size = words.amount(outcome.steps, "step", 2)
    if not plans:
        notes.append(
            words.text("caseload.nothing", insatser=words.listed(names) if names else words.text("caseload.full"))
        )
    elif names:
        notes.append(words.text("caseload.changed", size=size, insatser=words.listed(names)))
    elif outcome.steps > 0:
        notes.append(words.text("caseload.spread", size=size))
    if plans and len(plans) < len(alone.plans):
        notes.append(words.text("caseload.left_out"))
    return tuple(notes)


def _not_chosen(desk: Desk, alone: Suggestion, plans: Sequence[Plan]) -> tuple[NotChosen, ...]:
    """Name every insats that is not in the first plan; those that only others' places keep out, say so.

    A loss is told against the plan that the caseload gave: how much less the best plan with that insats is worth. Where
    it would be worth more, it needs a place that others have.
    """
    here = {one.insats_id for one in plans[0].activities} if plans else set()
    behind = max(alone.plans[0].objective - (plans[0].objective if plans else 0.0), 0.0)
    told = {one.insats_id: one for one in alone.not_chosen}
    taken = NotChosen("", "no_start_date", desk.words.text("caseload.not_chosen"), None)
    rows = []
    for id in desk.catalogue.ids:
        one = told.get(id)
        if id in here:
            continue
        if one is None or (one.loss is not None and one.loss < behind):
            rows.append(replace(taken, insats_id=id))
        else:
            rows.append(one if one.loss is None else replace(one, loss=one.loss - behind))
    return tuple(rows)


def _id(suggestion: Suggestion) -> str:
    """Name the suggestion after the one without shared places and what they made of it."""
    placed = [
        (plan.rank, one.insats_id, one.start_on, one.end_on) for plan in suggestion.plans for one in plan.activities
    ]
    made_of = repr((suggestion.suggestion_id, placed, suggestion.notes))
    return "f-" + hashlib.sha256(made_of.encode()).hexdigest()[:20]
