"""Lets clients arrive over a year and take plans at published prices, beside first-come and beside hindsight.

Everybody who comes gets at once the plan that is worth most beyond the prices of its places and fits in what is left:
what `pathway suggest --prices` does. Prices are found from clients of the year before (drawn from the same world), for
the places that are left and the share of the year that is left. Hindsight is the bound for all who came, known at once.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/caseload_arrivals.py --clients 10000
"""

import argparse
import time

import numpy as np
from caseload_speed import PERIODS, draw

from pathway.caseload import NONE, Pools, Priced, find, share
from pathway.caseload.pools import Ints
from pathway.caseload.settling import Left

ROUNDS = 60


def arrive(pools: Pools, history: Pools, every: int) -> Ints:
    """Give arriving clients plans in their order; prices are found anew after `every` of them (0: never any price)."""
    choice, left = np.full(pools.n_clients, NONE), Left(pools, np.full(pools.n_clients, NONE))
    prices = np.zeros(len(pools.places))
    priced: Priced | None = None
    for client in range(pools.n_clients):
        if every and client % every == 0:
            future = np.arange(int(client / pools.n_clients * history.n_clients), history.n_clients)
            scale = len(future) / (pools.n_clients - client)
            priced = find(history.of(future, np.floor(left.places * scale).astype(np.int64)), ROUNDS, start=priced)
            prices = priced.prices
        plans = np.arange(pools.first[client], pools.first[client + 1])
        net = pools.value[plans] - pools.uses[plans] @ prices
        for at in np.argsort(-net, kind="stable").tolist():
            if net[at] > 0 and left.take(int(plans[at])):
                choice[client] = plans[at]
                break
    return choice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--every", type=int, nargs="+", default=[500, 100])
    parser.add_argument("--history", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--single", action="store_true", help="one activity a plan, and one period")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    n = chosen.clients
    both = n + max(chosen.history)
    rng = np.random.default_rng(chosen.seed)
    year = np.concatenate([np.sort(rng.integers(PERIODS // 2, size=n)), rng.integers(PERIODS // 2, size=both - n)])
    year = np.zeros(both, dtype=np.int64) if chosen.single else year
    drawn, _, _ = draw(both, chosen.seed, arrives=year, single=chosen.single)
    places = (drawn.places * n / both).astype(np.int64)
    pools = drawn.of(np.arange(n), places)
    hindsight = share(pools)
    print(f"{n:,} arrivals in a year; hindsight: bound {hindsight.bound:.0f}, found {hindsight.total:.0f}")
    print("| prices | of the hindsight bound | of what hindsight found | CPU s |")
    print("|---|---|---|---|")
    ways = [("none: first-come", 0, n)]
    ways += [(f"once, from {size:,} earlier clients", n, size) for size in chosen.history]
    ways += [
        (f"anew every {every} arrivals, from {size:,} earlier clients", every, size)
        for size in chosen.history
        for every in chosen.every
    ]
    for name, every, size in ways:
        earlier = n + np.arange(min(size, both - n))
        earlier = earlier[np.argsort(year[earlier], kind="stable")]
        started = time.process_time()
        choice = arrive(pools, drawn.of(earlier, places), every)
        seconds = time.process_time() - started
        total = pools.gains(choice).sum()
        assert np.all(pools.taken(choice) <= pools.places)
        print(
            f"| {name} | {100 * total / hindsight.bound:.2f} % | {100 * total / hindsight.total:.2f} % | "
            f"{seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
