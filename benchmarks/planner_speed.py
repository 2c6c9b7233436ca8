"""How fast the planner proves its plan, beside plain CP-SAT with its defaults, HiGHS and greedy filling, in one run.

    .venv/bin/python -m benchmarks.planner_speed --cases 20 --sizes 45:52 200:52 500:104
    .venv/bin/python -m benchmarks.planner_speed --cases 3 --sizes 200:52 --peers 60
    .venv/bin/python -m benchmarks.planner_speed --agree 200

Cases and catalogues are drawn by tests/builders.py: 40 % of the insatser are open to the person, 20 hours, 3 in
parallel, six activities at most, ten indicators. Peers get the same options (tests/planner_peers.py), one thread, and
as many seconds as `--peers` says. Times are CPU milliseconds of one process, so that what else the machine does hardly
shows; OR-Tools is imported beforehand. `plan`: the first plan with its proof; `proposal`: adjusted, with alternatives
and the reason for every other insats; `--limit` gives the solver more or less than what ships. `--agree` holds the
plan's worth against plain CP-SAT and HiGHS on so many small problems. `--svg` draws the time over the number of
insatser.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import builders
from planner_peers import Plain

from pathway.planner import Effort, Work, propose
from pathway.planner.board import Board
from pathway.planner.practice import shipped
from pathway.planner.proving import best_of
from pathway.planner.relaxation import relax
from pathway.planner.sifting import compile

OPEN = 0.4


def greedy(board: Board, by_density: bool) -> float:
    """Objective of the plan that always adds what adds most, or most for its hours."""
    options, pool = board.options, np.arange(len(board.options))
    hours = options.hours * (options.end - options.start)
    picked: tuple[int, ...] = ()
    while True:
        added = board.weigh(picked, pool) - board.worth(picked)
        if not len(added) or added.max() <= 1e-9:
            return board.objective(picked)
        best = int((added / hours if by_density else added).argmax())
        picked = tuple(sorted((*picked, best)))


def measure(n_insatser: int, weeks: int, seed: int, seconds: float, effort: Effort) -> dict[str, Any]:
    """Plan one drawn case and hand back its figures."""
    given = builders.a_realistic_problem(seed, n_insatser=n_insatser, eligible=OPEN, horizon_weeks=weeks)
    started = time.process_time()
    problem = compile(*given)
    board, work = Board(problem), Work(effort=effort)
    best = best_of(board, work.width, work.effort)
    row: dict[str, Any] = {"plan": time.process_time() - started}
    worth = board.worth(best.picked)
    row |= {"proven": best.proven, "bound": relax(problem).bound / worth - 1, "options": len(problem.options)}
    row |= {"greedy value": greedy(board, False) / worth, "greedy density": greedy(board, True) / worth}
    started = time.process_time()
    propose(*given, work=work)
    row["proposal"] = time.process_time() - started
    if seconds:
        plain = Plain(problem)
        for name, solve in (("CP-SAT defaults", plain.by_cp_sat), ("HiGHS", plain.by_highs)):
            found, proven, spent = solve(seconds)
            row |= {name: spent, f"{name} proven": proven, f"{name} share": (found or 0.0) / worth}
    return row


def show(n_insatser: int, weeks: int, rows: list[dict[str, Any]], seconds: float) -> float:
    """Print one size's rows of the table; hand back the median time of a plan."""
    size = f"{n_insatser} × {weeks} weeks, {np.median([row['options'] for row in rows]):.0f} options"
    names = ["plan", "proposal", *(["CP-SAT defaults", "HiGHS"] if seconds else [])]
    for name in names:
        times = np.array([row[name] for row in rows]) * 1e3
        proven = np.mean([row.get(f"{name} proven", row["proven"]) for row in rows])
        share = np.mean([row.get(f"{name} share", 1.0) for row in rows])
        middle, late = np.quantile(times, [0.5, 0.9])
        print(f"| {size} | {name} | {middle:.0f} | {late:.0f} | {times.max():.0f} | {proven:.0%} | {share:.1%} |")
    gaps = np.quantile([row["bound"] for row in rows], [0.5, 0.9, 1.0])
    print(f"| {size} | the relaxation above the best plan | {' | '.join(f'{gap:.1%}' for gap in gaps)} | | |")
    for name in ("greedy value", "greedy density"):
        print(f"| {size} | {name} | | | | | {np.mean([row[name] for row in rows]):.1%} |")
    return float(np.median([row["plan"] for row in rows]) * 1e3)


def agree(n_seeds: int) -> int:
    """Count small problems on which plain CP-SAT or HiGHS proves another worth than the planner."""
    compared, differ = dict.fromkeys(("plain CP-SAT", "HiGHS"), 0), 0
    for seed in range(n_seeds):
        limits: dict[str, Any] = {"budget": 60_000} if seed % 3 == 0 else {}
        board = Board(compile(*builders.a_realistic_problem(seed, n_insatser=10, **limits)))
        best = best_of(board, Work().width, Effort(deterministic=20.0, wall_seconds=60.0))
        plain = Plain(board.problem)
        for name, solve in (("plain CP-SAT", plain.by_cp_sat), ("HiGHS", plain.by_highs)):
            found, proven, _ = solve(20.0)
            if best.proven and proven and best.picked is not None:
                compared[name] += 1
                differ += abs(board.worth(best.picked) - (found or 0.0)) > 1e-3
    told = ", ".join(f"{n} proven by {name} too" for name, n in compared.items())
    print(f"{n_seeds} problems: {told}; {differ} differ by more than 0.001 step")
    return differ


def draw(medians: list[tuple[str, float]], path: Path) -> None:
    """Draw the medians as bars."""
    longest = max(value for _, value in medians)
    bars = "".join(
        f'<text x="0" y="{30 * i + 20}">{name}</text><rect x="150" y="{30 * i + 6}" height="18" '
        f'width="{300 * value / longest:.0f}" fill="#2a6f97"/><text x="{158 + 300 * value / longest:.0f}" '
        f'y="{30 * i + 20}">{value:.0f} ms</text>'
        for i, (name, value) in enumerate(medians)
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="560" height="{30 * len(medians) + 10}" font-size="14">'
    path.write_text(f"{head}{bars}</svg>\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--first", type=int, default=6000, help="seed of the first case; 6000 to 7023 were tuned on")
    parser.add_argument("--sizes", nargs="+", default=["45:52", "200:52"], help="insatser:weeks")
    parser.add_argument("--peers", type=float, default=0.0, help="seconds for each peer and case; 0: no peers")
    parser.add_argument("--limit", type=float, default=Effort().deterministic, help="the solver's, in its own units")
    parser.add_argument("--agree", type=int, default=0)
    parser.add_argument("--svg", type=Path)
    chosen = parser.parse_args()
    propose(*builders.a_realistic_problem(0, n_insatser=10))  # OR-Tools is imported on the first call
    if chosen.agree:
        return agree(chosen.agree)
    print(f"Grid (horizon up to, every n weeks): {shipped().every_weeks}\n")
    print("| size | method | median ms | p90 | max | proven | worth of the planner's |\n|---|---|---|---|---|---|---|")
    medians = []
    for size in chosen.sizes:
        n_insatser, weeks = map(int, size.split(":"))
        seeds = range(chosen.first, chosen.first + chosen.cases)
        rows = [measure(n_insatser, weeks, seed, chosen.peers, Effort(chosen.limit)) for seed in seeds]
        sys.stdout.flush()
        medians.append((f"{n_insatser} × {weeks}", show(n_insatser, weeks, rows, chosen.peers)))
    if chosen.svg:
        draw(medians, chosen.svg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
