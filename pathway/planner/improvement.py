"""Good plans at once, without proof: fills a plan by what adds most, and takes plans apart to fill them better."""

from collections.abc import Iterator, Sequence

import numpy as np

from pathway.planner.board import NEVER, Board
from pathway.planner.objective import Array
from pathway.planner.plans import Picked
from pathway.planner.saturation import gains_up_to_target
from pathway.planner.weeks import Ints

WORTH_NOTICING = 1e-4  # weighted steps of the heaviest indicator: less than this is no improvement
PRICES_OF_AN_HOUR = (0.0, 0.0005, 0.001, 0.002, 0.004)
"""Steps charged per hour while filling, so that long and heavy activities do not always crowd out the rest."""
COST = 3.0  # what the relaxation says that an option costs counts so much beside what a growing plan is worth
WEIGHED = 20  # ways to go on that are weighed, for each plan that is kept
SAME = 6  # ways, at most, that a plan of so many activities is come across


def fill(board: Board, picked: Picked, pool: Ints, price: float = 0.0, whim: Array | None = None) -> Picked:
    """Add options of the pool, each time the one that adds most for its hours, until none adds anything.

    Parameters
    ----------
    price
        Steps of the heaviest indicator charged per hour.
    whim
        (n,) factors on what each option adds, to find other plans than the first.
    """
    return fill_all(board, (picked,), pool, (price,), whim)[0]


def fill_all(
    board: Board, plans: Sequence[Picked], pool: Ints, prices: Sequence[float] = (0.0,), whim: Array | None = None
) -> list[Picked]:
    """Fill several plans side by side, each as `fill` does; a price for each, or one for all."""
    options, scale, plans = board.options, board.problem.heaviest, list(plans)
    hours = scale * (options.hours[pool] / 100) * (options.end[pool] - options.start[pool]) / 7
    charge = np.broadcast_to(np.array(prices), len(plans))[:, None] * hours
    growing = np.arange(len(plans) if len(pool) else 0)
    while len(growing):
        now = [plans[at] for at in growing]
        added = board.weigh_all(now, pool) - np.array([[board.worth(plan)] for plan in now])
        better = added > WORTH_NOTICING * scale
        wanted = (added - charge[growing]) * (1.0 if whim is None else whim[pool])
        best = np.where(better, wanted, NEVER).argmax(axis=1)
        grows = better.any(axis=1)
        for at, o in zip(growing[grows].tolist(), pool[best[grows]].tolist(), strict=True):
            plans[at] = tuple(sorted((*plans[at], o)))
        growing = growing[grows]
    return plans


def grow(board: Board, pool: Ints, hopes: Array, width: int) -> Picked | None:
    """Grow many plans side by side, an activity at a time, and keep those that promise most: a beam search.

    A plan promises what it is worth already, less what the relaxation says that its options cost: what that bound
    has no room for is seldom in the best plan, whatever it adds at first.

    Parameters
    ----------
    hopes
        (n,) what no plan with the option is worth more than, as the relaxation sees it.
    width
        Plans that are kept at each step.

    Returns
    -------
    The best plan come across, ``None`` if none was found that keeps all rules.
    """
    cost = COST * np.minimum(hopes - hopes.max(initial=NEVER), 0.0)
    plans: dict[Picked, float] = {(): board.worth(())}
    for own in _to_begin_with(board):
        there = {plan: worth for plan, worth in plans.items() if not own.isdisjoint(plan)}
        others = {plan: worth for plan, worth in plans.items() if plan not in there}
        plans = there | _longer(board, others, np.array(sorted(own)), cost, width)
    if (placed := place_required(board)) is not None:
        plans[placed] = board.worth(placed)
    best, best_worth = None, NEVER
    while plans:
        for picked in sorted(plans, key=lambda picked: -plans[picked]):
            if plans[picked] <= best_worth:
                break
            if board.keeps_rules(picked):
                best, best_worth = picked, plans[picked]
        plans = _longer(board, plans, pool, cost, width)
    return best


def _longer(board: Board, worths: dict[Picked, float], pool: Ints, cost: Array, width: int) -> dict[Picked, float]:
    """Give the most promising plans with one option of the pool more, and what they are worth."""
    if not worths:
        return {}
    plans = list(worths)
    charged = board.total(plans, cost)[:, None] + cost[pool]
    worth = board.weigh_all(plans, pool, _worth_at_most(board, worths, pool) + charged, WEIGHED * width)
    plan, at = np.nonzero(worth > NEVER)
    promise = (worth + charged)[plan, at]
    kept: dict[Picked, float] = {}
    ways = min(SAME * width, len(promise))
    best = np.sort(np.argpartition(-promise, ways - 1)[:ways]) if ways else plan
    for row in best[np.argsort(-promise[best], kind="stable")].tolist():
        kept[tuple(sorted((*plans[plan[row]], int(pool[at[row]]))))] = float(worth[plan[row], at[row]])
        if len(kept) == width:
            break
    return kept


def _worth_at_most(board: Board, worths: dict[Picked, float], pool: Ints) -> Array:
    """(P, m) what plans would be worth with an option more, were all gained that they could gain up to the targets."""
    gains, worth = gains_up_to_target(board.problem).sum(axis=1), np.array(list(worths.values()))
    lifted = np.maximum(board.total(list(worths), gains) - worth, 0.0)  # of a plan, at most, by a job-oriented option
    job = board.problem.jobs[board.options.owner[pool]]
    at_most: Array = worth[:, None] + lifted[:, None] * job + (gains + board.problem.merit)[pool]
    return at_most


def _to_begin_with(board: Board) -> Iterator[frozenset[int]]:
    """Yield options of which every plan must hold one, what must come first before what needs it."""
    early = board.problem.early_jobs
    if early is not None:
        yield frozenset(np.flatnonzero(early).tolist())
    waiting = sorted(board.required)
    while waiting:
        k = next(k for k in waiting if not set(board.problem.needs[k]) & set(waiting))
        own = board.problem.options_of(k)
        yield frozenset(range(own.start, own.stop))
        waiting.remove(k)


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
        k = next(k for k in waiting if not set(board.problem.needs[k]) & set(waiting))
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
        plans += fill_all(board, [foundation] * len(PRICES_OF_AN_HOUR), pool, PRICES_OF_AN_HOUR)
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
