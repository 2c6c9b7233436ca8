"""Finds what a place is worth: prices at which clients' best plans take about the places that there are, and a bound.

Prices rise where more is asked for than there is and fall where less is, in ever smaller steps: a subgradient method on
the Lagrange dual, with steps relative to supply. Whatever the prices, the dual is an upper bound on what any sharing of
the places can bring; the lowest bound met on the way is kept, with its prices.
"""

from dataclasses import dataclass

import numpy as np

from pathway.caseload.pools import Array, Ints, Pools

FIRST_STEP = 1.5  # of the mean value per place: how far a price moves at first
LAST_STEP = 0.01  # of the first step: how far it moves at the end
MOMENTUM = 0.6  # share of the direction before that is kept
FLOOR_STEP = 0.4  # how far a group's multiplier moves at first, where the group has nothing


@dataclass(frozen=True, eq=False)
class Floor:
    """What each of G groups is to gain at least.

    Attributes
    ----------
    group
        (n,) group of each client.
    least
        (G,) sum of values that the group's clients are to have together.
    """

    group: Ints
    least: Array

    def reached(self, gains: Array) -> Array:
        """(G,) sum of gains of each group's clients."""
        sums: Array = np.bincount(self.group, weights=gains, minlength=len(self.least)).astype(np.float64)
        return sums

    def of(self, clients: Ints, gains: Array) -> "Floor":
        """Tell what is left to reach for some of the clients, when the others have gained what `gains` (n,) says."""
        others = gains.copy()
        others[clients] = 0.0
        return Floor(self.group[clients], np.maximum(self.least - self.reached(others), 0.0))


@dataclass(frozen=True, eq=False)
class Priced:
    """Prices and what they prove.

    Attributes
    ----------
    prices
        (R,) steps that a place costs; zero or more.
    multipliers
        (G,) how much more than once a step counts in each group, so that its floor is kept; empty without floors.
    bound
        No sharing of the places, however clever, brings more steps in all (and keeps the floors).
    """

    prices: Array
    multipliers: Array
    bound: float


def find(pools: Pools, n_rounds: int, floor: Floor | None = None, start: Priced | None = None) -> Priced:
    """Find prices and the bound that they prove.

    Parameters
    ----------
    n_rounds
        Times that all clients choose anew.
    floor
        What groups are to gain at least.
    start
        Prices to go on from, with smaller steps.
    """
    n_places = len(pools.places)
    n_groups = 0 if floor is None else len(floor.least)
    prices = np.zeros(n_places) if start is None else start.prices.copy()
    multipliers = np.zeros(n_groups) if start is None or len(start.multipliers) != n_groups else start.multipliers
    unit = pools.value.sum() / max(pools.uses.sum(), 1.0)
    step = FIRST_STEP * (1.0 if start is None else 0.25)
    shrink = LAST_STEP ** (1.0 / max(n_rounds, 1))
    direction = np.zeros(n_places)
    best = Priced(prices, multipliers, np.inf)
    for _ in range(n_rounds):
        choice, kept = pools.best(net(pools, prices, multipliers, floor))
        taken = pools.taken(choice)
        bound = float(kept.sum() + prices @ pools.places)
        if floor is not None:
            bound -= float(multipliers @ floor.least)
        if bound < best.bound:
            best = Priced(prices, multipliers, bound)
        direction = MOMENTUM * direction + (1 - MOMENTUM) * _excess(taken, pools.places)
        prices = np.maximum(prices + step * unit * direction, 0.0)
        if floor is not None:
            missing = 1.0 - floor.reached(pools.gains(choice)) / np.maximum(floor.least, 1e-9)
            multipliers = np.maximum(multipliers + FLOOR_STEP * step / FIRST_STEP * np.clip(missing, -1, 1), 0.0)
        step *= shrink
    return best


def net(pools: Pools, prices: Array, multipliers: Array | None = None, floor: Floor | None = None) -> Array:
    """(P,) what each plan is worth beyond the prices of its places; in groups with a floor a step may count more."""
    value = pools.value if floor is None or multipliers is None else pools.value * counted(pools, multipliers, floor)
    left: Array = value - pools.uses @ prices
    return left


def counted(pools: Pools, multipliers: Array, floor: Floor) -> Array:
    """(P,) how many times a step counts in each plan: once, and more in a group whose floor would not be kept."""
    times: Array = (1.0 + multipliers[floor.group])[pools.owner]
    return times


def _excess(taken: Ints, places: Ints) -> Array:
    """(R,) how much more is asked for than there is, relative to both; from minus one to one."""
    size = np.sqrt(np.maximum(places, 1.0) * np.maximum(taken, 1.0))
    excess: Array = np.clip((taken - places) / size, -1.0, 1.0)
    return excess
