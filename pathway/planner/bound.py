"""A quick upper bound on what any plan could be worth, by prices on hours, parallel places and steps up to the targets.

The solver's own bound is better once its linear relaxation is solved, for which large problems leave no time.
"""

import numpy as np

from pathway.planner.objective import Array
from pathway.planner.problem import Problem

ITERATIONS = 120


def quick_bound(problem: Problem, known: float) -> float:
    """Bound what any plan is worth, in weighted steps with bonuses.

    Lagrangian relaxation of the weeks (in sum) and of saturation at the targets; an insats counts as running beside a
    job-oriented one all the time. Prices go down the subgradient by Polyak's step (1969), towards `known`.

    Parameters
    ----------
    known
        Worth of a plan that is known.
    """
    options, weights = problem.options, problem.weights
    if not len(options):
        return 0.0
    days = (options.end - options.start)[:, None]
    lift = np.maximum(options.extra, 0) if any(problem.jobs[k] for k in problem.alive) else 0 * options.extra
    gain = (options.gain + days * lift) * weights
    cells = options.beyond - options.first
    takes = np.column_stack([options.hours * cells, cells]).astype(np.float64)
    leaves = np.array([problem.hours_left.sum(), problem.places_left.sum()], dtype=np.float64)
    unit = np.maximum(leaves, 1)
    takes, leaves = takes / unit, leaves / unit
    room, spare = _room(problem)
    bonus = problem.bonus[options.owner]
    first_of = _first_of_each(problem)
    prices, shares = np.zeros(2), np.ones(len(weights))
    best = np.inf
    for _ in range(ITERATIONS):
        worth = gain @ shares - takes @ prices + bonus
        picked = _pick(worth, first_of, problem.practice.max_activities)
        bound = (1 - shares) @ room + shares @ spare + prices @ leaves + float(worth[picked].sum())
        best = min(best, float(bound))
        by_share = spare - room + gain[picked].sum(axis=0)
        by_price = leaves - takes[picked].sum(axis=0)
        norm = float(by_share @ by_share + by_price @ by_price)
        if norm < 1e-12 or best <= known + 1e-9:
            break
        step = (bound - known) / norm
        shares = np.clip(shares - step * by_share, 0, 1)
        prices = np.maximum(prices - step * by_price, 0)
    return max(best, known)


def _room(problem: Problem) -> tuple[Array, Array]:
    """(J,) weighted steps up to the target, and steps that are not needed or that the end of the scale gives back."""
    prospects, options = problem.prospects, problem.options
    counted = np.minimum(prospects.without, problem.targets)
    lost = np.zeros(len(problem.weights))
    for j in range(len(lost)):
        losses = [max(0.0, -float(options.gate_gain[problem.options_of(k), j].min())) for k in problem.alive]
        lost[j] = sum(sorted(losses)[-problem.practice.max_activities :])
    given_back = np.maximum(0.0, lost - (prospects.without - prospects.scale[0]))
    spare = np.maximum(0.0, prospects.without - problem.targets) + given_back
    return problem.weights * (problem.targets - counted), problem.weights * spare


def _first_of_each(problem: Problem) -> list[int]:
    return [problem.options_of(k).start for k in problem.alive]


def _pick(worth: Array, first_of: list[int], most: int) -> list[int]:
    """Take the best option of each candidate, of those the best few that are worth anything."""
    bests = np.maximum.reduceat(worth, first_of)
    top = [i for i in np.argsort(-bests, kind="stable")[:most].tolist() if bests[i] > 0]
    ends = [*first_of[1:], len(worth)]
    return [first_of[i] + int(worth[first_of[i] : ends[i]].argmax()) for i in top]
