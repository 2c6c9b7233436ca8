"""Proposes plans for one person: the best that can be proven in time, alternatives, and why the rest was not chosen."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

import numpy as np

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.errors import FaultyCase
from pathway.planner import model, reasons
from pathway.planner.board import Board, Picked
from pathway.planner.bound import quick_bound
from pathway.planner.improvement import WORTH_NOTICING, fill, improve, place_required, tidy
from pathway.planner.model import Effort
from pathway.planner.objective import Array, Placement, Prospects, replay
from pathway.planner.practice import Practice, shipped
from pathway.planner.problem import Bools, Problem
from pathway.planner.reasons import NotChosen
from pathway.planner.rules import Code, Fact, Rule
from pathway.planner.sifting import compile
from pathway.planner.weeks import Ints

ROUNDING = 1e-3  # weighted steps of the heaviest indicator by which model and replay may differ
TIMES_WITHOUT_PLAN = 5.0  # times the effort where no plan is known from the start
TRIALS = 3  # times a better plan that the reasons turn up may take the first place


@dataclass(frozen=True)
class Work:
    """How much work to spend on one client, in amounts that do not depend on the machine: same input, same plan.

    Attributes
    ----------
    rounds
        Times that a plan is taken apart and filled again before the solver starts.
    effort
        Limits of the solver for the first plan.
    """

    rounds: int = 120
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True, eq=False)
class Planned:
    """One plan.

    Attributes
    ----------
    objective
        In weighted steps, as the contract defines it: without any bonus for preferred insatser.
    status
        ``optimal`` only if the solver proved that no plan over the same choices is worth more.
    gap
        How much more the best plan could be worth, as a share of this one's worth; 0 where optimal. For alternatives,
        against the bound of the first plan.
    placements
        In order of start.
    gains
        (n, J) steps that each placement adds, in the order of the placements.
    with_plan
        (J,) expected levels at the end of the horizon.
    """

    rank: int
    objective: float
    status: Literal["optimal", "feasible"]
    gap: float
    placements: tuple[Placement, ...]
    gains: Array
    with_plan: Array


@dataclass(frozen=True)
class Conflict:
    """Why what the person requires cannot be: a rule, and the insats that it concerns (``None``: several together)."""

    insats_id: str | None
    code: Code | None
    fact: Fact


@dataclass(frozen=True, eq=False)
class Proposal:
    """What the planner proposes.

    Attributes
    ----------
    plans
        Best first. Empty if nothing is worth placing (then every insats in `not_chosen` says why) or if `infeasible`.
    not_chosen
        Every insats of the catalogue that is not in the first plan, in the catalogue's order.
    infeasible
        Rules that keep the required insatser from being in a plan; empty if they can.
    """

    plans: tuple[Planned, ...]
    not_chosen: tuple[NotChosen, ...]
    infeasible: tuple[Conflict, ...] = ()


def propose(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    practice: Practice | None = None,
    work: Work | None = None,
) -> Proposal:
    """Propose plans for one person.

    Raises
    ------
    FaultyCase
        A wish names an insats that is not in the catalogue.
    ValueError
        Solver and replay disagree on a plan: our mistake.
    """
    practice, work = practice or shipped(), work or Work()
    _check_wishes(case, catalogue)
    problem = compile(case, catalogue, prospects, practice)
    board = Board(problem)
    conflicts = _blocked_requirements(problem)
    first = None if conflicts else _best(board, work)
    if first is None:
        conflicts = conflicts or tuple(_joint_conflicts(case, catalogue, prospects, practice, work))
        return Proposal((), reasons.without_plan(board), conflicts)
    for trial in range(1, TRIALS + 1):
        first, not_chosen = _with_reasons(board, first)
        others = _alternatives(board, first, work) if first.picked else []
        better = [plan for plan in others if _beats(board, plan.picked, first.picked)]
        if not better or trial == TRIALS:
            break
        first = better[0]
    if not first.picked:
        return Proposal((), not_chosen)
    others = [plan for plan in others if plan not in better]
    plans = [_planned(board, rank, found) for rank, found in enumerate([first, *others], start=1)]
    return Proposal(tuple(plans), not_chosen)


def _check_wishes(case: Case, catalogue: Catalogue) -> None:
    for name in ("prefer", "avoid", "require"):
        for number, insats_id in enumerate(getattr(case.wishes, name)):
            if insats_id not in catalogue.by_id:
                place = f"wishes.{name}.{number}"
                raise FaultyCase(f"{place}: not in the catalogue {catalogue.version}; use one of its ids")


@dataclass(frozen=True)
class _Candidate:
    picked: Picked
    bound: float
    proven: bool


def _best(board: Board, work: Work) -> _Candidate | None:
    """Fill, improve, and let the solver better it or prove it; ``None`` if there is no plan that keeps all rules."""
    if not len(board.options):
        return _Candidate((), 0.0, True)
    everything = np.arange(len(board.options))
    known = improve(board, everything, work.rounds)
    effort = _effort(work, known)
    found = model.search(board.problem, effort, None if known is None else board.worth(known))
    picked = known if found.picked is None else found.picked
    if picked is None:
        return None
    if not board.keeps_rules(picked):
        raise ValueError("the solver's plan breaks a rule in the replay")
    if not found.complete:
        picked = improve(board, everything, work.rounds, seed=1, start=picked) or picked
    picked = tidy(board, picked)
    bound = found.bound if found.complete else min(found.bound, quick_bound(board.problem, board.worth(picked)))
    return _Candidate(picked, max(bound, board.worth(picked)), found.complete)


def _effort(work: Work, known: Picked | None) -> Effort:
    """Take more where the search must find a plan at all."""
    times = TIMES_WITHOUT_PLAN if known is None else 1.0
    return replace(work.effort, deterministic=work.effort.deterministic * times)


def _with_reasons(board: Board, first: _Candidate) -> tuple[_Candidate, tuple[NotChosen, ...]]:
    """Say why the rest was not chosen; a better plan that turns up on the way takes the first place."""
    for _ in range(TRIALS):
        not_chosen, better = reasons.explain(board, first.picked)
        if better is None:
            break
        picked = tidy(board, better)
        first = _Candidate(picked, max(first.bound, board.worth(picked)), False)
    return first, reasons.explain(board, first.picked)[0] if better is not None else not_chosen


def _beats(board: Board, one: Picked, other: Picked) -> bool:
    return board.worth(one) > board.worth(other) + WORTH_NOTICING * board.problem.heaviest


def _planned(board: Board, rank: int, found: _Candidate) -> Planned:
    problem = board.problem
    played = replay(problem.placements(found.picked), problem.catalogue, problem.prospects, problem.case.goal)
    worth = board.worth(found.picked)
    if abs(played.objective - board.objective(found.picked)) > ROUNDING * problem.heaviest:
        raise ValueError("the planner's value of a plan differs from the replay's")
    gap = 0.0 if found.proven else max(0.0, found.bound - worth) / max(abs(worth), 1e-6)
    return Planned(
        rank=rank,
        objective=played.objective,
        status="optimal" if found.proven else "feasible",
        gap=gap,
        placements=played.placements,
        gains=played.gains,
        with_plan=played.with_plan,
    )


# -- alternatives


def _alternatives(board: Board, first: _Candidate, work: Work) -> list[_Candidate]:
    """Find plans that share at most two thirds of their insatser with any before them, and are worth showing."""
    found = [first]
    for _ in range(board.problem.practice.n_alternatives):
        picked = _another(board, [plan.picked for plan in found], work)
        if picked is None:
            break
        found.append(_Candidate(picked, first.bound, False))
    return sorted(found[1:], key=lambda plan: -board.worth(plan.picked))


def _another(board: Board, before: list[Picked], work: Work) -> Picked | None:
    """Leave out a third of each plan before, in every way, and fill what is left again; go on from the best few."""
    owner = board.options.owner
    tried: dict[Picked, frozenset[int]] = {}
    for banned in _ways_to_differ([[int(owner[o]) for o in plan] for plan in before], board.required):
        kept = tuple(o for o in before[0] if int(owner[o]) not in banned)
        for base in (kept, ()):
            foundation = place_required(board, base)
            if foundation is not None and board.keeps_rules(foundation):
                tried.setdefault(fill(board, foundation, _pool_without(board, banned)), banned)
    tried = {plan: banned for plan, banned in tried.items() if board.keeps_rules(plan)}
    best_first = sorted(tried, key=lambda plan: -board.worth(plan))[:3]
    better = [improve(board, _pool_without(board, tried[plan]), work.rounds // 4, start=plan) for plan in best_first]
    fit = [
        plan
        for plan in (tidy(board, plan) for plan in [*best_first, *(plan for plan in better if plan is not None)])
        if plan and all(differs(plan, other, board) for other in before) and _worth_showing(board, plan, before[0])
    ]
    return max(fit, key=board.worth, default=None)


def _ways_to_differ(plans: list[list[int]], required: frozenset[int]) -> Iterator[frozenset[int]]:
    """List sets of insatser to leave out so that a third of every plan is gone; not more than can be tried at once."""
    ways: list[frozenset[int]] = [frozenset()]
    for plan in plans:
        n_gone = -(-len(plan) // 3)
        free = [k for k in plan if k not in required]
        ways = [way | set(more) for way in ways for more in combinations(free, max(0, n_gone - len(way & set(plan))))]
        ways = sorted(set(ways), key=lambda way: (len(way), sorted(way)))[:30]
    yield from ways


def _pool_without(board: Board, banned: frozenset[int]) -> Ints:
    allowed: Bools = ~np.isin(board.options.owner, sorted(banned))
    return np.flatnonzero(allowed).astype(np.int64)


def differs(one: Picked, other: Picked, board: Board) -> bool:
    """Tell whether one third of the longer plan's insatser are not in the other, and each has one of its own."""
    a, b = ({int(board.options.owner[o]) for o in plan} for plan in (one, other))
    return 3 * len(a & b) <= 2 * max(len(a), len(b)) and bool(a - b) and bool(b - a)


def _worth_showing(board: Board, plan: Picked, first: Picked) -> bool:
    worth, best = board.objective(plan), board.objective(first)
    return worth > 0 and worth >= board.problem.practice.alternative_least_share * best


# -- requirements that cannot be


def _blocked_requirements(problem: Problem) -> tuple[Conflict, ...]:
    """Name the required insatser that no plan can hold, each with the rule that stands in its way."""
    return tuple(
        Conflict(insats_id, blocked.code, blocked.fact)
        for insats_id, blocked in sorted(problem.blocked.items())
        if insats_id in problem.case.wishes.require
    )


def _joint_conflicts(
    case: Case, catalogue: Catalogue, prospects: Prospects, practice: Practice, work: Work
) -> Iterator[Conflict]:
    """Rules without which the required insatser would fit together; all of them together if none does it alone."""
    light = replace(work, rounds=0, effort=replace(work.effort, deterministic=work.effort.deterministic / 5))
    named = False
    for rule, looser in _relaxations(case, catalogue, practice):
        problem = compile(looser[0], looser[1], prospects, looser[2])
        if not _blocked_requirements(problem) and _best(Board(problem), light) is not None:
            named = True
            yield Conflict(None, None, Fact(rule, needed=tuple(case.wishes.require)))
    if not named:
        yield Conflict(None, None, Fact(Rule.REQUIRED_WISH, needed=tuple(case.wishes.require)))


def _relaxations(
    case: Case, catalogue: Catalogue, practice: Practice
) -> Iterator[tuple[Rule, tuple[Case, Catalogue, Practice]]]:
    limits = case.limits
    for rule, wider in (
        (Rule.WEEKLY_LOAD, replace(limits, hours_per_week=10_000.0)),
        (Rule.PARALLEL, replace(limits, parallel=1000)),
        (Rule.BUDGET, replace(limits, budget=None)),
        (Rule.HORIZON, replace(limits, horizon_weeks=3 * limits.horizon_weeks)),
    ):
        yield rule, (replace(case, limits=wider), catalogue, practice)
    for rule, insatser in (
        (Rule.EXCLUSION, [replace(insats, excludes=()) for insats in catalogue.insatser]),
        (Rule.GROUP, [replace(insats, group=None) for insats in catalogue.insatser]),
        (Rule.REQUIRED_LEVEL, [_at_any_level(insats) for insats in catalogue.insatser]),
    ):
        yield rule, (case, replace(catalogue, insatser=tuple(insatser)), practice)
    yield Rule.MAX_ACTIVITIES, (case, catalogue, replace(practice, max_activities=len(catalogue.insatser)))


def _at_any_level(insats: Insats) -> Insats:
    return replace(insats, requires=replace(insats.requires, levels={}))
