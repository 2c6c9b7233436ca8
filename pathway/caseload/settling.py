"""Settles who gets which plan, so that no place is given twice: the clear ones first, the rest at new prices."""

from collections.abc import Iterable, Iterator

import numpy as np

from pathway.caseload.pools import NONE, Array, Bools, Ints, Pools
from pathway.caseload.prices import Floor, Priced, counted, find, net

ROUNDS = 12  # price rounds before each settling
SETTLED = 0.6  # share of those who ask for a plan that is settled at once: those with most to lose on another
FEW = 40  # clients who ask, below which all are settled one by one
AT_ONCE = 256  # plans whose places are laid out in full at the same time


class Left:
    """Places that are left while plans are given out one by one."""

    def __init__(self, pools: Pools, choice: Ints) -> None:
        self._uses = pools.uses
        self._left: list[int] = (pools.places - pools.taken(choice)).tolist()

    @property
    def places(self) -> Ints:
        """(R,) places left."""
        return np.array(self._left, dtype=np.int64)

    def take(self, plan: int) -> bool:
        """Take the plan's places if they are all there; tell whether they were."""
        needed = self._needed(plan)
        if any(self._left[place] < n for place, n in needed):
            return False
        for place, n in needed:
            self._left[place] -= n
        return True

    def give_back(self, plan: int) -> None:
        """Give the places of a plan back; nothing for no plan."""
        if plan != NONE:
            for place, n in self._needed(plan):
                self._left[place] += n

    def _needed(self, plan: int) -> list[tuple[int, int]]:
        span = slice(self._uses.indptr[plan], self._uses.indptr[plan + 1])
        return list(
            zip(self._uses.indices[span].tolist(), self._uses.data[span].astype(np.int64).tolist(), strict=True)
        )


def settle(pools: Pools, priced: Priced, floor: Floor | None = None) -> Ints:
    """Give each client a plan or none, (n,), within the places.

    At given prices those who would lose most by having to take another plan are settled, then prices are found anew
    for the rest and the places that are left, until all have been asked.
    """
    choice = np.full(pools.n_clients, NONE)
    left = Left(pools, choice)
    active = np.arange(pools.n_clients)
    while len(active):
        rest = pools.of(active, left.places)
        its_floor = None if floor is None else floor.of(active, pools.gains(choice))
        if len(active) < pools.n_clients:
            priced = find(rest, ROUNDS, its_floor, priced)
        worth = net(rest, priced.prices, priced.multipliers, its_floor)
        plan, _ = rest.best(worth)
        asking = np.flatnonzero(plan != NONE)
        regret = rest.regret(worth)
        urgent = asking[np.argsort(-regret[asking], kind="stable")]
        if len(asking) > FEW:
            urgent = urgent[: int(np.ceil(SETTLED * len(urgent)))]
            offered = pools.plans_of(active)
            settled = [at for at in urgent.tolist() if _give(choice, left, int(active[at]), [int(offered[plan[at]])])]
            if settled:
                active = np.delete(active, settled)
                continue
        _settle_the_last(pools, choice, left, active, rest, worth)
        break
    return fill(pools, choice, None if floor is None else counted(pools, priced.multipliers, floor))


def _settle_the_last(pools: Pools, choice: Ints, left: Left, active: Ints, rest: Pools, worth: Array) -> None:
    """Go through all who are left once, and each one's plans from the one that is worth most beyond its places."""
    offered = pools.plans_of(active)
    nobody = np.full(rest.n_clients, NONE)
    possible = fitting(rest, nobody, left.places, np.arange(len(offered)))  # what lacks a place now always will
    rows = rest.in_rows(np.where(possible, worth, -np.inf))
    ranked = np.argsort(-rows, axis=1, kind="stable")
    n_possible = np.isfinite(rows).sum(axis=1)
    regret = rest.regret(worth)
    for at in np.argsort(-regret, kind="stable").tolist():
        if n_possible[at]:
            plans = offered[rest.first[at] + ranked[at, : n_possible[at]]]
            _give(choice, left, int(active[at]), plans.tolist())


def _give(choice: Ints, left: Left, client: int, plans: Iterable[int]) -> bool:
    for plan in plans:
        if left.take(plan):
            choice[client] = plan
            return True
    return False


def fill(pools: Pools, choice: Ints, times: Array | None = None) -> Ints:
    """Let clients change to a better plan for which there are places, most gained first, until nobody can.

    Parameters
    ----------
    times
        (P,) how many times a step counts in each plan; once where left out.
    """
    choice = choice.copy()
    value = pools.value if times is None else pools.value * times
    left = Left(pools, choice)
    while True:
        more = value - np.append(value, 0.0)[choice][pools.owner]
        better = np.flatnonzero(more > 1e-9)
        better = better[fitting(pools, choice, left.places, better)]
        n_changed = 0
        for plan in better[np.argsort(-more[better], kind="stable")].tolist():
            client = pools.owner[plan]
            before = int(choice[client])
            if before != NONE and value[plan] <= value[before]:
                continue
            left.give_back(before)
            if left.take(plan):
                choice[client] = plan
                n_changed += 1
            elif before != NONE:
                left.take(before)
        if not n_changed:
            return choice


def fitting(pools: Pools, choice: Ints, left: Ints, plans: Ints) -> Bools:
    """Tell of each plan whether its places are left, once its client has given back their own."""
    short = pools.uses[plans]
    short.data = (short.data > left[short.indices]).astype(np.float64)
    missing = short @ np.ones(len(left))
    fits: Bools = missing == 0
    doubtful = np.flatnonzero(~fits & (choice[pools.owner[plans]] != NONE))
    held = pools.uses[choice[pools.owner[plans[doubtful]]]]
    shared = np.asarray(short[doubtful].multiply(held > 0).sum(axis=1)).ravel()
    doubtful = doubtful[shared == missing[doubtful]]  # the others need a place that their client does not have
    for rows, lacks in shortage(pools, choice, left, plans[doubtful]):
        fits[doubtful[rows]] = ~lacks.any(axis=1)
    return fits


def shortage(pools: Pools, choice: Ints, left: Ints, plans: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Tell how many places more than are left each plan needs, once its client has given back their own.

    Yields
    ------
    Ints, Ints
        Rows of some of the plans, and (rows, R) what they lack; zero where there is enough or nothing is needed.
    """
    own = choice[pools.owner[plans]]
    for start in range(0, len(plans), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(plans)))
        held = pools.uses[np.where(own[rows] == NONE, 0, own[rows])].toarray() * (own[rows] != NONE)[:, None]
        needed = pools.uses[plans[rows]].toarray()
        yield rows, np.where(needed > 0, np.maximum(np.rint(needed - held) - left, 0), 0).astype(np.int64)
