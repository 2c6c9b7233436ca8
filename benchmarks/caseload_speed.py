"""Shares places among drawn caseloads: gap to the bound, CPU time and memory, floors and even load, beside first-come.

Clients do not exist: 100 insatser in 8 periods, 16 plans a client of three activities over one or two periods each, and
1 to 5 places of a kind for every 1,000 clients. Beside it in the same run: first-come (clients in drawn order take the
best plan that fits) and, for 1,000 clients, the linear relaxation by HiGHS.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/caseload_speed.py --clients 1000 10000 100000 --floors 0.2 0.4 0.6
"""

import argparse
import resource
import time

import numpy as np
from scipy.sparse import csr_array

from pathway.caseload import NONE, Even, Groups, Pools, share
from pathway.caseload.pools import Array, Ints
from pathway.caseload.settling import Left

INSATSER, PERIODS, PLANS, LIKED = 100, 8, 16, 14
N_GROUPS = 10


def draw(
    n: int, seed: int, unequal: bool = False, arrives: Ints | None = None, single: bool = False
) -> tuple[Pools, Groups, Even]:
    """Draw a caseload; with `unequal`, gains differ between ten groups by factors from 0.6 to 1.2.

    `arrives` (n,) is the period that each client comes in, and the first that their plans may begin in; they then begin
    within half of all periods. All plans may begin in any period where it is left out. With `single`, a plan is one
    activity in the only period that there is, and there are twice as many places of a kind.
    """
    rng = np.random.default_rng(seed)
    popular = rng.permutation(np.arange(1, INSATSER + 1)) ** -0.5
    liked = np.concatenate(
        [
            np.argsort(rng.exponential(size=(len(part), INSATSER)) / popular, axis=1)[:, :LIKED].astype(np.int16)
            for part in np.array_split(np.arange(n), max(n // 10_000, 1))
        ]
    )
    group = rng.integers(N_GROUPS, size=n)
    times = np.linspace(0.6, 1.2, N_GROUPS)[group] if unequal else np.ones(n)
    gain = rng.gamma(2.0, 1.2, size=(n, LIKED)) * times[:, None]
    owner = np.repeat(np.arange(n), PLANS)
    periods, at_once, most = (1, 1, 11) if single else (PERIODS, 3, 6)
    picked = np.argsort(rng.random((n * PLANS, LIKED), dtype=np.float32), axis=1)[:, :at_once]
    length = rng.integers(1, min(periods, 2) + 1, size=(n * PLANS, at_once))
    start = rng.integers(max(periods - 1, 1), size=(n * PLANS, at_once))
    if arrives is not None:
        start = arrives[owner][:, None] + start % (PERIODS // 2)
    value = (gain[owner[:, None], picked] * length).sum(axis=1) * rng.uniform(0.8, 1.0, n * PLANS)
    kind = liked[owner[:, None], picked].astype(np.int32) * periods + start
    rows = np.repeat(np.arange(n * PLANS), at_once)
    again = length.ravel() == 2
    uses = _counted(np.append(rows, rows[again]), np.append(kind.ravel(), kind.ravel()[again] + 1), INSATSER * periods)
    places = (rng.integers(1, most, size=INSATSER * periods) * n / 1000).astype(np.int64)
    pools = Pools(np.arange(0, n * PLANS + 1, PLANS), value, uses, places)
    return pools, Groups.named([f"group {g}" for g in group]), Even(_counted(rows, start.ravel(), periods), 0.13)


def _counted(rows: Ints, columns: Ints, n_columns: int) -> csr_array:
    shape = (int(rows[-1]) + 1 if len(rows) else 0, n_columns)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(max(int(rows.max()) + 1, shape[0]), n_columns))


def first_come(pools: Pools) -> Ints:
    """Let clients take the best plan that fits, in the order in which they were drawn."""
    choice, left = np.full(pools.n_clients, NONE), Left(pools, np.full(pools.n_clients, NONE))
    for client in range(pools.n_clients):
        plans = np.arange(pools.first[client], pools.first[client + 1])
        for plan in plans[np.argsort(-pools.value[plans])].tolist():
            if left.take(plan):
                choice[client] = plan
                break
    return choice


def linear_bound(pools: Pools) -> float:
    """Solve the linear relaxation with HiGHS."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    n_plans = len(pools.value)
    one_each = csr_array((np.ones(n_plans), (pools.owner, np.arange(n_plans))))
    rows = vstack([pools.uses.T, one_each]).tocsr()
    limits = np.concatenate([pools.places, np.ones(pools.n_clients)])
    return -float(linprog(-pools.value, A_ub=rows, b_ub=limits, method="highs").fun)


def _clocked(work) -> tuple[object, float]:  # type: ignore[no-untyped-def]
    started = time.process_time()
    made = work()
    return made, time.process_time() - started


def _total(pools: Pools, choice: Ints) -> float:
    assert np.all(pools.taken(choice) <= pools.places)
    gains: Array = pools.gains(choice)
    return float(gains.sum())


def _peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--floors", type=float, nargs="*", default=[])
    parser.add_argument("--floor-clients", type=int, default=10_000)
    parser.add_argument("--even", action="store_true", help="also with at most 13 %% of the starts in a period")
    parser.add_argument("--linear", action="store_true", help="also the linear relaxation by HiGHS at 1,000")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    print("| clients | gap to the bound | CPU s | peak memory | first-come below the bound | its CPU s | HiGHS bound |")
    print("|---|---|---|---|---|---|---|")
    for n in chosen.clients:
        pools, _, _ = draw(n, chosen.seed)
        shares, seconds = _clocked(lambda pools=pools: share(pools))
        peak = _peak()
        total = _total(pools, shares.choice)
        greedy, greedy_seconds = _clocked(lambda pools=pools: first_come(pools))
        linear = ""
        if chosen.linear and n <= 1000:
            bound, linear_seconds = _clocked(lambda pools=pools: linear_bound(pools))
            linear = f"{100 * (bound / shares.bound - 1):+.3f} % of ours in {linear_seconds:.1f} s"
        behind = 100 * (1 - _total(pools, greedy) / shares.bound)
        print(
            f"| {n:,} | {100 * (1 - total / shares.bound):.3f} % | {seconds:.2f} | {peak} | {behind:.1f} % | "
            f"{greedy_seconds:.2f} | {linear} |",
            flush=True,
        )
    if chosen.floors or chosen.even:
        _floors(chosen)


def _floors(chosen: argparse.Namespace) -> None:
    pools, groups, even = draw(chosen.floor_clients, chosen.seed, unequal=True)
    print(f"\n{chosen.floor_clients:,} clients in {N_GROUPS} groups with unequal gains")
    print("| floor | weakest group's mean, share of the floor | price: share of the total | gap to the bound | CPU s |")
    print("|---|---|---|---|---|")
    for floor in chosen.floors:
        shares, seconds = _clocked(lambda floor=floor: share(pools, groups, floor))
        _total(pools, shares.choice)
        weakest = float(np.min(shares.reached / shares.least))
        print(
            f"| {floor} | {100 * weakest:.2f} % | {100 * shares.price_of_floor:.2f} % | {100 * shares.gap:.3f} % | "
            f"{seconds:.2f} |",
            flush=True,
        )
    if chosen.even:
        plain = share(pools)
        shares, seconds = _clocked(lambda: share(pools, even=even))
        starts = [np.asarray(even.starts[s.choice[s.choice != NONE]].sum(axis=0)).ravel() for s in (plain, shares)]
        most = [100 * own.max() / own.sum() for own in starts]
        print(
            f"\neven load: most starts in a period {most[0]:.1f} % → {most[1]:.1f} % of all, "
            f"costs {100 * (1 - shares.total / plain.total):.2f} %, gap {100 * shares.gap:.3f} %, {seconds:.2f} s"
        )


if __name__ == "__main__":
    main()
