"""Prices of what is left for clients who have not come yet: earlier cases stand for them, each on a day to come."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pathway import casefile
from pathway.case import Case
from pathway.caseload.pools import Array, Ints, Pools
from pathway.caseload.pricefile import Prices
from pathway.caseload.prices import Priced, find
from pathway.errors import FaultyCase, Mismatch
from pathway.instrument import Instrument

MOST = 1_000_000  # clients who can be expected: each is reckoned with
ROUNDS = 100  # price rounds from nothing
ROUNDS_ON = 8  # price rounds from the prices of the night before: what one night draws then moves them only a little


@dataclass(frozen=True, eq=False)
class Expected:
    """Clients who are expected to come, evenly from today up to and including `until`.

    Attributes
    ----------
    cases
        Earlier cases that stand for them, each with the words for its place in the file.
    number
        How many are expected; more or fewer than the cases.
    before
        Prices of the night before, to go on from; ``None``: found from nothing.
    """

    cases: tuple[tuple[str, Case | FaultyCase], ...]
    number: int
    until: date
    before: Prices | None = None

    def moved(self, today: date) -> Iterator[tuple[str, Case | FaultyCase]]:
        """Give each earlier case a day of its own among those that are left, with all its dates moved as far.

        Every night draws anew who gets which day; the same night draws the same.
        """
        n_days = max((self.until - today).days + 1, 1)
        at = (np.random.default_rng(today.toordinal()).permutation(len(self.cases)) + 0.5) / max(len(self.cases), 1)
        for (place, case), days in zip(self.cases, (at * n_days).astype(int).tolist(), strict=True):
            yield place, case if isinstance(case, FaultyCase) else _as_of(case, today + timedelta(days=days))


def read(
    file: Path, number: str, until: str, instrument: Instrument, today: date, before: Prices | None = None
) -> Expected:
    """Read whom to expect: a file of earlier cases, how many are expected, and until which day.

    Raises
    ------
    Mismatch
        The number is not a whole number from 0 to `MOST`, or the day not a date from today on.
    UnreadableFile
        The file cannot be read or is not JSON.
    """
    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise Mismatch(f"--expect: the last day must be a date such as 2027-12-31, not {until}") from None
    if last < today:
        raise Mismatch(f"--expect: the last day must be {today} or later, not {until}")
    if not (number.isascii() and number.isdigit() and int(number) <= MOST):
        raise Mismatch(f"--expect: how many are expected must be a whole number from 0 to {MOST}, not {number}")
    return Expected(tuple(casefile.read_each(file, instrument)), int(number), last, before)


def _as_of(case: Case, day: date) -> Case:
    later = day - case.as_of
    return replace(
        case,
        as_of=day,
        measurements=tuple(replace(one, measured_on=one.measured_on + later) for one in case.measurements),
        participations=tuple(
            replace(
                one,
                started_on=one.started_on + later,
                ended_on=None if one.ended_on is None else one.ended_on + later,
            )
            for one in case.participations
        ),
        locked=tuple(replace(one, start_on=one.start_on + later, end_on=one.end_on + later) for one in case.locked),
    )


def price(sample: Pools, left: Ints, expected: float, before: Array | None = None) -> Array:
    """Find prices (R,) at which the clients who are expected ask for about the places that are left.

    Parameters
    ----------
    sample
        Earlier clients, as if they came on days that are still to come; its own places do not matter.
    left
        (R,) places that nobody has yet.
    expected
        How many clients are still to come.
    before
        (R,) prices to go on from; found from nothing where left out.
    """
    if expected <= 0 or not len(sample.value):
        return np.zeros(len(left))
    times = math.ceil(expected / sample.n_clients)  # so that a single place is not rounded away
    clients = np.repeat(np.arange(sample.n_clients), times)
    for_all = np.rint(left * (len(clients) / expected)).astype(np.int64)
    start = None if before is None else Priced(before, np.zeros(0), np.inf)
    return find(sample.of(clients, for_all), ROUNDS if start is None else ROUNDS_ON, start=start).prices
