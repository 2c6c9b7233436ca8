"""Looks ahead: values activities at the state that earlier ones are expected to have led to, and solves again.

A plan changes the levels that its later activities start from. So a plan is found with the gains expected without one,
rolled forward quarter by quarter, and searched for again with the gains expected along its way, until it stays the same
or a few rounds are over. The plan with the highest rolled-forward value is kept, and that value is what is shown.
"""

from pathway.foresight.outlook import Expectation, Outlook, doubts
from pathway.foresight.rolling import Amounts, Rolled, roll
from pathway.foresight.search import Foreseen, Foresight, Outcome

__all__ = [
    "Amounts",
    "Expectation",
    "Foreseen",
    "Foresight",
    "Outcome",
    "Outlook",
    "Rolled",
    "doubts",
    "roll",
]
