"""Finds the best plan of a problem and proves it: a bound, then the solver on what could be in a better one."""

from dataclasses import dataclass, replace

import numpy as np

from pathway.planner import model
from pathway.planner.board import Board, Picked
from pathway.planner.improvement import improve
from pathway.planner.model import Effort
from pathway.planner.objective import Array
from pathway.planner.problem import Bools
from pathway.planner.relaxation import Relaxed, relax
from pathway.planner.weeks import Ints

FEW = (50,)
"""Numbers of likeliest options among which the best plan is looked for before all of them are: the plan in hand decides
how many can be left out of the proof."""
FIRST_EFFORT = 0.1
MANY = 600  # options beyond which days beside are not even bounded at first: the model would be too large
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
    """One search: the best of the few likeliest options first, then of all that could still be in a better plan.

    Days beside a job-oriented activity are bounded by stretches of the grid at first. Where a plan found does not have
    as many as that, they are counted exactly for the insatser concerned, and the step is taken again. Among very many
    options, activities are taken to run beside one all the time before that.
    """

    def __init__(self, board: Board, relaxed: Relaxed, effort: Effort, known: Picked | None) -> None:
        self.board, self.relaxed, self.best = board, relaxed, known
        self.worth = -np.inf if known is None else board.worth(known)
        self.bound = relaxed.bound
        self.left, self.effort = effort.deterministic, effort
        self.exactly: frozenset[int] = frozenset()
        self.hopeful: frozenset[int] = frozenset()
        self.rounding = ROUNDING * board.problem.heaviest

    def run(self) -> Best:
        """Take the steps until the best plan is proven, or the effort is spent."""
        for n in FEW:
            if n < int(self._live().sum()):
                self._settle(likeliest(self.relaxed.with_option, n), FIRST_EFFORT)
        if len(self.board.options) > MANY:
            known = frozenset[int]() if self.best is None else self._misjudged(self.best)
            self.hopeful = frozenset(self.board.problem.alive) - known - self.exactly
        proven = self._settle(None, np.inf)
        return Best(self.best, max(self.bound, self.worth), proven, self.relaxed.with_option)

    def _live(self) -> Bools:
        """(n,) options that could be in a plan better than the best one found."""
        live: Bools = self.relaxed.with_option > self.worth + self.rounding
        return live

    def _settle(self, few: Ints | None, effort: float) -> bool:
        """Find the best plan of a few options, or of all; ``False`` when the effort is spent before it is proven."""
        board = self.board
        while True:
            keep = self._live()
            if few is not None:
                keep &= np.isin(np.arange(len(keep)), few)
            if not keep.any() and self.best is not None:
                return self._closed(few, self.worth)
            limits = replace(self.effort, deterministic=max(1e-3, min(effort, self.left)))
            part = replace(board.problem, options=board.options.where(keep))
            written = model.Model(part, self.exactly, self.hopeful)
            found = written.solve(limits, None if self.best is None else self.worth)
            self.left, effort = self.left - found.spent, effort - found.spent
            picked = None if found.picked is None else tuple(np.flatnonzero(keep)[list(found.picked)].tolist())
            if picked is not None:
                self._take(picked)
            if not found.complete:
                return self._closed(few, max(found.bound, self.worth)) and False
            misjudged = frozenset[int]() if picked is None else self._misjudged(picked)
            if not misjudged or self.worth >= found.bound - self.rounding:
                return self._closed(few, self.worth)
            self.exactly |= misjudged - self.hopeful
            self.hopeful -= misjudged

    def _closed(self, few: Ints | None, bound: float) -> bool:
        if few is None:
            self.bound = min(self.bound, bound)
        return True

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
