"""Walks the desk river once: case, features, overlap, gains, plan, explanation, suggestion. Is given the model."""

from pathway.suggestion.client import Client, Prices, against, named, placements_of
from pathway.suggestion.desk import Aim, Desk
from pathway.suggestion.notes import OLD_AFTER_DAYS, on_activities

__all__ = ["OLD_AFTER_DAYS", "Aim", "Client", "Desk", "Prices", "against", "named", "on_activities", "placements_of"]
