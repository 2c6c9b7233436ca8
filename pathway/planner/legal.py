"""Reads how long the law lets an insats last, from legal.toml."""

from functools import cache
from pathlib import Path

from pathway.catalogue import Insats
from pathway.reading import toml_of

SHIPPED = Path(__file__).parent / "legal.toml"


def longest_weeks(insats: Insats) -> int:
    """Most weeks that one period of the insats may last: the catalogue's most, or the law's where that is fewer."""
    name = insats.name.casefold()
    limits = [
        (len(beginning), weeks)
        for beginning, huvudman, weeks in _limits()
        if insats.huvudman == huvudman and name.startswith(beginning)
    ]
    return min(insats.weeks.max, max(limits)[1]) if limits else insats.weeks.max


@cache
def _limits() -> tuple[tuple[str, str, int], ...]:
    return tuple((one["name"].casefold(), one["huvudman"], one["weeks"]) for one in toml_of(SHIPPED)["longest"])
