"""Answers questions about a suggestion: why this plan, why not that insats, what if, what would change it, what to ask.

Each is a function of a desk, a case and the suggestion that the desk made for it, and gives frozen values: numbers, ids
and text. `plain` turns any of them into plain data for JSON.
"""

from typing import Any

from pydantic import TypeAdapter

from pathway.questions.asking import Ask, ask_about
from pathway.questions.basis import FaultyQuestion
from pathway.questions.moved import Moved
from pathway.questions.turning import Turns, what_would_change
from pathway.questions.what_if import Changes, Offer, WhatIf, offers, shape, what_if
from pathway.questions.why_not import WhyNot, why_not
from pathway.questions.why_plan import WhyPlan, why_plan

__all__ = [
    "Ask", "Changes", "FaultyQuestion", "Moved", "Offer", "Turns", "WhatIf", "WhyNot", "WhyPlan", "ask_about", "offers",
    "plain", "shape", "what_if", "what_would_change", "why_not", "why_plan",
]  # fmt: skip


def plain(answer: Any) -> Any:
    """Turn an answer, or a tuple of them, into plain data for JSON."""
    if isinstance(answer, tuple):
        return [plain(one) for one in answer]
    return TypeAdapter(type(answer)).dump_python(answer, mode="json")
