"""Says in Swedish what the numbers say, from the same numbers; the texts themselves are data (``words/sv.toml``)."""

from pathway.wording.dictionary import Feature, Group
from pathway.wording.moments import swedish_day, swedish_time
from pathway.wording.notes import (
    budget_note,
    case_notes,
    closed_note,
    conflict_notes,
    doubt_notes,
    note,
    nothing_note,
    weights_note,
)
from pathway.wording.reasons import Reason, grouped, groups_of, in_groups, weigh
from pathway.wording.sentences import Hindrance, Obstacle, activity_text, feature, not_chosen_text
from pathway.wording.words import Words, read, spoken, swedish

__all__ = [
    "Feature", "Group", "Hindrance", "Obstacle", "Reason", "Words", "activity_text", "budget_note", "case_notes",
    "closed_note", "conflict_notes", "doubt_notes", "feature", "grouped", "groups_of", "in_groups", "not_chosen_text",
    "note", "nothing_note", "read", "spoken", "swedish", "swedish_day", "swedish_time", "weigh", "weights_note",
]  # fmt: skip
