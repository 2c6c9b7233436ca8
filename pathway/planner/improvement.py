"""Good plans at once, without proof: fills a plan by what adds most, and takes plans apart to fill them better."""

import numpy as np

from pathway.planner.board import NEVER, Board, Picked
from pathway.planner.objective import Array
from pathway.planner.weeks import Ints

WORTH_NOTICING = 1e-4  # weighted steps of the heaviest indicator: less than this is no improvement
PRICES_OF_AN_HOUR = (0.0, 0.0005, 0.001, 0.002, 0.004)
"""Steps charged per hour while filling, so that long and heavy activities do not always crowd out the rest."""


def fill(board: Board, picked: Picked, pool: Ints, price: float = 0.0, whim: Array | None = None) -> Picked:
    """Add options of the pool, each time the one that adds most for its hours, until none adds anything.

    Parameters
    ----------
    price
        Steps of the heaviest indicator charged per hour.
    whim
        (n,) factors on what each option adds, to find other plans than the first.
    """
    options, scale = board.options, board.problem.heaviest
    charge = price * scale * (options.hours[pool] / 100) * (options.end[pool] - options.start[pool]) / 7
    while True:
        before = board.worth(picked)
        worth = board.weigh(picked, pool)
        better = worth > before + WORTH_NOTICING * scale
        if not better.any():
            return picked
        added = (worth - before - charge) * (1.0 if whim is None else whim[pool])
        added[~better] = NEVER
        picked = tuple(sorted((*picked, int(pool[added.argmax()]))))


def place_required(board: Board, picked: Picked = ()) -> Picked | None:
    """Add what the person requires, what must come first before what needs it; ``None`` if that way leads nowhere."""
    early = board.problem.early_jobs
    if early is not None and not early[list(picked)].any():
        jobs = np.flatnonzero(early)
        worth = board.weigh(picked, jobs)
        if np.any(worth > NEVER):
            picked = tuple(sorted((*picked, int(jobs[worth.argmax()]))))
    waiting = sorted(board.required - {int(board.options.owner[o]) for o in picked})
    while waiting:
        ready = [k for k in waiting if not set(board.problem.needs[k]) & set(waiting)]
        k = ready[0]
        own = board.problem.options_of(k)
        pool = np.arange(own.start, own.stop)
        worth = board.weigh(picked, pool)
        if not np.any(worth > NEVER):
            return None
        needed_first = any(k in board.problem.needs[other] for other in waiting)
        worth -= needed_first * (worth > NEVER) * board.options.end[pool] * board.problem.heaviest
        picked = tuple(sorted((*picked, int(pool[worth.argmax()]))))
        waiting.remove(k)
    return picked


def improve(
    board: Board,
    pool: Ints,
    rounds: int,
    seed: int = 0,
    start: Picked | None = None,
    seen: dict[Picked, None] | None = None,
) -> Picked | None:
    """Search for a good plan among the options of the pool: fill, take apart, fill again.

    Parameters
    ----------
    rounds
        Times that the plan is taken apart.
    start
        A plan that keeps all rules, to go on from.
    seen
        Takes up every plan come across that keeps all rules.

    Returns
    -------
    The best plan found, ``None`` if none was found that keeps all rules (only then, when insatser are required).
    """
    rng = np.random.default_rng(seed)
    foundation = place_required(board) if start is None else None
    plans = [] if start is None else [start]
    if foundation is not None:
        plans += [fill(board, foundation, pool, price) for price in PRICES_OF_AN_HOUR]
    plans = [plan for plan in plans if board.keeps_rules(plan)]
    if not plans:
        return None
    if seen is not None:
        seen.update(dict.fromkeys(plans))
    best = current = max(plans, key=board.worth)
    worth_best = worth_current = board.worth(best)
    for _ in range(rounds):
        rest = _take_apart(current, rng)
        price = PRICES_OF_AN_HOUR[int(rng.integers(len(PRICES_OF_AN_HOUR)))]
        whim = 1 + 0.3 * rng.random(len(board.options))
        mended = place_required(board, rest)
        plan = None if mended is None else fill(board, mended, pool, price, whim)
        if plan is None or not board.keeps_rules(plan):
            continue
        if seen is not None:
            seen[plan] = None
        worth = board.worth(plan)
        if worth >= worth_current - 1e-9:
            current, worth_current = plan, worth
        if worth > worth_best + 1e-9:
            best, worth_best = plan, worth
    return best


def _take_apart(picked: Picked, rng: np.random.Generator) -> Picked:
    if not picked:
        return picked
    n_gone = int(rng.integers(1, min(3, len(picked)) + 1))
    gone = set(rng.choice(len(picked), size=n_gone, replace=False).tolist())
    return tuple(o for position, o in enumerate(picked) if position not in gone)


def tidy(board: Board, picked: Picked) -> Picked:
    """Among plans worth the same, go towards fewer activities, fewer hours and earlier starts."""
    for o in picked:
        rest = tuple(other for other in picked if other != o)
        if board.worth(rest) >= board.worth(picked) - 1e-9 and board.keeps_rules(rest):
            picked = rest
    options = board.options
    for o in sorted(picked, key=lambda o: (options.start[o], o)):
        rest = tuple(other for other in picked if other != o)
        own = board.problem.options_of(int(options.owner[o]))
        pool = np.arange(own.start, own.stop)
        as_good = pool[board.weigh(rest, pool) >= board.worth(picked) - 1e-9]
        load = options.hours[as_good] * (options.end[as_good] - options.start[as_good])
        for other in as_good[np.lexsort((options.start[as_good], load))].tolist():
            plan = tuple(sorted((*rest, other)))
            if board.keeps_rules(plan):
                picked = plan
                break
    return picked
