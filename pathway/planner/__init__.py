"""Places insatser in weeks for one person: what keeps every rule and is expected to bring most. See docs/PLANNER.md."""

from pathway.planner.aims import is_better_at
from pathway.planner.choices import unknown_fields
from pathway.planner.conflicts import Conflict
from pathway.planner.individual import Loss, Proposal, Work, loss_of, pool, propose, resume, unlike
from pathway.planner.model import Effort
from pathway.planner.objective import Placement, Prospects, Replay, replay
from pathway.planner.planned import Planned, Theme
from pathway.planner.practice import Practice
from pathway.planner.reasons import NotChosen
from pathway.planner.rules import DESCRIPTIONS, Code, Fact, Rule

__all__ = [
    "DESCRIPTIONS",
    "Code",
    "Conflict",
    "Effort",
    "Fact",
    "Loss",
    "NotChosen",
    "Placement",
    "Planned",
    "Practice",
    "Proposal",
    "Prospects",
    "Replay",
    "Rule",
    "Theme",
    "Work",
    "is_better_at",
    "loss_of",
    "pool",
    "propose",
    "replay",
    "resume",
    "unknown_fields",
    "unlike",
]
