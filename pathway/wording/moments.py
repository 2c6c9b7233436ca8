"""The time that people in Sweden read on their clocks; what is stored, and what auditors read, is UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_SWEDEN = ZoneInfo("Europe/Stockholm")


def swedish_time(moment: datetime) -> datetime:
    """Give a moment by Swedish clocks; one without a time zone is taken to be that already."""
    return moment.astimezone(_SWEDEN) if moment.tzinfo else moment


def swedish_day(moment: datetime) -> date:
    """Tell which day it is in Sweden."""
    return swedish_time(moment).date()
