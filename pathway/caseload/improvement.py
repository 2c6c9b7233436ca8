"""Closes what is left of the gap: some hundred clients at a time share their places among them anew, exactly."""

from dataclasses import dataclass

import numpy as np

from pathway.caseload.pools import NONE, Array, Ints, Pools
from pathway.caseload.prices import Floor, Priced, counted, net
from pathway.caseload.settling import Left
from pathway.planner import caseload_exact
from pathway.planner.caseload_exact import Chosen, Least

WHOLE_AT_ONCE = 3_000  # plans: a caseload that has no more is solved as a whole
FIRST_SIZE, LEAST_SIZE, MOST_SIZE = 200, 40, 800  # clients taken at a time
SHARE_OF_EFFORT = 0.05  # what one part may use
SLACK = 0.15  # of a mean plan: how far below a client's best, at the prices, a plan may lie to be tried
PER_PLACE = 20  # clients who are taken with one scarce place
GOOD_ENOUGH = 5e-3  # share of the bound: a smaller gap is not worth more work
MOST_PARTS = 1_000


@dataclass(frozen=True, eq=False)
class Improved:
    """A choice (n,), a bound on what any choice can bring, and whether it is shown that there is none better."""

    choice: Ints
    bound: float
    proven: bool


def improve(
    pools: Pools, choice: Ints, priced: Priced, effort: float, floor: Floor | None = None, seed: int = 0
) -> Improved:
    """Better a choice, as far as the effort goes; it never gets worse, and no group falls below its floor.

    Parameters
    ----------
    choice
        (n,) a plan each, within the places.
    effort
        Deterministic time of the exact solver in all; about as many seconds.
    seed
        Of the draw of which clients are taken together.
    """
    if not len(pools.value):
        return Improved(choice, 0.0, True)
    if len(pools.value) <= WHOLE_AT_ONCE:
        return _improve_whole(pools, choice, priced, effort, floor)
    choice, value = choice.copy(), _aim(pools, choice, priced, floor)
    neighbours = _Neighbours(pools, choice, priced, floor, np.random.default_rng(seed))
    spent, size = 0.0, FIRST_SIZE
    for _ in range(MOST_PARTS):
        if spent >= effort or pools.gains(choice).sum() >= (1 - GOOD_ENOUGH) * priced.bound or not neighbours.any:
            break
        clients, plans = neighbours.draw(size, choice)
        found = _share_anew(pools, choice, clients, plans, value, SHARE_OF_EFFORT * effort, _kept(pools, choice, floor))
        spent += SHARE_OF_EFFORT * effort if found is None else found.spent
        proven = found is not None and found.proven
        size = int(np.clip(size * (1.2 if proven else 0.8), LEAST_SIZE, min(MOST_SIZE, pools.n_clients)))
        if found is not None:
            _adopt(choice, clients, plans, value, found)
    return Improved(choice, priced.bound, False)


def _improve_whole(pools: Pools, choice: Ints, priced: Priced, effort: float, floor: Floor | None) -> Improved:
    """Solve a small caseload as a whole: with the floors if they can be kept, else with as much of them as is."""
    clients, plans = np.arange(pools.n_clients), np.arange(len(pools.value))
    for least in (floor, _kept(pools, choice, floor)):
        found = _share_anew(pools, choice, clients, plans, pools.value, effort, least)
        if found is not None:
            # With looser floors the bound still holds for the true ones.
            return Improved(found.plans, min(priced.bound, found.bound), found.proven)
    return Improved(choice, priced.bound, False)


def _aim(pools: Pools, choice: Ints, priced: Priced, floor: Floor | None) -> Array:
    """(P,) what is made as large as can be: steps; while a floor is not kept, steps of its group count more."""
    if floor is None or np.all(floor.reached(pools.gains(choice)) >= floor.least):
        return pools.value
    return pools.value * counted(pools, priced.multipliers, floor)


def _kept(pools: Pools, choice: Ints, floor: Floor | None) -> Floor | None:
    """Lower each floor to what its group has, where that is less."""
    if floor is None:
        return None
    return Floor(floor.group, np.minimum(floor.least, floor.reached(pools.gains(choice))))


def _share_anew(
    pools: Pools, choice: Ints, clients: Ints, plans: Ints, value: Array, effort: float, floor: Floor | None
) -> Chosen | None:
    """Choose among some plans of some clients, who give their places back first; all others keep theirs."""
    others = choice.copy()
    others[clients] = NONE
    local = np.full(pools.n_clients, NONE)
    local[clients] = np.arange(len(clients))
    at = np.full(len(pools.value) + 1, NONE)
    at[plans] = np.arange(len(plans))  # the last stays NONE, for those without a plan
    rows = [] if floor is None else _floor_rows(pools, plans, floor, floor.reached(pools.gains(others)))
    return caseload_exact.choose(
        local[pools.owner[plans]],
        value[plans],
        pools.uses[plans],
        Left(pools, others).places,
        at[choice[clients]],
        effort,
        rows,
    )


def _floor_rows(pools: Pools, plans: Ints, floor: Floor, of_others: Array) -> list[Least]:
    group = floor.group[pools.owner[plans]]
    return [
        Least(np.flatnonzero(group == g), pools.value[plans[group == g]], float(floor.least[g] - of_others[g]))
        for g in np.flatnonzero(floor.least > of_others).tolist()
    ]


def _adopt(choice: Ints, clients: Ints, plans: Ints, value: Array, found: Chosen) -> None:
    """Take what was found over, if it is worth more."""
    new = np.append(plans, NONE)[found.plans]
    worth = np.append(value, 0.0)
    if worth[new].sum() > worth[choice[clients]].sum() + 1e-9:
        choice[clients] = new


class _Neighbours:
    """Draws clients who compete for the same scarce places, with those of their plans that may be worth trying."""

    def __init__(
        self, pools: Pools, choice: Ints, priced: Priced, floor: Floor | None, rng: np.random.Generator
    ) -> None:
        worth = net(pools, priced.prices, priced.multipliers, floor)
        held = pools.gains(choice)
        slack = SLACK * held.sum() / max(int((held > 0).sum()), 1)
        self._tried = pools.best(worth)[1][pools.owner] - worth <= slack
        self._pools, self._rng = pools, rng
        plans = np.flatnonzero(self._tried)
        wanted = pools.uses[plans].tocsc()
        self._starts, self._wanting = wanted.indptr, pools.owner[plans][wanted.indices]
        self._scarce = np.flatnonzero((priced.prices > 0) & (np.diff(wanted.indptr) > 0))
        self._is_scarce = np.isin(np.arange(len(pools.places)), self._scarce)

    @property
    def any(self) -> bool:
        """Whether anything is scarce."""
        return len(self._scarce) > 0

    def draw(self, size: int, choice: Ints) -> tuple[Ints, Ints]:
        """Draw clients, about `size` of them, and their plans to try, each with the one that they have."""
        drawn: set[int] = set()
        for _ in range(size):
            place = int(self._rng.choice(self._near(drawn)))
            wanting = self._wanting[self._starts[place] : self._starts[place + 1]]
            drawn.update(self._rng.choice(wanting, min(PER_PLACE, len(wanting)), replace=False).tolist())
            if len(drawn) >= size:
                break
        clients = np.array(sorted(drawn), dtype=np.int64)
        plans = self._pools.plans_of(clients)
        kept = self._tried[plans] | (plans == choice[self._pools.owner[plans]])
        return clients, plans[kept]

    def _near(self, drawn: set[int]) -> Ints:
        """List scarce places that one of the clients drawn would take; any where there are none."""
        if not drawn:
            return self._scarce
        client = int(self._rng.choice(sorted(drawn)))
        plans = self._pools.plans_of(np.array([client]))
        wanted = self._pools.uses[plans[self._tried[plans]]].indices
        near = np.unique(wanted[self._is_scarce[wanted]]).astype(np.int64)
        return near if len(near) else self._scarce
