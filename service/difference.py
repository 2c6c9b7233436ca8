"""The difference between two plans as they are kept and sent: the library's, for plain data."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from pathway import questions
from pathway.plan import Plan
from pathway.questions import difference

Plain = Mapping[str, Any]
_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def between(before: Plain | None, after: Plain | None) -> dict[str, Any]:
    """Compare two plans, as the contract has them; ``None``: no plan. See `pathway.questions.difference`."""
    plans = (_PLAN.validate_python(one) if one else None for one in (before, after))
    told: dict[str, Any] = questions.plain(difference.between(*plans))
    return told


def first_plan(suggestion: Plain) -> Plain | None:
    """Give the best plan of a suggestion, if it has one."""
    plans = suggestion["plans"]
    return plans[0] if plans else None
