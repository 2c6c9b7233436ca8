"""Compares two models: their figures, what moves their gains, and for whom the first activity would be another."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pathway.case import Case, Locked
from pathway.comparison import gates, measures, reasons
from pathway.comparison.measures import GROUP, Measure
from pathway.modelfolder import Model
from pathway.plan import Activity, Plan, Suggestion
from pathway.suggestion import Desk

_NOTABLE = 2.0  # standard errors from which a difference of a group is listed
_REASONS = 6


@dataclass(frozen=True)
class Figure:
    """One figure of both models; `errors`: by how many standard errors the second lies above the first."""

    name: str
    first: Measure
    second: Measure
    errors: float


@dataclass(frozen=True)
class Differing:
    """A case for which the two models would begin with something else.

    Attributes
    ----------
    first, second
        Insatser that begin each model's plan; empty where it abstains.
    costs_by_first, costs_by_second
        What following the *other* model's beginning would cost in weighted steps, as this one sees it: its best plan
        less its best plan that begins as the other's does, on the same days. None where the other abstains, or this
        one may say nothing of one of those insatser.
    """

    case_id: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    costs_by_first: float | None
    costs_by_second: float | None


@dataclass(frozen=True)
class OnCases:
    """What two models say of the same cases; `means` is the mean objective of the best plans, first and second."""

    n_cases: int
    differing: tuple[Differing, ...]
    means: tuple[float, float]


def figures(first: Model, second: Model) -> tuple[Figure, ...]:
    """Hold the figures that both models have beside each other."""
    ours, theirs = measures.of_model(first), measures.of_model(second)
    return tuple(
        Figure(name, one, theirs[name], theirs[name].errors_above(one) if one.sd and theirs[name].sd else 0.0)
        for name, one in ours.items()
        if name in theirs
    )


def on_cases(first: Desk, second: Desk, cases: Iterable[Case], at: datetime) -> OnCases:
    """Ask two desks for suggestions on the same cases.

    Raises
    ------
    FaultyCase
        A case must be held back, or names insatser that a catalogue does not have.
    """
    differing, totals, n = [], [0.0, 0.0], 0
    for case in cases:
        told = [desk.suggest(case, at) for desk in (first, second)]
        began = [_begins(one) for one in told]
        n += 1
        totals = [total + _objective(one) for total, one in zip(totals, told, strict=True)]
        names = [tuple(sorted(one.insats_id for one in own)) for own in began]
        if names[0] != names[1]:
            costs = [
                _cost(desk, case, own, other, at)
                for desk, own, other in ((first, told[0], began[1]), (second, told[1], began[0]))
            ]
            differing.append(Differing(case.case_id, names[0], names[1], costs[0], costs[1]))
    return OnCases(n, tuple(differing), (totals[0] / max(n, 1), totals[1] / max(n, 1)))


def plain(first: Model, second: Model, cases: OnCases | None = None) -> dict[str, Any]:
    """Give the whole comparison as plain data."""
    return {
        "first": first.version,
        "second": second.version,
        "figures": [asdict(one) for one in figures(first, second)],
        "reasons": {model.version: [asdict(one) for one in reasons.of_model(model)] for model in (first, second)},
        "cases": asdict(cases) if cases else None,
    }


def lines(first: Model, second: Model, cases: OnCases | None = None) -> list[str]:
    """Word a comparison for a terminal (Markdown)."""
    told = figures(first, second)
    main = [one for one in told if not one.name.startswith((GROUP, "error in", "coverage in"))]
    groups = [one for one in told if one.name.startswith(GROUP) and abs(one.errors) >= _NOTABLE]
    return [
        f"{first.version} (A) beside {second.version} (B); 90 % intervals. z: standard errors by which B lies above A,",
        "taken as if their clients were others; on the same clients a difference is surer than z says.",
        "",
        *_table(main),
        "",
        f"Groups of people where they differ by {_NOTABLE:.0f} standard errors or more:",
        *(["", *_table(groups)] if groups else ["none"]),
        "",
        *_reasons({"A": first, "B": second}),
        *(["", *_of_cases(cases)] if cases else []),
        "",
        "What B would have to pass to take the place of A:",
        "",
        *gates.lines(gates.try_all(second, first)),
    ]


def _table(told: Iterable[Figure]) -> list[str]:
    return [
        "| figure | A | B | z |",
        "|---|---|---|---|",
        *(f"| {one.name} | {one.first.told()} | {one.second.told()} | {_z(one)} |" for one in told),
    ]


def _z(one: Figure) -> str:
    return f"{one.errors:+.1f}" if one.first.sd and one.second.sd else "–"


def _reasons(models: Mapping[str, Model]) -> list[str]:
    found = {name: {one.feature: one for one in reasons.of_model(model)} for name, model in models.items()}
    first, second = found.values()
    strongest = sorted(first, key=lambda name: -first[name].strength)[:_REASONS]
    return [
        "What moves gains most in A: steps per interval, mean over insatser and indicators, for one standard deviation",
        "more of the feature (how it moves the model, not a cause):",
        "",
        "| feature | A | B |",
        "|---|---|---|",
        *(
            f"| {name} | {first[name].steps:+.3f} | {f'{second[name].steps:+.3f}' if name in second else '–'} |"
            for name in strongest
        ),
    ]


def _of_cases(cases: OnCases) -> list[str]:
    told = [
        f"Of {cases.n_cases} cases, {len(cases.differing)} would begin with something else. Mean worth of the best "
        f"plans, weighted steps: {cases.means[0]:.2f} as A sees it, {cases.means[1]:.2f} as B does.",
    ]
    if not cases.differing:
        return told
    return [
        *told,
        "Cost: what beginning as the other does would take from the plan, as each sees it.",
        "",
        "| case | A begins with | B begins with | B's beginning costs, says A | A's beginning costs, says B |",
        "|---|---|---|---|---|",
        *(
            f"| {one.case_id} | {_ids(one.first)} | {_ids(one.second)} | {_steps(one.costs_by_first)} "
            f"| {_steps(one.costs_by_second)} |"
            for one in cases.differing
        ),
    ]


def _ids(insatser: tuple[str, ...]) -> str:
    return ", ".join(insatser) or "abstains"


def _steps(cost: float | None) -> str:
    return "silent" if cost is None else f"{cost:.2f}"


def _begins(suggestion: Suggestion) -> tuple[Activity, ...]:
    """Give the activities that begin the best plan, all that begin on its first day."""
    plan = _best(suggestion)
    if plan is None or not plan.activities:
        return ()
    first = min(one.start_on for one in plan.activities)
    return tuple(one for one in plan.activities if one.start_on == first)


def _best(suggestion: Suggestion) -> Plan | None:
    return suggestion.plans[0] if suggestion.plans else None


def _objective(suggestion: Suggestion) -> float:
    plan = _best(suggestion)
    return plan.objective if plan else 0.0


def _cost(desk: Desk, case: Case, own: Suggestion, other: tuple[Activity, ...], at: datetime) -> float | None:
    begun = tuple(Locked(one.insats_id, one.start_on, one.end_on, one.hours_per_week) for one in other)
    locked = (*case.locked, *(one for one in begun if one not in case.locked))
    plan = _best(desk.suggest(replace(case, locked=locked), at)) if begun else None
    if plan is None or not all(_is_spoken_of(plan, one.insats_id) for one in begun):
        return None
    return max(_objective(own) - plan.objective, 0.0)


def _is_spoken_of(plan: Plan, insats_id: str) -> bool:
    """Tell whether gains are expected of an insats in a plan at all; of a locked one the desk may be silent."""
    return any(one.high > one.low for activity in plan.activities if activity.insats_id == insats_id
               for one in activity.gain.values())  # fmt: skip
