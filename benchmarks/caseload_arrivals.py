"""Lets clients arrive over a year and take plans at published prices, beside first-come and beside hindsight.

Everybody who comes gets at once the plan that is worth most beyond the prices of its places and fits in what is left:
what `pathway suggest --prices` does. Prices are found for the places that are left from earlier clients (drawn from the
same world), each as if they came on a day drawn from the rest of the year. Hindsight knows all who come at once: its
bound, and what the caseload finds. Two rows know the year beforehand, to tell where the loss is: prices that are best
for just this year, and those found anew every night for just those who will come.

The second table is chance alone, for one kind of place: arrivals ask for it at worths that are even from 0 to 1, twice
as many as there are places. Beside prices as above stands the best that anybody can do without knowing who comes, by
dynamic programming.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/caseload_arrivals.py --clients 10000 --seeds 0 1 2 3 4
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from caseload_speed import PERIODS, draw
from scipy.sparse import csr_array

from pathway.caseload import NONE, Pools, find, share
from pathway.caseload.expected import price
from pathway.caseload.pools import Array, Ints
from pathway.caseload.settling import Left

NIGHTS, WEEKS = 250, 50
ROUNDS, ROUNDS_OF_REST = 200, 60  # for prices that know the year

Publish = Callable[[int, Ints], Array]  # prices (R,) from the number of clients who have come and the places left


@dataclass(frozen=True, eq=False)
class Year:
    """Those who come, in their order, with the period that each comes in (of `n_periods`); and earlier clients."""

    pools: Pools
    period: Ints
    n_periods: int
    earlier: Pools

    @classmethod
    def drawn(cls, n: int, n_earlier: int, seed: int, single: bool) -> "Year":
        """Draw a year; with `single`, a plan is one activity, and the year one period."""
        n_periods = 1 if single else PERIODS // 2
        period = np.sort(np.random.default_rng(seed).integers(n_periods, size=n))
        arrives = np.append(period, np.zeros(n_earlier, dtype=np.int64))
        both, _, _ = draw(n + n_earlier, seed, arrives=arrives, single=single)
        places = (both.places * n / (n + n_earlier)).astype(np.int64)
        everybody = np.arange(n + n_earlier)
        return cls(both.of(everybody[:n], places), period, n_periods, both.of(everybody[n:], places))

    def rest(self, come: int, rng: np.random.Generator) -> Pools:
        """Let every earlier client come once in what is left of the year."""
        n, m = self.pools.n_clients, self.earlier.n_clients
        at = (come + (rng.permutation(m) + 0.5) / m * (n - come)) / n
        period = np.maximum((self.n_periods * at).astype(np.int64), self.period[come])
        uses = self.earlier.uses
        later = np.repeat(period[self.earlier.owner], np.diff(uses.indptr))
        moved = csr_array((uses.data, uses.indices + later, uses.indptr), shape=uses.shape)
        return Pools(self.earlier.first, self.earlier.value, moved, self.earlier.places)


def arrive(pools: Pools, every: int, publish: Publish) -> tuple[Ints, float]:
    """Give arriving clients plans in their order, at prices that are published before every so many of them.

    Returns
    -------
    Ints, float
        (n,) the plans, and CPU seconds for finding prices once.
    """
    choice, left = np.full(pools.n_clients, NONE), Left(pools, np.full(pools.n_clients, NONE))
    seconds, times = 0.0, 0
    for client in range(pools.n_clients):
        if client % every == 0:
            started = time.process_time()
            prices = publish(client, left.places)
            seconds, times = seconds + time.process_time() - started, times + 1
        plans = np.arange(pools.first[client], pools.first[client + 1])
        net = pools.value[plans] - pools.uses[plans] @ prices
        for at in np.argsort(-net, kind="stable").tolist():
            if net[at] > 0 and left.take(int(plans[at])):
                choice[client] = plans[at]
                break
    return choice, seconds / times


def ways(year: Year, seed: int) -> list[tuple[str, int, Publish]]:
    """List ways to price: a name, how many arrivals between prices, and how prices are found."""
    pools, n = year.pools, year.pools.n_clients
    nightly, weekly = max(n // NIGHTS, 1), max(n // WEEKS, 1)

    def from_earlier() -> Publish:
        rng, before = np.random.default_rng(seed), None

        def publish(come: int, left: Ints) -> Array:
            nonlocal before
            before = price(year.rest(come, rng), left, n - come, before)
            return before

        return publish

    best = find(pools, ROUNDS).prices

    def for_true_rest(come: int, left: Ints) -> Array:
        return find(pools.of(np.arange(come, n), left), ROUNDS_OF_REST).prices

    return [
        ("none: first-come", n, lambda come, left: np.zeros(len(left))),
        ("once", n, from_earlier()),
        ("every week", weekly, from_earlier()),
        ("every night", nightly, from_earlier()),
        ("knows the year: once", n, lambda come, left: best),
        ("knows the year: every night", nightly, for_true_rest),
    ]


def chance(n_places: int, n_years: int = 4000, seed: int = 0) -> tuple[float, float, Array]:
    """Let twice as many arrivals as places ask for one kind of place.

    Returns
    -------
    float, float, Array
        Share of hindsight with a price found anew for each arrival, the same for the best that can be done, and how
        many prices of a place each loses.
    """
    n = 2 * n_places
    worth = np.random.default_rng(seed).random((n_years, n))
    one_more = np.zeros((n + 1, n_places + 1))  # with so many to come and so many left, a place is worth this
    ahead = np.zeros(n_places + 1)
    for to_come in range(n + 1):
        one_more[to_come, 1:] = np.diff(ahead)
        one_more[to_come, 0] = 1.0
        ahead = ahead + (1 - one_more[to_come]) ** 2 / 2
    left = np.full((2, n_years), n_places)
    total = np.zeros((2, n_years))
    for at in range(n):
        prices = np.stack([1 - np.minimum(left[0] / (n - at), 1), one_more[n - at - 1, left[1]]])
        given = (worth[:, at] > prices) & (left > 0)
        left, total = left - given, total + given * worth[:, at]
    hindsight = np.sort(worth, axis=1)[:, n_places:].sum(axis=1).mean()
    ours, best = total.mean(axis=1)
    return ours / hindsight, best / hindsight, (hindsight - np.array([ours, best])) / 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--earlier", type=int, default=10_000, help="earlier clients that prices are found from")
    parser.add_argument("--single", action="store_true", help="one activity a plan, and one period")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", default=[], help="beginnings of the names of the rows to make")
    chosen = parser.parse_args()
    found: list[float] = []
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for seed in chosen.seeds:
        year = Year.drawn(chosen.clients, chosen.earlier, seed, chosen.single)
        hindsight = share(year.pools)
        found.append(100 * hindsight.total / hindsight.bound)
        for name, every, publish in ways(year, seed):
            if chosen.only and not name.startswith(tuple(chosen.only)):
                continue
            choice, seconds = arrive(year.pools, every, publish)
            assert np.all(year.pools.taken(choice) <= year.pools.places)
            share_of_bound = 100 * year.pools.gains(choice).sum() / hindsight.bound
            rows.setdefault(name, []).append((share_of_bound, 100 * share_of_bound / found[-1], seconds))
    kinds = np.mean(year.pools.places)
    print(
        f"{chosen.clients:,} arrivals, {kinds:.0f} places of a kind, {chosen.earlier:,} earlier; seeds {chosen.seeds}"
    )
    print("| prices | of the hindsight bound: mean (range) | of what hindsight found | CPU s for prices once |")
    print("|---|---|---|---|")
    print(f"| hindsight | {np.mean(found):.2f} % ({min(found):.2f}–{max(found):.2f}) | 100 % | |")
    for name, measured in rows.items():
        of_bound, of_found, seconds = np.array(measured).T
        print(
            f"| {name} | {of_bound.mean():.2f} % ({of_bound.min():.2f}–{of_bound.max():.2f}) | "
            f"{of_found.mean():.2f} % | {seconds.mean():.3f} |"
        )
    print("\n| places of one kind | of hindsight | the best that can be done | places lost by ours, by the best |")
    print("|---|---|---|---|")
    for n_places in (10, 30, 100, 300):
        ours, best, lost = chance(n_places)
        print(f"| {n_places} | {100 * ours:.2f} % | {100 * best:.2f} % | {lost[0]:.2f}, {lost[1]:.2f} |")


if __name__ == "__main__":
    main()
