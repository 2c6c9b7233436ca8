"""Shares places among the clients of a caseload, under a floor for groups and an even load if that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, hstack

from pathway.caseload.improvement import improve
from pathway.caseload.pools import NONE, Array, Ints, Matrix, Pools
from pathway.caseload.prices import Floor, Priced, find
from pathway.caseload.settling import fill, settle

KEPT_WITHIN = 0.005  # a floor counts as kept if a group is at most this share below it
CORRECTIONS = 6  # times that the floors are aimed higher where a group is still below


@dataclass(frozen=True)
class Work:
    """How much work to spend, in amounts that do not depend on the machine.

    Attributes
    ----------
    rounds
        Times that all clients choose anew, for a thousand clients with 16 plans; fewer for more.
    effort
        Deterministic time for the exact solver, about seconds.
    """

    rounds: int = 300
    effort: float = 5.0

    def rounds_for(self, n_plans: int) -> int:
        """Count rounds for a caseload: the larger it is, the fewer it needs, as more clients share each place."""
        fewer = (16_000 / max(n_plans, 16_000)) ** 0.4
        return max(int(self.rounds * fewer), 1)


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each client belongs to.

    Attributes
    ----------
    names
        Of the G groups, sorted.
    of_client
        (n,) group of each client, from 0.
    """

    names: tuple[str, ...]
    of_client: Ints

    @classmethod
    def named(cls, of_clients: Sequence[str]) -> "Groups":
        """Make groups of a name per client."""
        names, of_client = np.unique(np.array(of_clients, dtype=object).astype(str), return_inverse=True)
        return cls(tuple(names.tolist()), of_client.astype(np.int64))

    def sizes(self, pools: Pools) -> Ints:
        """(G,) clients in each group who could have a plan at all: the others are in no mean."""
        able = np.diff(pools.first) > 0
        return np.bincount(self.of_client[able], minlength=len(self.names)).astype(np.int64)

    def means(self, pools: Pools, gains: Array) -> Array:
        """(G,) mean gain of each group's clients who could have a plan."""
        sums = np.bincount(self.of_client, weights=gains, minlength=len(self.names))
        means: Array = sums / np.maximum(self.sizes(pools), 1)
        return means


@dataclass(frozen=True, eq=False)
class Even:
    """How starts are to be spread over time.

    Attributes
    ----------
    starts
        (P, T) sparse: activities that begin in each period, per plan.
    share
        No period gets more than this share of all the starts that there are when they are not spread; 0 to 1.
    """

    starts: Matrix
    share: float


@dataclass(frozen=True, eq=False)
class Shares:
    """Who gets which plan, and what is known about how good that is.

    Attributes
    ----------
    choice
        (n,) plan of each client, -1 for none.
    prices
        (R,) what a place is worth at most, in steps; zero where there are enough.
    start_prices
        (T,) the same for a start in each period; empty unless starts are spread.
    total
        Steps that the plans are expected to bring in all.
    bound
        No sharing brings more (and keeps the floors and the spread).
    proven
        Whether it is shown that no other sharing of these plans brings more.
    multipliers
        (G,) how much more than once a step counts in each group, so that its floor is kept; empty without a floor.
    least
        (G,) mean gain that each group was to have; empty without a floor.
    reached
        (G,) mean gain that each group has; empty without groups.
    without_floor
        Total without the floor; the same as `total` where there is none.
    most_starts
        Starts that a period may have; ``None`` unless they are spread.
    """

    choice: Ints
    prices: Array
    start_prices: Array
    total: float
    bound: float
    proven: bool
    multipliers: Array
    least: Array
    reached: Array
    without_floor: float
    most_starts: int | None

    @property
    def gap(self) -> float:
        """Share of the bound that is not reached."""
        return max(0.0, 1.0 - self.total / self.bound) if self.bound > 0 else 0.0

    @property
    def price_of_floor(self) -> float:
        """Share of the total that the floor costs."""
        return 1.0 - self.total / self.without_floor if self.without_floor > 0 else 0.0

    @property
    def floor_kept(self) -> bool:
        """Whether every group has its floor, but for half a percent."""
        return bool(np.all(self.reached[: len(self.least)] >= (1 - KEPT_WITHIN) * self.least))


def share(
    pools: Pools,
    groups: Groups | None = None,
    floor: float | None = None,
    even: Even | None = None,
    work: Work | None = None,
    seed: int = 0,
) -> Shares:
    """Share places among clients so that their plans bring most in all.

    The order of the clients makes no difference, but between two whose pools are worth and take the same.

    Parameters
    ----------
    groups
        Whom means are told for, and the floor is for.
    floor
        No group's mean gain is to be below this share (0 to 1) of the mean gain of all without a floor; means are of
        those who could have a plan at all.
    even
        How starts are to be spread over time.
    """
    work = work or Work()
    order = _order(pools, groups)
    sorted_pools, kept = pools.of(order, pools.places).possible()
    original = pools.plans_of(order)[kept]
    of_client = None if groups is None else groups.of_client[order]
    spread, most_starts = sorted_pools, None
    free = _solve(sorted_pools, work, seed)
    if even is not None:
        starts = even.starts[original]
        spread, most_starts = _spread(sorted_pools, starts, even.share, free)
        free = _solve(spread, work, seed)
    found, least = free, np.zeros(0)
    if floor is not None and groups is not None and of_client is not None:
        sizes = groups.sizes(pools)
        least = np.where(sizes > 0, floor * free.total / max(int(sizes.sum()), 1), 0.0)
        found = _solve_with_floor(spread, Floor(of_client, least * sizes), free, work, seed)
    choice = np.full(pools.n_clients, NONE)
    choice[order] = np.append(original, NONE)[found.choice]
    gains = pools.gains(choice)
    n_places = len(pools.places)
    return Shares(
        choice=choice,
        prices=found.priced.prices[:n_places],
        start_prices=found.priced.prices[n_places:],
        total=float(gains.sum()),
        bound=max(found.bound, float(gains.sum())) if found.proven else found.bound,
        proven=found.proven,
        multipliers=found.priced.multipliers,
        least=least,
        reached=np.zeros(0) if groups is None else groups.means(pools, gains),
        without_floor=free.total,
        most_starts=most_starts,
    )


@dataclass(frozen=True, eq=False)
class _Solved:
    choice: Ints
    priced: Priced
    total: float
    bound: float
    proven: bool


def _order(pools: Pools, groups: Groups | None) -> Ints:
    """Put clients in an order that follows from their pools alone, so that the order of the input does not matter."""
    mark = np.cos(np.arange(1, len(pools.places) + 1))  # tells kinds of places apart
    marks = pools.value * (1.0 + pools.uses @ mark)
    at = pools.first[:-1][np.diff(pools.first) > 0]
    keys = np.zeros((3, pools.n_clients))
    if len(at):
        filled = np.diff(pools.first) > 0
        keys[0, filled] = np.maximum.reduceat(pools.value, at)
        keys[1, filled] = np.add.reduceat(pools.value, at)
        keys[2, filled] = np.add.reduceat(marks, at)
    group = np.zeros(pools.n_clients) if groups is None else groups.of_client
    return np.lexsort((group, *np.round(keys, 9))).astype(np.int64)


def _solve(pools: Pools, work: Work, seed: int) -> _Solved:
    if not len(pools.value):
        nothing = Priced(np.zeros(len(pools.places)), np.zeros(0), 0.0)
        return _Solved(np.full(pools.n_clients, NONE), nothing, 0.0, 0.0, True)
    priced = find(pools, work.rounds_for(len(pools.value)))
    improved = improve(pools, settle(pools, priced), priced, work.effort, seed=seed)
    choice = fill(pools, improved.choice)
    return _Solved(choice, priced, float(pools.gains(choice).sum()), improved.bound, improved.proven)


def _solve_with_floor(pools: Pools, floor: Floor, free: _Solved, work: Work, seed: int) -> _Solved:
    """Aim somewhat higher for groups that are still below their floor, a few times; the last that is best is kept."""
    aim, bound, priced = floor, np.inf, free.priced
    best: tuple[float, float, Ints, Priced] | None = None
    for _ in range(CORRECTIONS):
        priced = find(pools, work.rounds_for(len(pools.value)), aim, None if best is None else priced)
        bound = min(bound, priced.bound + float(priced.multipliers @ (aim.least - floor.least)))
        choice = settle(pools, priced, aim)
        reached = floor.reached(pools.gains(choice))
        short = float(np.max(1.0 - reached / np.maximum(floor.least, 1e-9), initial=0.0))
        candidate = (-max(short, KEPT_WITHIN / 5), float(reached.sum()), choice, priced)
        if best is None or candidate[:2] > best[:2]:
            best = candidate
        if short <= KEPT_WITHIN / 5:
            break
        aim = replace(aim, least=aim.least + np.maximum(floor.least - reached, 0.0))
    if best is None:
        raise ValueError("floors need at least one try")
    _, _, choice, priced = best
    improved = improve(pools, choice, replace(priced, bound=bound), work.effort, floor, seed)
    choice = fill(pools, improved.choice)
    return _Solved(choice, priced, float(pools.gains(choice).sum()), improved.bound, improved.proven)


def _spread(pools: Pools, starts: Matrix, share_of_starts: float, free: _Solved) -> tuple[Pools, int]:
    """Let starts in a period be places of their own kind, as many as the share says."""
    chosen = free.choice[free.choice != NONE]
    most = max(int(np.ceil(share_of_starts * starts[chosen].sum())), 1)
    uses = csr_array(hstack([pools.uses, starts], format="csr"))
    places = np.concatenate([pools.places, np.full(starts.shape[1], most)])
    return replace(pools, uses=uses, places=places), most
