"""Says in Swedish what the numbers say, from the same numbers; the texts themselves are data (``words/sv.toml``)."""

from pathway.wording.notes import case_notes, conflict_notes, doubt_notes, note, weights_note
from pathway.wording.sentences import Hindrance, Obstacle, activity_text, feature, not_chosen_text, weigh
from pathway.wording.words import Feature, Words, read, swedish

__all__ = [
    "Feature", "Hindrance", "Obstacle", "Words", "activity_text", "case_notes", "conflict_notes",
    "doubt_notes", "feature", "not_chosen_text", "note", "read", "swedish", "weigh", "weights_note",
]  # fmt: skip
