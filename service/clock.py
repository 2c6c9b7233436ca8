"""Moments as text: UTC, RFC 3339, always of the same length, so that text sorts as time does."""

from datetime import UTC, datetime


def now() -> datetime:
    """Tell the present moment, in UTC."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """Write a moment as the database and the trail keep it (``2026-11-22T08:00:00.000000Z``)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
