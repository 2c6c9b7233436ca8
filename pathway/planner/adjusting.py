"""Adjusts a finished plan on a finer grid: each activity in turn earlier, longer, other hours."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pathway.planner.board import NEVER, Board
from pathway.planner.improvement import tidy
from pathway.planner.layout import Prices
from pathway.planner.objective import Placement
from pathway.planner.plans import Picked
from pathway.planner.problem import Problem
from pathway.planner.sifting import compile

ROUNDS = 3  # times that each activity is looked at again


def adjusted(
    problem: Problem, placements: Sequence[Placement], prices: Prices | None = None
) -> tuple[Board, Picked] | None:
    """Give the plan on the finer grid: worth at least as much, earlier where it costs nothing.

    Of its insatser, those that add nothing any more beside the others, longer now, are left out.

    Returns
    -------
    A board of the finer choices of the plan's insatser, and the plan on it; ``None`` where the plan is not among them.
    """
    found = on_fine_grid(problem, placements, prices)
    if found is None:
        return None
    board, start = found
    return board, settled(board, start)


def on_fine_grid(
    problem: Problem, placements: Sequence[Placement], prices: Prices | None = None
) -> tuple[Board, Picked] | None:
    """Give a board of the finer choices of the plan's insatser, and the plan as near as these come to it."""
    kept = frozenset(one.insats_id for one in placements)
    practice = problem.practice
    fine = compile(
        problem.case,
        problem.catalogue,
        problem.prospects,
        practice,
        prices=prices,
        grid=practice.fine_grid(problem.case.limits.horizon_weeks),
        only=kept,
    )
    board = Board(replace(fine, required=problem.required & kept))
    start = fine.locate(placements)
    return None if start is None or not board.keeps_rules(start) else (board, start)


def settled(board: Board, picked: Picked) -> Picked:
    """Move each activity to its best place, and leave out those that add nothing any more."""
    return tidy(board, _moved(board, picked))


def _moved(board: Board, picked: Picked) -> Picked:
    """Give each activity its best place, length and hours beside the others, until none moves."""
    worth = board.worth(picked)
    for _ in range(ROUNDS):
        before = picked
        for o in before:
            rest = tuple(other for other in picked if other != o)
            if len(rest) == len(picked):
                continue
            own = board.problem.options_of(int(board.options.owner[o]))
            pool = np.arange(own.start, own.stop)
            worths = board.weigh(rest, pool)
            for at in np.argsort(-worths, kind="stable")[:3].tolist():
                if worths[at] == NEVER or worths[at] <= worth + 1e-6:
                    break
                moved = tuple(sorted((*rest, int(pool[at]))))
                if board.keeps_rules(moved):
                    picked, worth = moved, float(worths[at])
                    break
        if picked == before:
            break
    return picked
