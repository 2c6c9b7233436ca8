"""What the themes of alternatives ask of a plan."""

from collections.abc import Sequence
from datetime import date
from math import inf
from typing import Protocol

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.planner.objective import JOB_ORIENTED

EARLY: dict[str, str] = {"earliest_work": JOB_ORIENTED, "health_first": "hälsa"}  # the type that is to begin early


class Placed(Protocol):
    """An insats placed in time; a placement is one, and an activity of a plan as it is shown."""

    @property
    def insats_id(self) -> str: ...  # noqa: D102
    @property
    def start_on(self) -> date: ...  # noqa: D102
    @property
    def end_on(self) -> date: ...  # noqa: D102
    @property
    def hours_per_week(self) -> float: ...  # noqa: D102


def is_better_at(
    theme: str, plan: Sequence[Placed], first: Sequence[Placed], case: Case, catalogue: Catalogue, share: float = 1.0
) -> bool:
    """Tell whether a plan is better at a theme than the first plan; at ``best``, which is none, no plan is.

    Parameters
    ----------
    share
        Of the first plan's hours, cost, days until the start or wishes left out: it must have less than this.
    """
    far, far_first = (_distance(theme, placed, case, catalogue) for placed in (plan, first))
    return far < share * far_first - 1e-9


def _distance(theme: str, plan: Sequence[Placed], case: Case, catalogue: Catalogue) -> float:
    """Tell how far a plan is from a theme: less is better."""
    known = [(one, catalogue.by_id[one.insats_id]) for one in plan if one.insats_id in catalogue.by_id]
    match theme:
        case "fewest_hours":
            return sum(one.hours_per_week * (one.end_on - one.start_on).days / 7 for one in plan)
        case "least_cost":
            return sum((one.end_on - one.start_on).days / 7 * insats.cost_per_week for one, insats in known)
        case "earliest_work" | "health_first":
            days = (max((one.start_on - case.as_of).days, 0) for one, insats in known if insats.type == EARLY[theme])
            return min(days, default=inf)
        case "wishes_first":
            return len(set(case.wishes.prefer) - {one.insats_id for one in plan})
        case _:
            return 0.0
