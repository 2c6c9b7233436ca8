"""Moments as text: UTC, RFC 3339, always of the same length, so that text sorts as time does; and the day in Sweden."""

from datetime import UTC, date, datetime

from pathway.wording import swedish_day, swedish_time


def now() -> datetime:
    """Tell the present moment, in UTC."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """Write a moment as the database and the trail keep it (``2026-11-22T08:00:00.000000Z``)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day(moment: datetime) -> date:
    """Tell which day it is in Sweden."""
    return swedish_day(moment)


def read(text: str) -> datetime:
    """Read a moment that `text` wrote, by Swedish clocks."""
    return swedish_time(datetime.fromisoformat(text))
