"""Lays out a client's problem: weeks, what is left in them, what is locked, and all choices as arrays."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.planner.choices import Blocked, Choices, Running, hours_down, hours_up
from pathway.planner.objective import DAYS_PER_QUARTER, JOB_ORIENTED, Array, Placement, Prospects
from pathway.planner.practice import Grid, Practice
from pathway.planner.problem import ORE, Gate, Options, Problem, Standing
from pathway.planner.weeks import Cells, Ints, Weeks, cells_between, days_in, every_week

LEVEL_MARGIN = (
    1e-3  # a level counts as expected to be reached only this much above it, so that rounding never undoes it
)
Prices = Mapping[str, Sequence[float]]
"""Per insats: what a place costs in each quarter from the day of the suggestion, in weighted steps."""


def assemble(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    practice: Practice,
    weeks: Weeks,
    running: tuple[Running, ...],
    open_to: list[tuple[Insats, Choices]],
    blocked: dict[str, Blocked],
    completed: frozenset[str],
    grid: Grid,
    prices: Prices | None,
) -> Problem:
    """Lay out all choices of the insatser that are open to the person."""
    candidates = tuple(insats for insats, _ in open_to)
    quarters = _quarters(prospects.n_quarters, weeks.n_days)
    levels = case.levels()
    cells = _cells(case, weeks, running, grid)
    return Problem(
        case=case,
        catalogue=catalogue,
        prospects=prospects,
        practice=practice,
        weeks=weeks,
        quarters=quarters,
        cells=cells,
        running=running,
        standing=_standing(case, catalogue, prospects, weeks, quarters),
        candidates=candidates,
        options=_options(open_to, weeks, cells, quarters, prospects, prices or {}),
        blocked=blocked,
        unmet=tuple(tuple(id for id in insats.requires.insatser if id not in completed) for insats in candidates),
        gates=tuple(_gates(insats, levels, prospects, weeks) for insats in candidates),
        apart=_apart(candidates),
        required=_with_what_comes_first(case, catalogue, completed),
    )


def _quarters(n: int, n_days: int) -> Ints:
    starts = np.minimum(DAYS_PER_QUARTER * np.arange(n, dtype=np.int64), n_days)
    return np.append(starts, n_days)


def _cells(case: Case, weeks: Weeks, running: tuple[Running, ...], grid: Grid) -> Cells:
    """Tell what is left in each cell of the hours and the parallel insatser that the case allows."""
    hours = _allowed_hours(case, weeks)
    places = np.full(len(weeks), case.limits.parallel, dtype=np.int64)
    for run in running:
        first, beyond = weeks.touched(run.start, run.end)
        hours[int(first) : int(beyond)] -= run.hours
        places[int(first) : int(beyond)] -= 1
    hours, places = np.maximum(hours, 0), np.maximum(places, 0)
    if grid.all_lengths:
        return every_week(weeks, hours, places)
    mondays = np.arange(weeks.first_monday, weeks.n_days, 7 * grid.every_weeks, dtype=np.int64)
    return cells_between(weeks, mondays, hours, places)


def _allowed_hours(case: Case, weeks: Weeks) -> Ints:
    """(C,) hundredths of an hour allowed in each week; a week between two steps of a ramp has the fewer."""
    limit = hours_down(case.limits.hours_per_week)
    by_week = np.full(case.limits.horizon_weeks + 1, limit, dtype=np.int64)
    for step in case.limits.hours_by_week:
        by_week[step.from_week :] = min(limit, hours_down(step.hours_per_week))
    first = np.maximum(weeks.firsts, 0) // 7
    last = np.minimum(weeks.firsts + 6, weeks.n_days - 1) // 7
    allowed: Ints = np.minimum(by_week[first], by_week[last])
    return allowed


def _standing(case: Case, catalogue: Catalogue, prospects: Prospects, weeks: Weeks, quarters: Ints) -> Standing:
    n_indicators = len(prospects.indicators)
    gain, cost = np.zeros(n_indicators), 0
    job_runs = np.zeros(weeks.n_days, dtype=bool)
    extra = np.zeros((weeks.n_days, n_indicators))
    placements, steps = [], []
    for one in case.locked:
        insats = catalogue.by_id.get(one.insats_id)
        if insats is None:
            continue
        placements.append(Placement(one.insats_id, one.start_on, one.end_on, one.hours_per_week, locked=True))
        start, end = weeks.day(one.start_on), weeks.day(one.end_on)
        cost += _cost(insats, (end - start) / 7)
        rate = one.hours_per_week / insats.hours_per_week.typical / DAYS_PER_QUARTER
        own = rate * days_in(np.array([start]), np.array([end]), quarters)[0] @ prospects.alone_by_quarter(insats.id)
        gain += own
        span = slice(max(start, 0), max(min(end, weeks.n_days), 0))
        lowest = own.copy()
        if insats.type == JOB_ORIENTED:
            job_runs[span] = True
        else:
            by_day = rate * np.repeat(prospects.beside_by_quarter(insats.id), np.diff(quarters), axis=0)[span]
            extra[span] += by_day
            lowest += np.minimum(by_day, 0).sum(axis=0)
        steps.append((start, end, lowest))
    return Standing(tuple(placements), len(case.locked), cost, gain, job_runs, extra, tuple(steps))


def _cost(insats: Insats, n_weeks: float) -> int:
    return int(np.ceil(round(n_weeks * int(np.ceil(round(insats.cost_per_week * ORE, 6))), 6)))


def _with_what_comes_first(case: Case, catalogue: Catalogue, completed: frozenset[str]) -> frozenset[str]:
    locked = {one.insats_id for one in case.locked}
    found: set[str] = set()
    queue = [id for id in case.wishes.require if id in catalogue.by_id]
    while queue:
        id = queue.pop()
        if id not in found and id not in locked:
            found.add(id)
            queue += [first for first in catalogue.by_id[id].requires.insatser if first not in completed]
    return frozenset(found)


def _gates(insats: Insats, levels: dict[str, float], prospects: Prospects, weeks: Weeks) -> tuple[Gate, ...]:
    gates = []
    for indicator, level in insats.requires.levels.items():
        now = levels.get(indicator)
        if now is not None and now >= level:
            continue
        if now is None or indicator not in prospects.indicators:
            gates.append(Gate(indicator, -1, level, np.inf, 0.0))
            continue
        j = prospects.indicators.index(indicator)
        slope = min(0.0, float(prospects.without[j]) - now) / weeks.n_days
        gates.append(Gate(indicator, j, level, level - now + LEVEL_MARGIN, slope))
    return tuple(gates)


def _apart(candidates: tuple[Insats, ...]) -> frozenset[tuple[int, int]]:
    position = {insats.id: k for k, insats in enumerate(candidates)}
    pairs = {
        (k, position[other]) for k, insats in enumerate(candidates) for other in insats.excludes if other in position
    }
    return frozenset(pairs | {(b, a) for a, b in pairs})


def _options(
    open_to: list[tuple[Insats, Choices]],
    weeks: Weeks,
    cells: Cells,
    quarters: Ints,
    prospects: Prospects,
    prices: Prices,
) -> Options:
    rows = [
        (k, start, length, h)
        for k, (_, choices) in enumerate(open_to)
        for start, length in choices.spans
        for h in range(len(choices.hours))
    ]
    owner, start, length, h = np.array(rows, dtype=np.int64).reshape(len(rows), 4).T
    end = start + 7 * length
    n_quarters, n_indicators = len(quarters) - 1, len(prospects.indicators)
    table = _table([choices.hours for _, choices in open_to])
    hours_per_week = table[owner, h]
    typical = np.array([insats.hours_per_week.typical for insats, _ in open_to])
    per_day = hours_per_week / typical[owner] / DAYS_PER_QUARTER
    alone = _stacked([prospects.alone_by_quarter(insats.id) for insats, _ in open_to], n_quarters, n_indicators)
    none = np.zeros((n_quarters, n_indicators))
    beside = _stacked(
        [none if insats.type == JOB_ORIENTED else prospects.beside_by_quarter(insats.id) for insats, _ in open_to],
        n_quarters,
        n_indicators,
    )
    days = days_in(start, end, quarters)
    first, beyond = cells.reserved(*weeks.touched(start, end))
    week_cost = np.array([int(np.ceil(round(insats.cost_per_week * ORE, 6))) for insats, _ in open_to], dtype=np.int64)
    hundredths = np.array([[hours_up(hours) for hours in row] for row in table.tolist()], dtype=np.int64)
    return Options(
        owner=owner,
        start=start,
        end=end,
        first=first,
        beyond=beyond,
        hours=hundredths.reshape(table.shape)[owner, h],
        hours_per_week=hours_per_week,
        cost=week_cost[owner] * length,
        price=_prices([insats.id for insats, _ in open_to], owner, start, end, weeks, prices),
        gain=np.einsum("nq,nqj->nj", days * per_day[:, None], alone[owner]),
        days=days,
        extra=per_day[:, None, None] * beside[owner],
    )


def _table(rows: list[tuple[float, ...]]) -> Array:
    widest = max((len(row) for row in rows), default=1)
    return np.array([row + (0.0,) * (widest - len(row)) for row in rows], dtype=np.float64).reshape(len(rows), widest)


def _stacked(rows: Iterable[Array], n_quarters: int, n_indicators: int) -> Array:
    stacked = list(rows)
    return np.array(stacked, dtype=np.float64).reshape(len(stacked), n_quarters, n_indicators)


def _prices(ids: list[str], owner: Ints, start: Ints, end: Ints, weeks: Weeks, prices: Prices) -> Array:
    """(n,) price of each option: that of every quarter which it touches, once."""
    if not prices:
        return np.zeros(len(owner))
    n_quarters = -(-weeks.n_days // DAYS_PER_QUARTER)
    table = np.zeros((len(ids), n_quarters))
    for k, insats_id in enumerate(ids):
        given = np.asarray(prices.get(insats_id, ()), dtype=np.float64)[:n_quarters]
        table[k, : len(given)] = given
    summed = np.concatenate([np.zeros((len(ids), 1)), np.cumsum(table, axis=1)], axis=1)
    price: Array = summed[owner, -(-end // DAYS_PER_QUARTER)] - summed[owner, start // DAYS_PER_QUARTER]
    return price
