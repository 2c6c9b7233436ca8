"""Tells what the sharing of places means: who waits for which place, and what one more would bring."""

from dataclasses import dataclass

import numpy as np

from pathway.caseload.pools import Array, Ints, Pools
from pathway.caseload.settling import shortage


@dataclass(frozen=True)
class Wait:
    """A client who does not have the plan that is worth most to them.

    Attributes
    ----------
    client
        Number, from 0.
    kinds
        The kinds of places that there are too few of for that plan.
    steps
        How much more it is worth than the plan that the client has.
    """

    client: int
    kinds: tuple[int, ...]
    steps: float


def waits(pools: Pools, choice: Ints) -> list[Wait]:
    """List the clients who do not have the plan that is worth most to them, in the order of the clients."""
    best, highest = pools.best(pools.value)
    behind = highest - pools.gains(choice)
    waiting = np.flatnonzero(behind > 1e-9)
    return [
        Wait(int(waiting[row]), tuple(np.flatnonzero(lacks).tolist()), float(behind[waiting[row]]))
        for rows, lacking in shortage(pools, choice, pools.places - pools.taken(choice), best[waiting])
        for row, lacks in zip(rows.tolist(), lacking, strict=True)
    ]


def one_more(pools: Pools, choice: Ints, together: Ints | None = None) -> Array:
    """(R,) what one more place of each kind would bring at once: the most that a single client could gain by it.

    More can come of it when several clients change plans: at most the place's price and what is left of the gap.

    Parameters
    ----------
    together
        (R,) numbers from 0 of kinds that get one more place at the same time, such as an insats in all periods; then
        the result is by these numbers.
    """
    together = np.arange(len(pools.places)) if together is None else together
    brings = np.zeros(int(together.max(initial=-1)) + 1)
    more = pools.value - pools.gains(choice)[pools.owner]
    wanted = np.flatnonzero(more > 1e-9) if len(brings) else np.zeros(0, dtype=np.int64)
    for rows, lacks in shortage(pools, choice, pools.places - pools.taken(choice), wanted):
        highest = np.where(lacks > 0, together, -1).max(axis=1)
        lowest = np.where(lacks > 0, together, len(brings)).min(axis=1)
        enough = np.flatnonzero((lacks.max(axis=1) == 1) & (lowest == highest))
        np.maximum.at(brings, highest[enough], more[wanted[rows[enough]]])
    return brings
