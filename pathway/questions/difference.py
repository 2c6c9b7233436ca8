"""What is different between two plans: activities added, removed or moved, and what is expected of them."""

from dataclasses import dataclass
from datetime import date

from pathway.plan import Activity, Plan

_SAME = 1e-9  # levels that differ by less are the same


@dataclass(frozen=True)
class Times:
    """When an activity is, up to and not including `end_on`, and its hours."""

    start_on: date
    end_on: date
    hours_per_week: float


@dataclass(frozen=True)
class Placed:
    """An activity that is in one of the plans only; otherwise as `Times`."""

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: float


@dataclass(frozen=True)
class Shifted:
    """An activity at other times or with other hours."""

    insats_id: str
    before: Times
    after: Times


@dataclass(frozen=True)
class Pair:
    """A number before and after; ``None`` where there is no plan."""

    before: float | None
    after: float | None


@dataclass(frozen=True)
class LevelPair:
    """A level at the end of the horizon, before and after."""

    before: float
    after: float


@dataclass(frozen=True)
class Difference:
    """What is different.

    Attributes
    ----------
    objective
        In weighted steps, each for its own goal.
    added, removed, moved
        Activities; those that stayed are left out.
    expected
        Per indicator whose expected level differs. Where one plan is lacking: the level without a plan that the other
        one names.
    """

    objective: Pair
    added: tuple[Placed, ...]
    removed: tuple[Placed, ...]
    moved: tuple[Shifted, ...]
    expected: dict[str, LevelPair]


def between(before: Plan | None, after: Plan | None) -> Difference:
    """Compare two plans for the same person; ``None``: no plan.

    An insats that is in a plan several times is compared in order of start.
    """
    olds, news = _by_insats(before), _by_insats(after)
    added, removed, moved = [], [], []
    for insats in dict.fromkeys([*olds, *news]):
        old, new = olds.get(insats, []), news.get(insats, [])
        moved += [Shifted(insats, one, other) for one, other in zip(old, new, strict=False) if one != other]
        removed += [_placed(insats, one) for one in old[len(new) :]]
        added += [_placed(insats, one) for one in new[len(old) :]]
    return Difference(
        Pair(before.objective if before else None, after.objective if after else None),
        tuple(added),
        tuple(removed),
        tuple(moved),
        _expected(before, after),
    )


def _by_insats(plan: Plan | None) -> dict[str, list[Times]]:
    found: dict[str, list[Times]] = {}
    for activity in sorted(plan.activities, key=_start) if plan else ():
        times = Times(activity.start_on, activity.end_on, activity.hours_per_week)
        found.setdefault(activity.insats_id, []).append(times)
    return found


def _start(activity: Activity) -> date:
    return activity.start_on


def _placed(insats_id: str, times: Times) -> Placed:
    return Placed(insats_id, times.start_on, times.end_on, times.hours_per_week)


def _expected(before: Plan | None, after: Plan | None) -> dict[str, LevelPair]:
    named = dict.fromkeys(indicator for plan in (before, after) if plan for indicator in plan.expected)
    pairs = {id: LevelPair(_level(before, after, id), _level(after, before, id)) for id in named}
    return {id: pair for id, pair in pairs.items() if abs(pair.after - pair.before) > _SAME}


def _level(plan: Plan | None, otherwise: Plan | None, indicator: str) -> float:
    for one in (plan, otherwise):
        if one is not None and indicator in one.expected:
            level = one.expected[indicator]
            return level.with_plan.mean if one is plan else level.without_plan.mean
    raise ValueError("neither plan names the indicator")
