"""Why an insats is not in the first plan, and what the objective would lose if it had to be."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from pathway.planner import model
from pathway.planner.board import NEVER, Board
from pathway.planner.improvement import WORTH_NOTICING, fill_all, place_required
from pathway.planner.plans import Picked
from pathway.planner.rules import Code, Fact, Rule
from pathway.planner.weeks import Ints

MOST_DROPPED = 2  # activities of the first plan that are given up to make room
MUCH = 0.2  # share of the first plan's worth that an insats may cost before a plan is built around it
MOST_BUILT = 6  # insatser around which plans are built
LIGHTEST = 2  # choices of an insats, by hours in all, around which a plan is built
MOST_HELPERS = 4  # insatser beside the first plan's that are let in to reach a required level
LAST_RESORT = model.Effort(deterministic=0.02, wall_seconds=2.0)
MOST_LAST_RESORTS = 2  # insatser for which the solver is asked, where the quick way found no plan


@dataclass(frozen=True)
class NotChosen:
    """Why an insats is not in the first plan.

    Attributes
    ----------
    fact
        What words can be made from; see `Fact`.
    loss
        Weighted steps that the objective loses in the best plan found that holds the insats: made of the first plan's
        activities (kept, moved, shortened or dropped) and what the insats requires or, where that would lose much,
        built around it. ``None`` if it can be in no plan.
    """

    insats_id: str
    code: Code
    fact: Fact
    loss: float | None


def without_plan(board: Board) -> tuple[NotChosen, ...]:
    """Say of every insats why it is not planned, when what is required cannot be."""
    problem = board.problem
    required = next(iter(problem.case.wishes.require), None)
    return tuple(
        NotChosen(insats.id, problem.blocked[insats.id].code, problem.blocked[insats.id].fact, None)
        if insats.id in problem.blocked
        else NotChosen(insats.id, "excluded", Fact(Rule.REQUIRED_WISH, other=required), None)
        for insats in problem.catalogue.insatser
    )


def explain(board: Board, first: Picked) -> tuple[tuple[NotChosen, ...], Picked | None]:
    """Say why each insats is not in the first plan.

    Returns
    -------
    One reason per insats, in the catalogue's order, and a plan worth more than the first if one turned up.
    """
    problem = board.problem
    chosen = {int(board.options.owner[o]) for o in first}
    forced = _force_all(board, first, [k for k in problem.alive if k not in chosen])
    worth = board.worth(first)
    best = max(forced.values(), key=board.worth, default=None)
    better = best if best is not None and board.worth(best) > worth + WORTH_NOTICING * problem.heaviest else None
    found = []
    locked = {one.insats_id for one in problem.standing.placements}
    for insats in problem.catalogue.insatser:
        if insats.id in locked:
            continue
        if insats.id in problem.blocked:
            blocked = problem.blocked[insats.id]
            found.append(NotChosen(insats.id, blocked.code, blocked.fact, None))
        elif problem.position[insats.id] not in chosen:
            found.append(_reason(board, first, problem.position[insats.id], forced))
    return tuple(found), better


def with_spared(board: Board, not_chosen: tuple[NotChosen, ...], spared: set[str]) -> tuple[NotChosen, ...]:
    """Add insatser of the first plan that it needs no more once it is adjusted: with them it loses nothing."""
    found = {one.insats_id: one for one in not_chosen}
    found |= {id: NotChosen(id, "less_gain", Fact(Rule.BEST), 0.0) for id in spared}
    return tuple(found[id] for id in board.problem.catalogue.ids if id in found)


def _reason(board: Board, first: Picked, k: int, forced: dict[int, Picked]) -> NotChosen:
    insats_id = board.problem.candidates[k].id
    plan = forced.get(k)
    if plan is None:
        code, fact = _why_never(board, first, k)
        return NotChosen(insats_id, code, fact, None)
    loss = max(0.0, board.objective(first) - board.objective(plan))
    if other := _in_the_way(board, first, k):
        return NotChosen(insats_id, "excluded", other, loss)
    if not first:
        found = float(board.worth(plan)) / board.problem.heaviest
        fact = Fact(Rule.WORTH, needed=board.problem.practice.least_worth_steps, found=found)
        return NotChosen(insats_id, "no_expected_gain", fact, loss)
    return NotChosen(insats_id, "less_gain", Fact(Rule.BEST), loss)


def _why_never(board: Board, first: Picked, k: int) -> tuple[Code, Fact]:
    """Name the likeliest rule for an insats that no plan was found to hold, beside the first one or at all."""
    problem = board.problem
    if problem.gates[k]:
        gate = problem.gates[k][0]
        now = problem.case.levels().get(gate.indicator)
        return "prerequisite", Fact(Rule.REQUIRED_LEVEL, indicator=gate.indicator, needed=gate.level, found=now)
    if problem.unmet[k]:
        return "prerequisite", Fact(Rule.REQUIRED_INSATS, other=problem.unmet[k][0])
    if problem.required:
        return "excluded", Fact(Rule.REQUIRED_WISH, other=sorted(problem.required)[0])
    own = problem.options_of(k)
    steps = board.options.most if first else board.options.gain
    most = float((steps[own] @ problem.weights).max()) / problem.heaviest
    if most < problem.practice.least_worth_steps:
        return "no_expected_gain", Fact(Rule.WORTH, needed=problem.practice.least_worth_steps, found=most)
    return "less_gain", Fact(Rule.BEST)  # it is worth its while, only not beside anything that was found with it


def _in_the_way(board: Board, first: Picked, k: int) -> Fact | None:
    """Find what keeps an insats out of the first plan as it stands: a variant of it, or one that excludes it."""
    problem, options = board.problem, board.options
    for o in first:
        if problem.variants[k, options.owner[o]]:
            return Fact(Rule.GROUP, other=problem.candidates[int(options.owner[o])].id)
    excluders = [o for o in first if board.apart[k, options.owner[o]]]
    pool = _own(board, k)
    if not excluders or not _all_there(board, first, k):
        return None
    roomy = pool[board.with_room(first, pool)]
    clear = np.ones(len(roomy), dtype=bool)
    for o in excluders:
        clear &= (options.start[roomy] >= options.end[o]) | (options.end[roomy] <= options.start[o])
    if len(roomy) and not clear.any():
        return Fact(Rule.EXCLUSION, other=problem.candidates[int(options.owner[excluders[0]])].id)
    return None


# -- plans with one more insats


def _own(board: Board, k: int) -> Ints:
    own = board.problem.options_of(k)
    return np.arange(own.start, own.stop)


def _all_of(board: Board, plan: Picked) -> Ints:
    """Give every option of the insatser that a plan holds."""
    return np.flatnonzero(np.isin(board.options.owner, board.options.owner[list(plan)]))


def _force_all(board: Board, first: Picked, others: list[int]) -> dict[int, Picked]:
    """Find, for each of the others, a good plan that holds it, where there is one."""
    simple = [k for k in others if not board.problem.needs[k] or _all_there(board, first, k)]
    found = _force_together(board, first, simple)
    for k in others:
        if k not in found and (plan := _force_with_what_it_needs(board, first, k)):
            found[k] = plan
    found = {k: plan for k, plan in _mended(board, found, first).items() if board.keeps_rules(plan)}
    least = (1 - MUCH) * board.worth(first)
    worths = {k: worth for k, plan in found.items() if (worth := board.worth(plan)) < least}
    for k, plans in _built_around(board, first, sorted(worths, key=lambda k: worths[k])[:MOST_BUILT]).items():
        found[k] = max([found[k], *plans], key=board.worth)
    missing = [k for k in others if k not in found]
    for k in missing[:MOST_LAST_RESORTS]:
        plan = _ask_solver(board, first, k)
        if plan and board.keeps_rules(plan):
            found[k] = plan
    return found


def _all_there(board: Board, first: Picked, k: int) -> bool:
    return {int(board.options.owner[o]) for o in first}.issuperset(board.problem.needs[k])


def _smaller(board: Board, first: Picked) -> Iterator[Picked]:
    """Yield the first plan, and what is left of it when a few activities are given up."""
    free = [o for o in first if int(board.options.owner[o]) not in board.required]
    for n_dropped in range(min(MOST_DROPPED, len(free)) + 1):
        for dropped in combinations(free, n_dropped):
            yield tuple(o for o in first if o not in dropped)
    yield tuple(o for o in first if o not in free)


def _force_together(board: Board, first: Picked, others: list[int]) -> dict[int, Picked]:
    """Weigh every option of the others in one go, in every smaller plan; keep the best of each insats."""
    if not others:
        return {}
    pool = np.concatenate([_own(board, k) for k in others])
    owner = board.options.owner[pool]
    cuts = np.flatnonzero(np.diff(owner, prepend=-1))
    best: dict[int, tuple[float, Picked]] = {}
    smaller = list(_smaller(board, first))
    for rest, worth in zip(smaller, board.weigh_all(smaller, pool), strict=True):
        for a, b in zip(cuts.tolist(), [*cuts[1:].tolist(), len(pool)], strict=True):
            at = a + int(worth[a:b].argmax())
            k = int(owner[a])
            if worth[at] > max(NEVER, best[k][0] if k in best else NEVER):
                plan = tuple(sorted((*rest, int(pool[at]))))
                if board.keeps_rules(plan):
                    best[k] = (float(worth[at]), plan)
    return {k: plan for k, (_, plan) in best.items()}


def _force_with_what_it_needs(board: Board, first: Picked, k: int) -> Picked | None:
    """Place what must come first as early as it can be, then the insats, in each smaller plan; keep the best."""
    chain = _in_order(board, k)
    plans = list(_smaller(board, first))
    for part in chain:
        there = [plan for plan in plans if part in {int(board.options.owner[o]) for o in plan}]
        others = [plan for plan in plans if plan not in there]
        plans = there + _place(board, others, part, early=part != k)
    return max((plan for plan in plans if board.keeps_rules(plan)), key=board.worth, default=None)


def _in_order(board: Board, k: int) -> list[int]:
    """List all that must come before the insats, first things first, and the insats itself."""
    order: list[int] = []
    for first in board.problem.needs[k]:
        order += [part for part in _in_order(board, first) if part not in order]
    return [*order, k]


def _place(board: Board, plans: list[Picked], k: int, early: bool) -> list[Picked]:
    """Add an insats to plans, where it adds most or ends earliest; those that it cannot be added to are left out."""
    pool = _own(board, k)
    if not plans or not len(pool):
        return []
    worth = board.weigh_all(plans, pool)
    may = worth > NEVER
    best = np.where(may, -board.options.end[pool] if early else worth, NEVER).argmax(axis=1)
    return [tuple(sorted((*plans[at], int(pool[best[at]])))) for at in np.flatnonzero(may.any(axis=1)).tolist()]


def _mended(board: Board, found: dict[int, Picked], first: Picked) -> dict[int, Picked]:
    """Better plans with one more insats by taking back what was given up of the first plan."""
    better = fill_all(board, list(found.values()), _all_of(board, first))
    pairs = zip(found.items(), better, strict=True)
    return {k: mended if board.keeps_rules(mended) else plan for (k, plan), mended in pairs}


def _built_around(board: Board, first: Picked, others: list[int]) -> dict[int, list[Picked]]:
    """Build plans around each of the others: what must come first, as early as can be, and a light choice of it."""
    begun = [(k, plan) for k in others for plan in _begun_with(board, k)]
    built: dict[int, list[Picked]] = {}
    for (k, _), plan in zip(begun, fill_all(board, [plan for _, plan in begun], _all_of(board, first)), strict=True):
        if board.keeps_rules(plan):
            built.setdefault(k, []).append(plan)
    return built


def _begun_with(board: Board, k: int) -> Iterator[Picked]:
    options, own = board.options, _own(board, k)
    foundation = place_required(board)
    begun = [] if foundation is None else [foundation]
    for part in _in_order(board, k)[:-1]:
        if begun and part not in {int(options.owner[o]) for o in begun[0]}:
            begun = _place(board, begun, part, early=True)
    for rest in begun:
        may = own[board.weigh(rest, own) > NEVER]
        load = options.hours[may] * (options.end[may] - options.start[may])
        for o in may[np.argsort(load, kind="stable")[:LIGHTEST]].tolist():
            yield tuple(sorted((*rest, o)))


def _ask_solver(board: Board, first: Picked, k: int) -> Picked | None:
    """Ask the solver for a plan with the insats, where something else than the first plan's activities must help it."""
    problem = board.problem
    with_it = replace(
        problem, required=problem.required | {problem.candidates[part].id for part in _in_order(board, k)}
    )
    helpful = {int(board.options.owner[o]) for o in first} | set(_in_order(board, k)) | set(board.required)
    for gate in problem.gates[k]:
        lift = {other: float(board.options.gate_gain[_own(board, other), gate.j].max()) for other in problem.alive}
        helpful |= set(sorted(lift, key=lambda other: -lift[other])[:MOST_HELPERS])
    keep = np.isin(board.options.owner, sorted(helpful))
    part = replace(with_it, options=board.options.where(keep))
    found = model.Model(part, exactly=frozenset(), hopeful=frozenset(part.alive)).solve(LAST_RESORT)
    return None if found.picked is None else tuple(np.flatnonzero(keep)[list(found.picked)].tolist())
