"""Proposes plans for one person: the best that can be proven in time, alternatives, and why the rest was not chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.errors import FaultyCase
from pathway.planner import conflicts, proving, reasons, themes
from pathway.planner.adjusting import adjusted, on_fine_grid, settled
from pathway.planner.aims import is_better_at
from pathway.planner.board import Board
from pathway.planner.conflicts import Conflict
from pathway.planner.improvement import improve, tidy
from pathway.planner.model import Effort
from pathway.planner.objective import Array, Placement, Prospects, Replay, replay
from pathway.planner.planned import Planned, Theme
from pathway.planner.plans import Picked
from pathway.planner.practice import Practice, shipped
from pathway.planner.problem import Problem
from pathway.planner.proving import POOL, best_of, likeliest
from pathway.planner.reasons import NotChosen
from pathway.planner.relaxation import relax
from pathway.planner.sifting import compile

ROUNDING = 1e-3  # weighted steps of the heaviest indicator by which board and replay may differ


@dataclass(frozen=True)
class Work:
    """How much work to spend on one client, in amounts that do not depend on the machine: same input, same plan.

    Attributes
    ----------
    width
        Plans that are grown side by side for a first one, before the solver starts.
    effort
        Limits of the solver for the first plan.
    first_only
        Whether the first plan is all that is asked for: no alternatives, and no reasons (`not_chosen` is empty).
    """

    width: int = 60
    effort: Effort = field(default_factory=Effort)
    first_only: bool = False


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
        The smallest set of rules that keep the required insatser from being in a plan; empty if they can.
    start
        The plan known from before as it stands, held against the same bound; ``None`` if there was none.
    """

    plans: tuple[Planned, ...]
    not_chosen: tuple[NotChosen, ...]
    infeasible: tuple[Conflict, ...] = ()
    start: Planned | None = None


@dataclass(frozen=True, eq=False)
class Loss:
    """What one insats is to a plan.

    Attributes
    ----------
    loss
        Weighted steps that the objective loses when the insats is forced into the plan (or out of it, if it is in the
        best one); ``None`` if it cannot be.
    plan
        The best plan with the insats (or without it).
    proven
        Whether both plans that were compared are proven; else the loss is what was found.
    """

    insats_id: str
    loss: float | None
    plan: Planned | None
    proven: bool


def propose(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    practice: Practice | None = None,
    work: Work | None = None,
    *,
    prices: Mapping[str, Sequence[float]] | None = None,
    start: Planned | None = None,
) -> Proposal:
    """Propose plans for one person.

    Parameters
    ----------
    prices
        Per insats: what a place costs in each quarter (13 weeks from the day of the suggestion), in weighted steps;
        charged once for each quarter that an activity touches, in what plans are compared by, never in `objective`.
    start
        A plan known from before: if it keeps the rules on the grid, it is the first plan to better. Alternatives are
        made to differ from it too, since it may be kept in place of the first.

    Raises
    ------
    FaultyCase
        A wish names an insats that is not in the catalogue.
    ValueError
        Board and replay disagree on a plan: our mistake.
    """
    practice, work = practice or shipped(), work or Work()
    _check_wishes(case, catalogue)
    board = Board(compile(case, catalogue, prospects, practice, prices=prices))
    found = conflicts.blocked(board.problem)
    known = None if start is None else board.problem.locate(start.placements)
    first = None if found else _first(board, work, known)
    if first is None:
        found = found or conflicts.smallest(board.problem, work.effort)
        return Proposal((), reasons.without_plan(board), found)
    if work.first_only:
        only = (_planned(board, 1, first, "best", prices),) if _holds_any(board, first) else ()
        return Proposal(only, (), start=_as_it_stands(board.problem, start, first))
    not_chosen, better = reasons.explain(board, first.picked)
    if better is not None:  # only where the first plan is not proven
        first = replace(first, picked=better, bound=max(first.bound, board.worth(better)), proven=False)
        not_chosen, _ = reasons.explain(board, first.picked)
    if not _holds_any(board, first):
        return Proposal((), not_chosen)
    others = themes.alternatives(board, first.picked, first.hopes, known) if first.picked else []
    plans = [_planned(board, 1, first, "best", prices)]
    for picked, theme in others:
        plan = _planned(board, len(plans) + 1, _Settled(picked, first.bound, False), theme, prices)
        if all(unlike(plan, before) for before in (*plans, start) if before):  # adjusting may leave insatser out
            holds = is_better_at(theme, plan.placements, plans[0].placements, case, catalogue)
            plans.append(plan if holds else replace(plan, theme="best"))
    spared = {board.problem.candidates[board.options.owner[o]].id for o in first.picked} - _own(plans[0])
    not_chosen = reasons.with_spared(board, not_chosen, spared)
    return Proposal(_in_order(plans), not_chosen, start=_as_it_stands(board.problem, start, first))


def resume(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    placements: Sequence[Placement],
    practice: Practice | None = None,
    *,
    prices: Mapping[str, Sequence[float]] | None = None,
) -> tuple[Planned, ...]:
    """Take up a plan that was made for a like case: what this one still allows of it, and that adjusted; no proof.

    Empty where that breaks a rule, such as an insats that is required now and was not in the plan.
    """
    ids = frozenset(one.insats_id for one in placements if not one.locked)
    problem = compile(case, catalogue, prospects, practice, prices=prices, only=ids)
    allowed = {problem.candidates[k].id for k in problem.alive}
    own = [one for one in placements if not one.locked and one.insats_id in allowed]
    found = on_fine_grid(problem, own, prices) if own and problem.required <= allowed else None
    if found is None:
        return ()
    board, picked = found
    ways = dict.fromkeys((picked, settled(board, picked)))
    return tuple(_planned(board, 1, _Settled(way, np.inf, False), "best", prices, adjust=False) for way in ways)


def pool(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    n: int = 16,
    prices: Mapping[str, Sequence[float]] | None = None,
    seed: int = 0,
    practice: Practice | None = None,
) -> tuple[Planned, ...]:
    """Give up to `n` varied plans that keep all rules, best first, fast and without proof.

    Parameters
    ----------
    prices
        As in `propose`.
    seed
        Another seed gives other plans.
    """
    board = Board(compile(case, catalogue, prospects, practice or shipped(), prices=prices))
    if not len(board.options):
        return ()
    relaxed = relax(board.problem)
    options = likeliest(board.problem, relaxed.with_option, POOL)
    found: dict[Picked, None] = {}
    improve(board, options, 2 * n, seed=seed, seen=found)
    best_first = sorted((picked for picked in found if picked), key=lambda picked: (-board.worth(picked), picked))
    return tuple(
        _planned(board, rank, _Settled(picked, relaxed.bound, False), "best", prices, adjust=False)
        for rank, picked in enumerate(themes.varied(board, best_first, n), start=1)
    )


def loss_of(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    insats_id: str,
    practice: Practice | None = None,
    work: Work | None = None,
    *,
    prices: Mapping[str, Sequence[float]] | None = None,
) -> Loss:
    """Tell exactly what the objective loses when an insats is forced into the plan, or out of it if it is in the best.

    Raises
    ------
    FaultyCase
        A wish names an insats that is not in the catalogue.
    ValueError
        The insats is not in the catalogue.
    """
    if insats_id not in catalogue.by_id:
        raise ValueError("the insats is not in the catalogue")
    practice, work = practice or shipped(), work or Work()
    _check_wishes(case, catalogue)
    best = _alone(case, catalogue, prospects, practice, work, prices)
    if best is None:
        return Loss(insats_id, None, None, False)
    wishes = case.wishes
    inside = any(one.insats_id == insats_id and not one.locked for one in best.placements)
    if inside:
        wishes = replace(wishes, prefer=(), require=(), avoid=(*wishes.avoid, insats_id))
        kept = replace(case.wishes, prefer=tuple(id for id in case.wishes.prefer if id != insats_id))
        wishes = replace(kept, require=_except(case.wishes.require, insats_id), avoid=wishes.avoid)
    else:
        wishes = replace(wishes, require=(*wishes.require, insats_id), avoid=_except(wishes.avoid, insats_id))
    other = _alone(replace(case, wishes=wishes), catalogue, prospects, practice, work, prices)
    if other is None:
        return Loss(insats_id, None, None, best.status == "optimal")
    loss = max(0.0, best.objective - other.objective)
    return Loss(insats_id, loss, other, best.status == other.status == "optimal")


def _except(ids: tuple[str, ...], insats_id: str) -> tuple[str, ...]:
    return tuple(id for id in ids if id != insats_id)


def _alone(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    practice: Practice,
    work: Work,
    prices: Mapping[str, Sequence[float]] | None,
) -> Planned | None:
    """Give the best plan, without alternatives and reasons; ``None`` if there is none that keeps all rules."""
    board = Board(compile(case, catalogue, prospects, practice, prices=prices))
    first = None if conflicts.blocked(board.problem) else _first(board, work, None)
    return None if first is None else _planned(board, 1, first, "best", prices)


def _check_wishes(case: Case, catalogue: Catalogue) -> None:
    for name in ("prefer", "avoid", "require"):
        for number, insats_id in enumerate(getattr(case.wishes, name)):
            if insats_id not in catalogue.by_id:
                place = f"wishes.{name}.{number}"
                raise FaultyCase(f"{place}: not in the catalogue {catalogue.version}; use one of its ids")


@dataclass(frozen=True)
class _Settled:
    picked: Picked
    bound: float
    proven: bool
    hopes: Array = field(default_factory=lambda: np.zeros(0))


def _holds_any(board: Board, found: _Settled) -> bool:
    return bool(found.picked or board.problem.standing.placements)


def _first(board: Board, work: Work, known: Picked | None) -> _Settled | None:
    """Find the best plan; ``None`` if there is none that keeps all rules, or none was found."""
    if known is not None and not board.keeps_rules(known):
        known = None
    best = best_of(board, work.width, work.effort, known)
    if best.picked is None:
        return None
    return _Settled(tidy(board, best.picked), best.bound, best.proven, best.hopes)


def _planned(
    board: Board,
    rank: int,
    found: _Settled,
    theme: Theme,
    prices: Mapping[str, Sequence[float]] | None,
    adjust: bool = True,
) -> Planned:
    problem, picked = board.problem, found.picked
    placements = problem.placements(picked)
    if adjust and picked and problem.practice.fine_every_weeks:
        own = tuple(one for one in placements if not one.locked)
        finer = adjusted(problem, own, prices)
        if finer is not None and finer[0].worth(finer[1]) >= board.worth(picked) - 1e-9:
            board, picked = finer
            placements = board.problem.placements(picked)
    played = _replayed(problem, placements)
    worth = board.worth(picked)
    if abs(played.objective - board.objective(picked)) > ROUNDING * problem.heaviest:
        raise ValueError("the planner's value of a plan differs from the replay's")
    return Planned(
        rank=rank,
        objective=played.objective,
        status="optimal" if found.proven else "feasible",
        gap=0.0 if found.proven else _gap(worth, found.bound),
        placements=played.placements,
        gains=played.gains,
        with_plan=played.with_plan,
        theme=theme,
        merit=worth - board.objective(picked),
    )


def _as_it_stands(problem: Problem, plan: Planned | None, best: _Settled) -> Planned | None:
    """Tell what a plan known from before is worth with the gains expected now, whether or not the grid has it."""
    if plan is None:
        return None
    played = _replayed(problem, plan.placements)
    worth = played.objective + plan.merit
    is_best = best.proven and worth >= best.bound - proving.ROUNDING * problem.heaviest
    return replace(
        plan,
        objective=played.objective,
        status="optimal" if is_best else "feasible",
        gap=0.0 if is_best else _gap(worth, best.bound),
        gains=played.gains,
        with_plan=played.with_plan,
    )


def _replayed(problem: Problem, placements: Sequence[Placement]) -> Replay:
    window = (problem.weeks.as_of, problem.weeks.date(problem.weeks.n_days))
    return replay(placements, problem.catalogue, problem.prospects, problem.case.goal, window)


def _gap(worth: float, bound: float) -> float:
    """Give the share by which the bound lies above the worth of a plan."""
    return max(0.0, bound - worth) / max(abs(worth), 1e-6)


def unlike(one: Planned, other: Planned) -> bool:
    """Tell whether two plans are different enough to be shown beside each other."""
    n_locked = len({placement.insats_id for placement in one.placements if placement.locked})
    return themes.unlike(_own(one), _own(other), n_locked)


def _own(plan: Planned) -> set[str]:
    """Name the insatser of a plan that are not locked."""
    return {one.insats_id for one in plan.placements if not one.locked}


def _in_order(plans: list[Planned]) -> tuple[Planned, ...]:
    """Keep the first plan first, and the others by what they are worth."""
    others = sorted(plans[1:], key=lambda plan: -plan.objective)
    return (plans[0], *(replace(plan, rank=rank) for rank, plan in enumerate(others, start=2)))
