"""Rolls plans forward: how much of each insats there is in each quarter, and what it adds at the state by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.episodes import DAYS_IN_QUARTER, Insatser
from pathway.foresight.outlook import Array, Outlook
from pathway.planner import Placement
from pathway.planner.objective import JOB_ORIENTED

Ints = npt.NDArray[np.intp]
_SILENT = -1  # column of what nothing may be said about: its gains are zero


@dataclass(frozen=True, eq=False)
class Amounts:
    """Amounts of a plan's A activities in each of Q quarters, in quarters at the model's typical hours.

    Attributes
    ----------
    insats
        Columns of the outlook, -1 for what nothing may be said about, shape (A,).
    dose, beside
        Dose, and the part of it beside a job-oriented activity of the plan, shape (A, Q).
    covering
        Share of the time, in quarters, that would else be without any insats, shape (A, Q): time that several cover is
        shared between them. Time in which something runs already is not counted.
    """

    insats: Ints
    dose: Array
    beside: Array
    covering: Array


@dataclass(frozen=True, eq=False)
class Rolled:
    """A plan rolled forward.

    Attributes
    ----------
    gains
        Steps that each activity is expected to add, before the ends of the scale are applied, shape (A, J).
    alone, beside
        Gains per quarter of all insatser along the way, and a last column of zeros, shape (Q, K + 1, J).
    added
        Steps added at the start of each quarter, shape (Q, J).
    """

    amounts: Amounts
    gains: Array
    alone: Array
    beside: Array
    added: Array


def roll(outlook: Outlook, plans: Sequence[Amounts], n_quarters: int) -> list[Rolled]:
    """Roll plans forward together: each quarter's gains are those expected after what the ones before have added."""
    n, n_indicators = len(plans), len(outlook.indicators)
    added = np.zeros((n, n_indicators))
    gains = [np.zeros((len(plan.insats), n_indicators)) for plan in plans]
    rows = []
    for quarter in range(n_quarters):
        alone, beside = (np.pad(part, ((0, 0), (0, 1), (0, 0))) for part in outlook.gains(quarter, added))
        for number, plan in enumerate(plans):
            gains[number] = gains[number] + (
                plan.dose[:, [quarter]] * alone[number, plan.insats]
                + plan.beside[:, [quarter]] * beside[number, plan.insats]
                + plan.covering[:, [quarter]] * outlook.gap
            )
        rows.append((alone, beside, added))
        added = np.array([own.sum(axis=0) for own in gains])
    return [
        Rolled(
            plan,
            gains[number],
            *(np.array([part[number] for part in parts]) for parts in zip(*rows, strict=True)),
        )
        for number, plan in enumerate(plans)
    ]


def measure(
    placements: Sequence[Placement],
    case: Case,
    catalogue: Catalogue,
    insatser: Insatser,
    columns: Mapping[str, int],
    n_quarters: int,
) -> Amounts:
    """Measure what a plan gives of each insats in each quarter.

    Parameters
    ----------
    insatser
        Typical hours that a dose of 1 stands for.
    columns
        Column of each insats that something may be said about.
    """
    days = np.arange(case.limits.horizon_weeks * 7)
    quarter = np.eye(n_quarters)[days // DAYS_IN_QUARTER] / DAYS_IN_QUARTER
    start, end = (
        np.array([(getattr(one, name) - case.as_of).days for one in placements], dtype=np.intp)[:, None]
        for name in ("start_on", "end_on")
    )
    offered = [catalogue.by_id[one.insats_id] for one in placements]
    active = (start <= days) & (days < end)
    job = np.array([insats.type == JOB_ORIENTED for insats in offered], dtype=np.bool_)
    intensity = np.array(
        [
            dose_at_typical_hours(insats.id, catalogue, insatser) * one.hours_per_week / insats.hours_per_week.typical
            for one, insats in zip(placements, offered, strict=True)
        ]
    )[:, None]
    return Amounts(
        insats=np.array([columns.get(insats.id, _SILENT) for insats in offered], dtype=np.intp),
        dose=active @ quarter * intensity,
        beside=(active & active[job].any(axis=0) & ~job[:, None]) @ quarter * intensity,
        covering=(active & ~_runs_already(case, days)) / np.maximum(active.sum(axis=0), 1) @ quarter,
    )


def dose_at_typical_hours(insats_id: str, catalogue: Catalogue, insatser: Insatser) -> float:
    """Give the dose at the catalogue's typical hours: the model's own are those that it was trained with."""
    typical = catalogue.by_id[insats_id].hours_per_week.typical
    return typical / insatser.typical_hours.get(insats_id, typical)


def _runs_already(case: Case, days: Ints) -> npt.NDArray[np.bool_]:
    """Tell on which days something runs anyway; what has no known end is taken to go on."""
    on = [case.as_of + timedelta(days=int(day)) for day in days]
    return np.array([any(own.runs_on(day) for own in case.participations) for day in on], dtype=np.bool_)
