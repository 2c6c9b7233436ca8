"""Tells where two pieces of plain data differ, and by how much their numbers do."""

from collections.abc import Iterator
from typing import Any

TOLERANCE = 1e-9  # what numbers may differ by from one type of machine to another


def differences(stored: Any, again: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """Walk through both, and give the place and the size of each difference; infinite for what is not two numbers."""
    if isinstance(stored, dict) and isinstance(again, dict):
        for name in dict.fromkeys([*stored, *again]):
            below = f"{place}.{name}" if place else str(name)
            if name in stored and name in again:
                yield from differences(stored[name], again[name], below)
            else:
                yield below, float("inf")
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for number, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from differences(one, other, f"{place}.{number}")
    elif _is_number(stored) and _is_number(again):
        if stored != again:
            yield place, abs(stored - again)
    elif stored != again:
        yield place, float("inf")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
