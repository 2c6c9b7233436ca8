"""Finds the best plan of a problem and proves it: a bound, then the solver on what could be in a better one."""

from dataclasses import dataclass, replace

import numpy as np

from pathway.planner import model
from pathway.planner.board import Board
from pathway.planner.improvement import grow
from pathway.planner.model import Effort
from pathway.planner.objective import Array
from pathway.planner.plans import Picked
from pathway.planner.relaxation import Relaxed, relax
from pathway.planner.weeks import Ints

MANY = 300  # options beyond which days beside are not even bounded at first: a small model proves more in the same time
A_YEAR, MANY_IN_LONG = 52, 900  # weeks; and where plans may last longer, less runs beside, and more options are needed
POOL = 160  # options that a first plan is made of: those that the relaxation thinks most of
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


def best_of(board: Board, width: int, effort: Effort, start: Picked | None = None) -> Best:
    """Find the best plan.

    Parameters
    ----------
    width
        Plans that are grown side by side for a first one.
    effort
        Limits of the solver, for all its searches together.
    start
        A plan that keeps all rules.
    """
    if not len(board.options):
        return Best((), board.worth(()), True, np.zeros(0)) if board.keeps_rules(()) else _nothing()
    relaxed = relax(board.problem)
    known = _first_plan(board, relaxed, width, start)
    return _Proof(board, relaxed, effort, known).run()


def _nothing() -> Best:
    return Best(None, -np.inf, True, np.zeros(0))


def likeliest(hopes: Array, n: int) -> Ints:
    """Give the options that could be in the best plans, as the relaxation sees it; ascending."""
    return np.sort(np.argsort(-hopes, kind="stable")[:n])


def _first_plan(board: Board, relaxed: Relaxed, width: int, start: Picked | None) -> Picked | None:
    hopes = relaxed.with_option
    found = grow(board, likeliest(hopes, POOL), hopes, width) if np.isfinite(relaxed.bound) else None
    plans = [plan for plan in (found, start, ()) if plan is not None and board.keeps_rules(plan)]
    return max(plans, key=board.worth, default=None)


class _Proof:
    """One search: the best of all options that could still be in a better plan than the one in hand.

    Days beside a job-oriented activity are bounded by stretches of the grid at first. Where a plan found does not have
    as many as that, they are counted exactly for the insatser concerned, and the step is taken again. Among very many
    options, activities are taken to run beside one all the time before that.
    """

    def __init__(self, board: Board, relaxed: Relaxed, effort: Effort, known: Picked | None) -> None:
        self.board, self.relaxed, self.best = board, relaxed, known
        self.worth = -np.inf if known is None else board.worth(known)
        self.left, self.effort = effort.deterministic, effort
        self.exactly: frozenset[int] = frozenset()
        self.hopeful: frozenset[int] = frozenset()
        many = MANY if board.problem.case.limits.horizon_weeks <= A_YEAR else MANY_IN_LONG
        if len(board.options) > many:
            self.hopeful = frozenset(board.problem.alive) - (frozenset() if known is None else self._misjudged(known))
        self.rounding = ROUNDING * board.problem.heaviest

    def run(self) -> Best:
        """Take the step until the best plan is proven, or the effort is spent."""
        board = self.board
        while True:
            keep = self.relaxed.with_option > self.worth + self.rounding
            if not keep.any() and self.best is not None:
                return self._told(self.worth, proven=True)
            limits = replace(self.effort, deterministic=max(1e-3, self.left))
            part = replace(board.problem, options=board.options.where(keep))
            written = model.Model(part, self.exactly, self.hopeful, relaxed=self.relaxed.where(keep))
            found = written.solve(limits, None if self.best is None else self.worth)
            self.left -= found.spent
            picked = None if found.picked is None else tuple(np.flatnonzero(keep)[list(found.picked)].tolist())
            if picked is not None:
                self._take(picked)
            if not found.complete:
                return self._told(found.bound, proven=False)
            misjudged = frozenset[int]() if picked is None else self._misjudged(picked)
            if not misjudged or self.worth >= found.bound - self.rounding:
                return self._told(self.worth, proven=True)
            self.exactly |= misjudged - self.hopeful
            self.hopeful -= misjudged

    def _told(self, bound: float, proven: bool) -> Best:
        bound = max(self.worth, min(bound, self.relaxed.bound))
        return Best(self.best, bound, proven, self.relaxed.with_option)

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
