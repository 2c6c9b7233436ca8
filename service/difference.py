"""What is different between two plans: activities added, removed or moved, and what is expected of them."""

from collections.abc import Mapping
from typing import Any

Plain = Mapping[str, Any]
_TIMES = ("start_on", "end_on", "hours_per_week")
_SAME = 1e-9  # levels that differ by less are the same


def between(before: Plain | None, after: Plain | None) -> dict[str, Any]:
    """Compare two plans, as the contract has them.

    Parameters
    ----------
    before, after
        ``None``: no plan.

    Returns
    -------
    dict
        ``objective`` and, per indicator that differs, ``expected`` at the end of the horizon, each before and after
        (``None`` without plan); ``added``, ``removed`` and ``moved`` activities with their dates and hours.
    """
    olds, news = _by_insats(before), _by_insats(after)
    added, removed, moved = [], [], []
    for insats in dict.fromkeys([*olds, *news]):
        old, new = olds.get(insats, []), news.get(insats, [])
        for one, other in zip(old, new, strict=False):
            if _times(one) != _times(other):
                moved.append({"insats_id": insats, "before": _times(one), "after": _times(other)})
        removed += [{"insats_id": insats, **_times(one)} for one in old[len(new) :]]
        added += [{"insats_id": insats, **_times(one)} for one in new[len(old) :]]
    return {
        "objective": {"before": _objective(before), "after": _objective(after)},
        "added": added,
        "removed": removed,
        "moved": moved,
        "expected": _expected(before, after),
    }


def first_plan(suggestion: Plain) -> Plain | None:
    """Give the best plan of a suggestion, if it has one."""
    plans = suggestion["plans"]
    return plans[0] if plans else None


def _by_insats(plan: Plain | None) -> dict[str, list[Plain]]:
    activities: dict[str, list[Plain]] = {}
    for activity in sorted(plan["activities"], key=lambda one: str(one["start_on"])) if plan else ():
        activities.setdefault(str(activity["insats_id"]), []).append(activity)
    return activities


def _times(activity: Plain) -> dict[str, Any]:
    return {name: activity[name] for name in _TIMES}


def _objective(plan: Plain | None) -> float | None:
    return float(plan["objective"]) if plan else None


def _expected(before: Plain | None, after: Plain | None) -> dict[str, Any]:
    told = {}
    for indicator in dict.fromkeys([*(before or {}).get("expected", ()), *(after or {}).get("expected", ())]):
        one, other = _level(before, after, indicator), _level(after, before, indicator)
        if abs(one - other) > _SAME:
            told[indicator] = {"before": one, "after": other}
    return told


def _level(plan: Plain | None, otherwise: Plain | None, indicator: str) -> float:
    """Give the expected level with the plan; without any, the level without plan that the other one names."""
    if plan:
        return float(plan["expected"][indicator]["with_plan"]["mean"])
    return float((otherwise or {})["expected"][indicator]["without_plan"]["mean"])
