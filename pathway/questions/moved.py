"""Says what moved between two suggestions for the same person: activities, levels, worth."""

from dataclasses import dataclass
from datetime import date

from pathway.plan import Activity, Suggestion
from pathway.questions.basis import Basis
from pathway.wording.reasons import LEVEL_DECIMALS, STEP_DECIMALS, direction, name_of
from pathway.wording.sentences import length_text

_LEVELS_NAMED = 3


@dataclass(frozen=True)
class Placed:
    """Where an activity lay, or lies."""

    start_on: date
    end_on: date
    hours_per_week: float


@dataclass(frozen=True)
class ActivityMoved:
    """An activity that is not where it was; `before` or `after` is ``None`` where it is not in the plan."""

    insats_id: str
    before: Placed | None
    after: Placed | None


@dataclass(frozen=True)
class LevelMoved:
    """The level of one indicator expected at the end of the horizon, with the plan before and after."""

    indicator: str
    before: float
    after: float


@dataclass(frozen=True)
class Moved:
    """The difference between two suggestions.

    Attributes
    ----------
    activities
        Those that came, went or moved; those that stayed are left out.
    levels
        All indicators, where both suggestions have a plan.
    objective_before, objective_after
        In weighted steps, each for its own goal; ``None`` where there is no plan.
    text
        One sentence a line.
    """

    activities: tuple[ActivityMoved, ...]
    levels: tuple[LevelMoved, ...]
    objective_before: float | None
    objective_after: float | None
    text: str


def moved(basis: Basis, after: Suggestion, same_goal: bool = True) -> Moved:
    """Tell what moved from the basis's suggestion to another one.

    Parameters
    ----------
    same_goal
        Whether the worth of both is counted the same way, so that their difference means something.
    """
    before = basis.suggestion
    activities = tuple(_activities(before, after))
    levels = tuple(_levels(before, after))
    worth = [one.plans[0].objective if one.plans else None for one in (before, after)]
    sentences = [*_activity_sentences(activities, after, basis)]
    if not after.plans:
        sentences = [basis.words.text("moved.none")]
    elif not sentences:
        sentences = [basis.words.text("moved.same")]
    if same_goal and worth[0] is not None and worth[1] is not None:
        sentences.append(_worth_sentence(worth[1] - worth[0], basis))
    sentences += _level_sentences(levels, basis)
    return Moved(activities, levels, worth[0], worth[1], "\n".join(sentences))


def _activities(before: Suggestion, after: Suggestion) -> list[ActivityMoved]:
    places = [{a.insats_id: _placed(a) for plan in one.plans[:1] for a in plan.activities} for one in (before, after)]
    ids = dict.fromkeys([*places[0], *places[1]])
    found = [ActivityMoved(id, places[0].get(id), places[1].get(id)) for id in ids]
    return [one for one in found if one.before != one.after]


def _placed(activity: Activity) -> Placed:
    return Placed(activity.start_on, activity.end_on, activity.hours_per_week)


def _levels(before: Suggestion, after: Suggestion) -> list[LevelMoved]:
    if not (before.plans and after.plans):
        return []
    old, new = before.plans[0].expected, after.plans[0].expected
    return [LevelMoved(j, old[j].with_plan.mean, new[j].with_plan.mean) for j in old if j in new]


def _activity_sentences(activities: tuple[ActivityMoved, ...], after: Suggestion, basis: Basis) -> list[str]:
    words = basis.words
    now = {activity.insats_id: activity for plan in after.plans[:1] for activity in plan.activities}
    before = {activity.insats_id: activity for plan in basis.suggestion.plans[:1] for activity in plan.activities}
    sentences = []
    for one in activities:
        insats = name_of(one.insats_id, basis.catalogue)
        if one.after is None:
            sentences.append(words.text("moved.removed", insats=insats))
        elif one.before is None:
            sentences.append(words.text("moved.added", insats=insats, start=words.day(one.after.start_on)))
        else:
            sentences += _change_sentences(insats, before[one.insats_id], now[one.insats_id], basis)
    return sentences


def _change_sentences(insats: str, before: Activity, after: Activity, basis: Basis) -> list[str]:
    words, sentences = basis.words, []
    if before.start_on != after.start_on:
        key = "moved.earlier" if after.start_on < before.start_on else "moved.later"
        start, was = words.day(after.start_on), words.day(before.start_on)
        sentences.append(words.text(key, insats=insats, start=start, before=was))
    if before.hours_per_week != after.hours_per_week:
        hours, was = (words.quantity(one.hours_per_week, "hour") for one in (after, before))
        sentences.append(words.text("moved.hours", insats=insats, hours=hours, before=was))
    if before.end_on - before.start_on != after.end_on - after.start_on:
        length, was = length_text(after, words), length_text(before, words)
        sentences.append(words.text("moved.length", insats=insats, length=length, before=was))
    return sentences


def _worth_sentence(more: float, basis: Basis) -> str:
    size = basis.words.amount(abs(more), "step", STEP_DECIMALS)
    return basis.words.text(f"moved.worth_{direction(more)}", size=size)


def _level_sentences(levels: tuple[LevelMoved, ...], basis: Basis) -> list[str]:
    words = basis.words
    shown = [
        (one, direction(round(one.after, LEVEL_DECIMALS) - round(one.before, LEVEL_DECIMALS), LEVEL_DECIMALS))
        for one in sorted(levels, key=lambda one: -abs(one.after - one.before))
    ]
    return [
        words.text(
            f"moved.level_{way}",
            indicator=words.in_sentence(words.indicator(basis.instrument, one.indicator)),
            level=words.number(one.after, LEVEL_DECIMALS),
            before=words.number(one.before, LEVEL_DECIMALS),
        )
        for one, way in shown
        if way != "same"
    ][:_LEVELS_NAMED]
