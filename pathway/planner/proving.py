"""Finds the best plan of a problem and proves it: a bound, then the solver on what could be in a better one."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pathway.planner import model
from pathway.planner.board import Board
from pathway.planner.improvement import grow
from pathway.planner.model import Effort
from pathway.planner.objective import Array
from pathway.planner.plans import Picked
from pathway.planner.problem import Problem
from pathway.planner.relaxation import Relaxation, Relaxed
from pathway.planner.saturation import gains_up_to_target
from pathway.planner.weeks import Ints

MANY = 300  # options beyond which days beside are not even bounded at first: a small model proves more in the same time
POOL = 160  # options that a first plan is made of: those that the relaxation thinks most of
ROUNDS = 2  # times, at most, that the relaxation is tightened around a first plan
FEW = 50  # options that the solver looks through as fast as others are ruled out
FEWER = 0.9  # of the options must be left, or fewer, for another round
MANY_LEFT, WIDER = 300, 3  # options left beyond which a first plan is worth a wider search, and how much wider
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
    relaxation = Relaxation(board.problem)
    relaxation.tighten(-np.inf)
    known = start
    for wider in (1, WIDER):
        known = _first_plan(board, relaxation.relaxed, wider * POOL, wider * width, known)
        if known is None or _tighten(relaxation, board.worth(known) + ROUNDING * board.problem.heaviest) <= MANY_LEFT:
            break
    return _Proof(board, relaxation.packed(), effort, known).run()


def _tighten(relaxation: Relaxation, worth: float) -> int:
    """Rule out options that are in no plan worth more than this, while that goes fast; tell how many are left."""
    n = int(np.count_nonzero(relaxation.relaxed.with_option > worth))
    for _ in range(ROUNDS):
        if n <= FEW:
            break
        relaxation.tighten(worth)
        before, n = n, int(np.count_nonzero(relaxation.relaxed.with_option > worth))
        if n > FEWER * before:
            break
    return n


def _nothing() -> Best:
    return Best(None, -np.inf, True, np.zeros(0))


def likeliest(problem: Problem, hopes: Array, n: int) -> Ints:
    """Give the options that could be in the best plans, as the relaxation sees it, and gain most; ascending."""
    return np.sort(np.lexsort((-gains_up_to_target(problem).sum(axis=1), -hopes))[:n])


def _first_plan(board: Board, relaxed: Relaxed, pool: int, width: int, start: Picked | None) -> Picked | None:
    hopes, plans = relaxed.with_option, [start, ()]
    if np.isfinite(relaxed.bound):
        plans.insert(0, grow(board, likeliest(board.problem, hopes, pool), hopes, width))
    return max((plan for plan in plans if plan is not None and board.keeps_rules(plan)), key=board.worth, default=None)


class _Proof:
    """One search: the best of all options that could still be in a better plan than the one in hand.

    Days beside a job-oriented activity are bounded by stretches at first; among many options, activities are taken to
    run beside one all the time. Where a plan come across does not have as many as that, and is no better than the one
    in hand, the search stops, they are counted exactly for the insatser concerned, and it is taken up again.
    """

    def __init__(self, board: Board, relaxed: Relaxed, effort: Effort, known: Picked | None) -> None:
        self.board, self.relaxed, self.best = board, relaxed, known
        self.rounding = ROUNDING * board.problem.heaviest
        self.worth = -np.inf if known is None else board.worth(known)
        self.bound, self.left, self.effort = relaxed.bound, effort.deterministic, effort
        many = len(board.options) > MANY
        self.hopeful = frozenset(board.problem.alive) if many else frozenset[int]()
        # Among few options the bounds by stretches alone prove most plans.
        self.exactly = self._misjudged(known) if many and known is not None else frozenset[int]()
        self.misjudged = frozenset[int]()

    def run(self) -> Best:
        """Take the step until the best plan is proven, or the effort is spent."""
        problem = self.board.problem
        while True:
            keep = self.relaxed.with_option > self.worth + self.rounding
            if not keep.any() and self.best is not None:
                return self._told(proven=True)
            part = replace(problem, options=problem.options.where(keep))
            written = model.Model(part, self.exactly, self.hopeful, relaxed=self.relaxed.where(keep))
            limits = replace(self.effort, deterministic=max(1e-3, self.left))
            self.misjudged = frozenset[int]()
            take = partial(self._take, np.flatnonzero(keep))
            found = written.solve(limits, None if self.best is None else self.worth, take)
            self.left -= found.spent
            self.bound = min(self.bound, found.bound)
            if not self.misjudged or self.worth >= self.bound - self.rounding:
                return self._told(proven=found.complete)
            if self.left <= 0:
                return self._told(proven=False)
            self.exactly |= self.misjudged

    def _told(self, proven: bool) -> Best:
        bound = self.worth if proven else max(self.worth, self.bound)
        return Best(self.best, bound, proven, self.relaxed.with_option)

    def _take(self, which: Ints, plan: Picked) -> bool:
        """Take a plan if it is the best; if not, tell whether the model thinks more of it than it is worth."""
        picked = tuple(which[list(plan)].tolist())
        better = self.board.keeps_rules(picked) and self.board.worth(picked) > self.worth
        if better:
            self.best, self.worth = picked, self.board.worth(picked)
        self.misjudged = self._misjudged(picked) - self.exactly
        return bool(self.misjudged) and not better

    def _misjudged(self, picked: Picked) -> frozenset[int]:
        """Name candidates that gain less than they would beside a job-oriented activity all the time."""
        options, which = self.board.options, np.array(picked, dtype=np.int64)
        extra = options.extra[which] * self.board.problem.weights
        most = np.einsum("nq,nqj->nj", options.days[which], np.maximum(extra, 0))
        less = most > np.einsum("nq,nqj->nj", self.board.days_beside(picked, which), extra) + self.rounding * 1e-3
        return frozenset(options.owner[which[less.any(axis=1)]].tolist())
