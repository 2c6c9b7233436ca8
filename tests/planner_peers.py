"""The planner's problem written once more, plainly: for CP-SAT with its defaults, and for HiGHS (in scipy).

Every option and every day beside is a variable of its own, nothing is left out beforehand, and no plan is known.
Shares no code with the planner's own models but the choices themselves.
"""

import time
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from pathway.planner.problem import Problem

UNIT = 1_000_000  # whole numbers per step


class Plain:
    """Rows least ≤ Σ size × variable ≤ most; variables are 0 or 1 but the last ones, the steps per indicator."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.n = problem, len(problem.options)
        self.worth: dict[int, float] = {o: float(m) for o, m in enumerate(problem.merit) if m}
        self.rows: list[tuple[dict[int, float], float]] = []
        self._rules()
        self._value(self._beside())

    def _keep(self, sizes: dict[int, float], most: float) -> None:
        self.rows.append((sizes, most))

    def _new(self) -> int:
        self.n += 1
        return self.n - 1

    def _rules(self) -> None:
        p, o = self.problem, self.problem.options
        everything = range(len(o))
        for k in p.alive:
            own = [i for i in everything if o.owner[i] == k]
            self._keep(dict.fromkeys(own, 1.0), 1.0)
            if p.candidates[k].id in p.required:
                self._keep(dict.fromkeys(own, -1.0), -1.0)
        for a, b in combinations(p.alive, 2):
            if p.candidates[b].id in p.catalogue.variants.get(p.candidates[a].id, ()):
                self._keep({i: 1.0 for i in everything if o.owner[i] in (a, b)}, 1.0)
        self._keep(dict.fromkeys(everything, 1.0), float(p.most_activities))
        for cell in range(len(p.cells)):
            active = [i for i in everything if o.first[i] <= cell < o.beyond[i]]
            self._keep({i: float(o.hours[i]) for i in active}, float(p.cells.hours_left[cell]))
            self._keep(dict.fromkeys(active, 1.0), float(p.cells.places_left[cell]))
        if p.budget is not None:
            self._keep({i: float(o.cost[i]) for i in everything}, float(p.budget))
        for i in everything:
            self._one(i)
        for a, b in p.apart:
            for i in everything:
                clash = {
                    j: 1.0 for j in everything if o.owner[j] == b and o.start[i] < o.end[j] and o.start[j] < o.end[i]
                }
                if o.owner[i] == a and clash:
                    self._keep(clash | {i: 1.0}, 1.0)

    def _one(self, i: int) -> None:
        """Keep what must come before one option, and the levels that it needs."""
        p, o = self.problem, self.problem.options
        k = int(o.owner[i])
        for first in p.needs[k]:
            ended = {j: -1.0 for j in range(len(o)) if o.owner[j] == first and o.end[j] <= o.start[i]}
            self._keep({i: 1.0} | ended, 0.0)
        for gate in p.gates[k]:
            steps = o.gate_gain[:, gate.j]
            counts = np.where(steps > 0, o.end <= o.start[i], o.start < o.start[i]) & (o.owner != k)
            lost = float(-np.minimum(steps * counts, 0).sum())
            needed = float(gate.needed(o.start[[i]])[0])
            row = {j: -float(steps[j]) for j in np.flatnonzero(counts).tolist()}
            self._keep(row | {i: needed + lost}, lost)

    def _beside(self) -> list[tuple[int, int, Any]]:
        """Give variables for "this option runs beside a job-oriented one in this stretch": option, variable, steps."""
        p, o = self.problem, self.problem.options
        edges = np.unique(np.concatenate([o.start, o.end, p.quarters]))
        found = []
        job = p.jobs[o.owner]
        for a, b in pairwise(edges.tolist()):
            runs = [i for i in range(len(o)) if o.start[i] <= a and b <= o.end[i]]
            jobs = [i for i in runs if job[i]]
            if not jobs:
                continue
            covered = self._new()
            self._keep({covered: 1.0} | dict.fromkeys(jobs, -1.0), 0.0)
            for i in jobs:
                self._keep({i: 1.0, covered: -1.0}, 0.0)
            q = int(np.searchsorted(p.quarters, a, side="right")) - 1
            for i in runs:
                if not job[i] and o.extra[i, q].any():
                    both = self._new()
                    self._keep({both: 1.0, i: -1.0}, 0.0)
                    self._keep({both: 1.0, covered: -1.0}, 0.0)
                    self._keep({i: 1.0, covered: 1.0, both: -1.0}, 1.0)
                    found.append((i, both, (b - a) * o.extra[i, q]))
        return found

    def _value(self, beside: list[tuple[int, int, Any]]) -> None:
        p, o = self.problem, self.problem.options
        worth = {both: (option, float(steps @ p.weights)) for option, both, steps in beside}
        for i in range(len(o)):
            if p.candidates[o.owner[i]].id not in p.required:
                if p.jobs[o.owner[i]]:  # what others gain beside job-oriented activities counts for it
                    own = {both: -steps for both, (_, steps) in worth.items() if steps > 0}
                else:
                    own = {both: -steps for both, (option, steps) in worth.items() if option == i}
                self._keep(own | {i: p.least_worth - float(o.gain[i] @ p.weights)}, 1e-9)
        floors = [self._new() for _ in p.weights]
        self.n_whole = self.n
        self.least, self.most = [], []
        low = p.prospects.scale[0]
        for j, weight in enumerate(p.weights):
            steps = self._new()
            self.worth[steps] = 1.0
            without, target = float(p.prospects.without[j]), float(p.targets[j])
            most, least = weight * (target - min(without, target)), weight * (min(low, target) - min(without, target))
            self.most.append(most)
            self.least.append(least)
            sizes = {i: -float(weight * o.gain[i, j]) for i in range(len(o))}
            sizes |= {both: -float(weight * extra[j]) for _, both, extra in beside}
            lost = float(weight * -np.minimum(o.gate_gain[:, j], 0).sum())
            self._keep(sizes | {steps: 1.0, floors[j]: -lost}, float(p.spare[j]))
            self._keep({steps: 1.0, floors[j]: most - least}, most)

    def by_highs(self, seconds: float) -> tuple[float | None, bool, float]:
        """Worth of the best plan, whether proven, and CPU seconds, by HiGHS."""
        row = np.concatenate([np.full(len(sizes), r) for r, (sizes, _) in enumerate(self.rows)])
        column = np.concatenate([np.array(list(sizes), dtype=int) for sizes, _ in self.rows])
        size = np.concatenate([np.array(list(sizes.values())) for sizes, _ in self.rows])
        matrix = sparse.csr_matrix((size, (row, column)), shape=(len(self.rows), self.n))
        goal = np.zeros(self.n)
        goal[list(self.worth)] = [-worth for worth in self.worth.values()]
        whole = np.arange(self.n) < self.n_whole
        bounds = Bounds(np.where(whole, 0, [0] * self.n_whole + self.least), [1] * self.n_whole + self.most)
        started = time.process_time()
        limits = LinearConstraint(matrix, -np.inf, [most for _, most in self.rows])
        found = milp(
            goal,
            constraints=limits,
            integrality=whole,
            bounds=bounds,
            options={"time_limit": seconds, "mip_rel_gap": 0},
        )
        return None if found.x is None else -float(found.fun), found.status == 0, time.process_time() - started

    def by_cp_sat(self, seconds: float) -> tuple[float | None, bool, float]:
        """Worth of the best plan, whether proven, and CPU seconds, by CP-SAT with its defaults on one thread."""
        from ortools.sat.python import cp_model

        started = time.process_time()
        model = cp_model.CpModel()
        variables = [model.new_bool_var("") for _ in range(self.n_whole)]
        for least, most in zip(self.least, self.most, strict=True):
            variables.append(model.new_int_var(int(np.floor(least * UNIT)), int(np.floor(most * UNIT)), ""))
        for sizes, most in self.rows:
            parts = [variables[v] for v in sizes]
            whole = [round(size * (1 if v >= self.n_whole else UNIT)) for v, size in sizes.items()]
            model.add(cp_model.LinearExpr.weighted_sum(parts, whole) <= round(most * UNIT))
        goal = [round(size * (1 if v >= self.n_whole else UNIT)) for v, size in self.worth.items()]
        model.maximize(cp_model.LinearExpr.weighted_sum([variables[v] for v in self.worth], goal))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(model)
        worth = solver.objective_value / UNIT if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None
        return worth, status == cp_model.OPTIMAL, time.process_time() - started
