"""Finds the best plan of a problem and proves it: a bound, then the solver on what could be in a better one."""

from dataclasses import dataclass, replace

import numpy as np

from pathway.planner import model
from pathway.planner.board import Board, Picked
from pathway.planner.improvement import improve
from pathway.planner.model import Effort
from pathway.planner.objective import Array
from pathway.planner.relaxation import Relaxed, relax
from pathway.planner.weeks import Ints

SHARES = (0.02, 0.045, 0.09, 0.18, 0.36)
"""By how much less than the bound a plan is hoped for, in turn: the less, the fewer options could be in it."""
FEW = 110
FIRST_EFFORT = 0.1
SMALL = 300  # options up to which days beside are counted from the start: with few to choose among, they decide
POOL = 120  # options that a first plan is made of: those that the relaxation thinks most of
ROUNDING = 5e-4  # weighted steps of the heaviest indicator by which a plan must be better to be looked for


@dataclass(frozen=True)
class Best:
    """The best plan found.

    Attributes
    ----------
    picked
        Its options; ``None``: there is none that keeps all rules, or none was found.
    bound
        No plan is worth more, in weighted steps with bonuses less prices.
    proven
        Whether the search was completed: no plan is worth more than the one found (or none keeps all rules).
    hopes
        (n,) no plan with the option is worth more.
    """

    picked: Picked | None
    bound: float
    proven: bool
    hopes: Array


def best_of(board: Board, rounds: int, effort: Effort, start: Picked | None = None) -> Best:
    """Find the best plan.

    Parameters
    ----------
    rounds
        Times that a first plan is taken apart and filled again.
    effort
        Limits of the solver, for all its searches together.
    start
        A plan that keeps all rules.
    """
    if not len(board.options):
        return Best((), board.worth(()), True, np.zeros(0)) if board.keeps_rules(()) else _nothing()
    relaxed = relax(board.problem)
    known = _first_plan(board, relaxed, rounds, start)
    return _Proof(board, relaxed, effort, known).run()


def _nothing() -> Best:
    return Best(None, -np.inf, True, np.zeros(0))


def likeliest(hopes: Array, n: int) -> Ints:
    """Give the options that could be in the best plans, as the relaxation sees it; ascending."""
    return np.sort(np.argsort(-hopes, kind="stable")[:n])


def _first_plan(board: Board, relaxed: Relaxed, rounds: int, start: Picked | None) -> Picked | None:
    found = improve(board, likeliest(relaxed.with_option, POOL), rounds)
    plans = [plan for plan in (found, start, ()) if plan is not None and board.keeps_rules(plan)]
    return max(plans, key=board.worth, default=None)


class _Proof:
    """One search, in steps: hope for a plan near the bound, rule it out, hope for less.

    An activity is at first taken to run beside a job-oriented one all the time. Where a plan found does not keep to
    that, the days beside are counted for the insatser concerned, and the step is taken again.
    """

    def __init__(self, board: Board, relaxed: Relaxed, effort: Effort, known: Picked | None) -> None:
        self.board, self.relaxed, self.best = board, relaxed, known
        self.worth = -np.inf if known is None else board.worth(known)
        self.bound = relaxed.bound
        self.left, self.effort = effort.deterministic, effort
        small = len(board.options) <= SMALL
        self.roughly: frozenset[int] = frozenset(board.problem.alive if small else ())
        self.exactly: frozenset[int] = frozenset()
        self.rounding = ROUNDING * board.problem.heaviest

    def run(self) -> Best:
        """Take the steps until the best plan is proven, or the effort is spent."""
        self._better_first_plan()
        for floor in self._floors():
            if not self._settle(floor):
                return self._ended(False)
            if self.worth >= self.bound - self.rounding:
                break
        return self._ended(True)

    def _ended(self, proven: bool) -> Best:
        return Best(self.best, max(self.bound, self.worth), proven, self.relaxed.with_option)

    def _better_first_plan(self) -> None:
        """Let the solver make the best plan of the few options that are likeliest."""
        few = likeliest(self.relaxed.with_option, FEW)
        part = replace(
            self.board.problem, options=self.board.options.where(np.isin(np.arange(len(self.board.options)), few))
        )
        written = model.Model(part, frozenset(part.alive), frozenset(part.alive))
        found = written.solve(
            replace(self.effort, deterministic=FIRST_EFFORT), None if self.best is None else self.worth
        )
        self.left -= found.spent
        if found.picked is not None:
            self._take(tuple(few[list(found.picked)].tolist()))

    def _floors(self) -> list[float]:
        size = abs(self.relaxed.bound)
        hoped = [self.relaxed.bound - share * size for share in SHARES]
        return [floor for floor in hoped if floor > self.worth + self.rounding] + [-np.inf]

    def _settle(self, floor: float) -> bool:
        """Find the best plan worth more than `floor`, or that there is none; ``False`` when the effort is spent."""
        while True:
            floor = max(floor, self.worth)
            if floor >= self.bound - 1e-12:
                self.bound = max(self.worth, min(self.bound, floor))
                return True
            keep = self.relaxed.with_option >= floor
            part = replace(self.board.problem, options=self.board.options.where(keep))
            limits = replace(self.effort, deterministic=max(self.left, 1e-3))
            written = model.Model(part, self.roughly | self.exactly, self.roughly)
            found = written.solve(limits, None if floor == -np.inf else floor)
            self.left -= found.spent
            if found.picked is None:
                self.bound = (
                    min(self.bound, max(floor, found.bound)) if found.complete else self._unsettled(found, floor)
                )
                return found.complete
            picked = tuple(np.flatnonzero(keep)[list(found.picked)].tolist())
            self._take(picked)
            if not found.complete:
                self.bound = self._unsettled(found, floor)
                return False
            misjudged = self._misjudged(picked)
            if not misjudged or self.worth >= found.bound - self.rounding:
                self.bound = self.worth
                return True
            again = misjudged & self.roughly
            self.exactly |= again
            self.roughly = (self.roughly | misjudged) - self.exactly

    def _unsettled(self, found: model.Found, floor: float) -> float:
        return min(self.bound, max(found.bound, floor))

    def _take(self, picked: Picked) -> None:
        if self.board.keeps_rules(picked) and self.board.worth(picked) > self.worth:
            self.best, self.worth = picked, self.board.worth(picked)

    def _misjudged(self, picked: Picked) -> frozenset[int]:
        """Name candidates not counted exactly yet that run beside a job-oriented activity for part of their time."""
        board, which = self.board, np.array(picked, dtype=np.int64)
        if not len(which):
            return frozenset()
        short = (board.days_beside(picked, which) < board.options.days[which]).any(axis=1)
        owners = board.options.owner[which[short]]
        return frozenset(int(k) for k in owners if not board.problem.jobs[k]) - self.exactly
