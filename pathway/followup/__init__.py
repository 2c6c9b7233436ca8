"""Aggregate follow-up that may leave the house: tables in the fields of Uppföljning Finsam, and their metadata."""

from pathway.followup.tables import FollowUp, gather, write

__all__ = ["FollowUp", "gather", "write"]
