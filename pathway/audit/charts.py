"""Where marks lie in the report's pictures: inline SVG beside a table with the same numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pathway.audit.estimates import Estimate

_MARGIN = 0.04  # of the width, on either side


@dataclass(frozen=True)
class Axis:
    """From the lowest to the highest value that is shown."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Give a value's place, in per cent of the width."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(100 * (_MARGIN + (1 - 2 * _MARGIN) * min(max(share, 0.0), 1.0)), 2)


def axis(estimates: Iterable[Any], marks: Sequence[float] = (), bounds: tuple[float, float] | None = None) -> Axis:
    """Make an axis on which all estimates, with their intervals, and all marks can be seen, within bounds."""
    known = [one for one in estimates if isinstance(one, Estimate)]
    values = [*(one.low for one in known), *(one.high for one in known), *marks]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if bounds:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Axis(low, high)
