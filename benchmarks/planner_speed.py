"""How fast the planner proposes, how often it proves its plan, and what greedy filling would leave on the table.

Run from the repository's root: ``python benchmarks/planner_speed.py [cases] [insatser …]``. Cases and catalogues are
drawn by tests/builders.py: about half of the insatser are open to the person, 52 weeks, 20 hours, 3 in parallel. Times
are CPU seconds of one process, so that what else the machine does hardly shows; wall beside them.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import builders

from pathway.planner import propose
from pathway.planner.board import Board
from pathway.planner.improvement import fill
from pathway.planner.sifting import compile


def greedy_value(problem):
    """Objective of the plan that always adds what adds most."""
    board = Board(problem)
    return board.objective(fill(board, (), np.arange(len(problem.options))))


def measure(n_insatser, n_cases):
    """Propose for drawn cases and hand back one row of figures each."""
    rows = []
    for seed in range(1000, 1000 + n_cases):
        given = builders.a_realistic_problem(seed, n_insatser=n_insatser)
        problem = compile(*given)
        wall, cpu = time.perf_counter(), time.process_time()
        proposal = propose(*given)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if proposal.plans:
            best = proposal.plans[0]
            greedy = greedy_value(problem) / best.objective
            rows.append(
                (cpu, wall, best.status == "optimal", best.gap, greedy, len(problem.alive), len(proposal.plans))
            )
    return np.array(rows, dtype=float)


def main():
    n_cases = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    sizes = [int(size) for size in sys.argv[2:]] or [45, 200]
    propose(*builders.a_realistic_problem(0, n_insatser=10))  # OR-Tools is imported on the first call
    for size in sizes:
        cpu, wall, proven, gap, greedy, alive, plans = measure(size, n_cases).T
        print(
            f"{size} insatser, {np.median(alive):.0f} open (median), {len(cpu)} cases, {plans.mean():.1f} plans a case"
        )
        for name, times in (("cpu s", cpu), ("wall s", wall)):
            middle, late = np.quantile(times, [0.5, 0.9])
            print(f"  {name:8} median {middle:5.2f}   p90 {late:5.2f}   max {times.max():5.2f}")
        print(f"  proven   {proven.mean():6.0%}   gap median {np.median(gap):.1%}   p90 {np.quantile(gap, 0.9):.1%}")
        print(f"  greedy   {greedy.mean():6.1%} of the objective on average, {greedy.min():.1%} at worst")


if __name__ == "__main__":
    main()
