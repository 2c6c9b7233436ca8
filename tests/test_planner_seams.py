"""The planner: what is locked, ramps, gains by quarter, prices, themes, losses, and agreement with other solvers."""

from dataclasses import asdict, replace
from datetime import timedelta
from itertools import combinations_with_replacement
from typing import Any

import builders
import checker
import numpy as np
import pytest
from planner_peers import Plain
from scipy.optimize import linprog

from pathway import case as cases
from pathway.errors import FaultyCase
from pathway.planner import Effort, Rule, Work, beside, loss_of, pool, propose, unlike
from pathway.planner import model as models
from pathway.planner.board import Board
from pathway.planner.improvement import improve
from pathway.planner.mixes import Packing, mixes_of
from pathway.planner.practice import shipped
from pathway.planner.proving import best_of
from pathway.planner.relaxation import Relaxation, relax
from pathway.planner.sifting import compile

A = builders.an_insats
WHOLE = {"hours_per_week": {"min": 20, "typical": 20, "max": 20}, "weeks": {"min": 26, "typical": 26, "max": 26}}
WORK = Work(effort=Effort(deterministic=5.0, wall_seconds=60.0))


def day(weeks: int) -> str:
    return (builders.AS_OF + timedelta(weeks=weeks)).isoformat()


def lock(insats_id: str, first: int, last: int, hours: float = 5) -> dict[str, Any]:
    return {"insats_id": insats_id, "start_on": day(first), "end_on": day(last), "hours_per_week": hours}


def proposed(*insatser: dict[str, Any], alone: Any, beside: Any = None, practice: Any = None, **case: Any) -> Any:
    shaped = builders.a_case(**case)
    prospects = builders.prospects(shaped, alone, beside)
    return propose(shaped, builders.a_catalogue(*insatser), prospects, practice, WORK)


def placed(proposal: Any) -> dict[str, Any]:
    return {one.insats_id: one for one in proposal.plans[0].placements}


def test_what_is_locked_is_in_the_plan_as_it_stands_and_leaves_room_for_the_rest_only():
    closed = A("X", municipalities=["0581"], places=0)  # outside what the catalogue allows now
    proposal = proposed(closed, A("Y"), alone={"X": (0.5, 0, 0), "Y": (0.5, 0, 0)}, locked=[lock("X", 0, 13, 18)])
    assert (placed(proposal)["X"].start_on.isoformat(), placed(proposal)["X"].locked) == (day(0), True)
    assert placed(proposal)["Y"].start_on.isoformat() >= day(13)
    assert "X" not in {reason.insats_id for reason in proposal.not_chosen}


def test_a_locked_job_lifts_what_runs_beside_it():
    job = A("J", type="jobb")
    proposal = proposed(
        job, A("Y"), alone={"J": (0, 0, 0), "Y": (0.1, 0, 0)}, beside={"Y": (1, 0, 0)}, locked=[lock("J", 10, 20)]
    )
    assert placed(proposal)["Y"].quarters_beside > 0.5


def test_a_lock_that_overlaps_itself_is_refused_in_one_sentence():
    with pytest.raises(FaultyCase, match=r"locked\.1: overlaps locked\.0") as refused:
        builders.a_case(locked=[lock("X", 0, 8), lock("X", 7, 9)])
    assert "\n" not in str(refused.value)


def test_a_ramp_keeps_the_first_weeks_light():
    ramp = [{"from_week": 0, "hours_per_week": 4}, {"from_week": 13, "hours_per_week": 20}]
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": None, "hours_by_week": ramp}
    assert placed(proposed(A("X"), alone={"X": (1, 0, 0)}, limits=limits))["X"].start_on.isoformat() >= day(13)


def test_the_case_may_ask_for_fewer_activities():
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": None, "activities": 1}
    assert len(placed(proposed(A("X"), A("Y"), alone={"X": (1, 0, 0), "Y": (0, 1, 0)}, limits=limits))) == 1


def test_an_insats_is_placed_in_the_quarter_in_which_it_gains():
    insats = A("X", weeks={"min": 6, "typical": 6, "max": 6})
    late = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    assert placed(proposed(insats, alone={"X": late}))["X"].start_on.isoformat() >= day(13)
    assert placed(proposed(insats, alone={"X": late[::-1]}))["X"].start_on.isoformat() <= day(7)


def test_prices_keep_a_place_for_others_and_are_no_part_of_the_objective():
    case = builders.a_case()
    catalogue = builders.a_catalogue(A("X", **WHOLE), A("Y", **WHOLE))
    prospects = builders.prospects(case, {"X": (0.5, 0, 0), "Y": (0.4, 0, 0)})
    dear = propose(case, catalogue, prospects, prices={"X": [0.2, 0.2]})
    assert set(placed(dear)) == {"Y"}
    assert dear.plans[0].objective == pytest.approx(0.8)
    assert set(placed(propose(case, catalogue, prospects, prices={"X": [0.05, 0.05]}))) == {"X"}


def test_a_pool_is_varied_keeps_the_rules_and_has_the_best_first():
    n_plans = n_sets = 0
    for seed in (4, 5, 6):
        case, catalogue, prospects = builders.a_realistic_problem(seed, n_insatser=40)
        plans = pool(case, catalogue, prospects, n=8)
        assert [plan.objective for plan in plans] == sorted((plan.objective for plan in plans), reverse=True)
        n_plans += len(plans)
        n_sets += len({frozenset(one.insats_id for one in plan.placements) for plan in plans})
        board = Board(compile(case, catalogue, prospects))
        assert all(board.keeps_rules(board.problem.locate(plan.placements)) for plan in plans)
    assert n_sets >= n_plans / 2  # the others differ in dates or hours


def test_each_alternative_is_better_at_its_theme():
    practice = replace(shipped(), themes=("fewest_hours", "least_cost"))
    seen = set()
    for seed in (11, 12, 13):
        plans = propose(*builders.a_realistic_problem(seed, n_insatser=40), practice, WORK).plans
        hours = [sum(one.hours_per_week * one.weeks for one in plan.placements) for plan in plans]
        for plan, spent in zip(plans[1:], hours[1:], strict=True):
            seen.add(plan.theme)
            assert plan.theme != "fewest_hours" or spent < hours[0]
    assert "fewest_hours" in seen


@pytest.mark.parametrize("seed", [0, 29])
def test_no_alternative_says_that_it_is_better_at_what_adjusting_has_taken_from_it(seed):
    case, catalogue, prospects = builders.a_realistic_problem(seed, n_insatser=40)
    plans = builders.a_suggestion_in_json(propose(case, catalogue, prospects, work=WORK), prospects)["plans"]
    insatser = {one.id: asdict(one) for one in catalogue.insatser}
    assert [plan["theme"] for plan in plans[1:]].count("best") == 1  # neither is a theme that was not found
    assert not list(checker._themes(asdict(case), insatser, plans))


def test_alternatives_differ_from_a_plan_known_from_before_too():
    n_like = 0
    for seed in (11, 12, 13):
        case, catalogue, prospects = builders.a_realistic_problem(seed, n_insatser=40)
        first, *others = propose(case, catalogue, prospects, work=WORK).plans
        in_first, in_other = ({one.insats_id for one in plan.placements} for plan in (first, others[0]))
        for insats_id in sorted(in_other - in_first):
            shaped = replace(case, wishes=replace(case.wishes, require=(insats_id,)))
            known = propose(shaped, catalogue, prospects, work=replace(WORK, first_only=True)).plans[0]
            n_like += not all(unlike(known, other) for other in others)
            plans = propose(case, catalogue, prospects, work=WORK, start=known).plans
            assert len(plans) > 1
            assert all(unlike(known, other) for other in plans[1:])
    assert n_like


def test_the_first_plan_alone_is_the_first_of_the_whole_proposal():
    given = builders.a_realistic_problem(4, n_insatser=30)
    alone, whole = propose(*given, work=Work(first_only=True)), propose(*given)
    assert (len(alone.plans), alone.not_chosen) == (1, ())
    assert alone.plans[0].placements == whole.plans[0].placements


def test_the_loss_of_an_insats_is_the_difference_between_two_proven_plans():
    case = builders.a_case()
    catalogue = builders.a_catalogue(
        A("X", **WHOLE), A("Y", **WHOLE), A("Z", municipalities=["9"]) | {"municipalities": ["0001"]}
    )
    prospects = builders.prospects(case, {"X": (0.5, 0, 0), "Y": (0.3, 0, 0), "Z": (1, 1, 1)})
    forced, without, never = (loss_of(case, catalogue, prospects, id, work=WORK) for id in "YXZ")
    assert (forced.loss, without.loss) == (pytest.approx(0.4), pytest.approx(0.4))
    assert {one.insats_id for one in forced.plan.placements} == {one.insats_id for one in without.plan.placements}
    assert (forced.proven, never.loss, never.plan) == (True, None, None)


def test_the_smallest_set_of_rules_in_conflict_is_named():
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": 4000}
    both = {"wishes": {"require": ["X", "Y"]}, "limits": limits}
    dear = {"cost_per_week": 100} | WHOLE
    proposal = proposed(A("X", **dear), A("Y", **dear), alone={"X": (1, 0, 0), "Y": (1, 0, 0)}, **both)
    assert {one.fact.rule for one in proposal.infeasible} <= {Rule.WEEKLY_LOAD, Rule.BUDGET}
    assert proposal.infeasible


def test_no_period_is_longer_than_the_law_allows():
    long = A("X", name="Arbetsträning", huvudman="AF", weeks={"min": 4, "typical": 30, "max": 52})
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52, "budget": None}
    assert placed(proposed(long, alone={"X": (0.2, 0, 0)}, limits=limits))["X"].weeks == 26


def test_rules_of_good_practice_can_be_switched_on():
    job = A("J", type="jobb", weeks={"min": 4, "typical": 4, "max": 4})
    alone = {"J": (0.4, 0, 0), "X": (0, 0.4, 0.4)}
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": None, "activities": 1}
    assert set(placed(proposed(job, A("X"), alone=alone, limits=limits))) == {"X"}
    early = replace(shipped(), job_within_weeks=4)
    assert set(placed(proposed(job, A("X"), alone=alone, limits=limits, practice=early))) == {"J"}


@pytest.mark.parametrize("seed", range(8))
def test_plain_models_agree_on_the_best_plan(seed: int):
    practice = replace(shipped(), every_weeks=((156, 13),))
    limits: dict[str, Any] = {"budget": 60_000} if seed % 3 == 0 else {}
    given = builders.a_realistic_problem(seed + 300, n_insatser=14, **limits)
    problem = compile(*given, practice)
    board = Board(problem)
    best = best_of(board, 60, Effort(deterministic=20.0, wall_seconds=60.0))
    assert best.proven
    assert relax(problem).bound >= board.worth(best.picked) - 1e-6
    plain = Plain(problem)
    highs, proven, _ = plain.by_highs(30.0)
    assert proven
    assert board.worth(best.picked) == pytest.approx(highs, abs=1e-3)
    if seed < 2:  # with its defaults it does not always prove so much in a few seconds
        cp_sat, proven, _ = plain.by_cp_sat(8.0)
        assert cp_sat is None or cp_sat <= board.worth(best.picked) + 1e-3
        assert not proven or cp_sat == pytest.approx(board.worth(best.picked), abs=1e-3)


def test_a_proof_counts_what_is_lost_beside_a_job_oriented_activity():
    case, catalogue, prospects = builders.a_realistic_problem(19, n_insatser=12)
    rng = np.random.default_rng(19)
    beside = {id: np.array([steps + rng.normal(-0.02, 0.04, steps.shape) * steps.any() for _ in range(4)])
              for id, steps in prospects.beside.items()}  # fmt: skip
    board = Board(compile(case, catalogue, replace(prospects, beside=beside)))
    best = best_of(board, 60, WORK.effort)
    highs, proven, _ = Plain(board.problem).by_highs(30.0)
    assert best.proven
    assert proven
    assert board.worth(best.picked) == pytest.approx(highs, abs=1e-3)


def test_the_shape_of_a_case_with_locks_and_ramps_survives_reading():
    raw = builders.a_case_in_json(locked=[lock("X", 0, 4)])
    raw["limits"] = raw["limits"] | {"hours_by_week": [{"from_week": 2, "hours_per_week": 10}], "activities": 4}
    case = cases.shape(raw, builders.an_instrument())
    assert (case.locked[0].insats_id, case.limits.activities, case.limits.hours_by_week[0].from_week) == ("X", 4, 2)


def most_beside(problem: Any, edges: Any, picked: Any) -> float:
    """Most weighted steps that the rows about days beside allow a plan to gain from them."""
    found = beside.count(problem, frozenset(problem.alive), edges)
    if not found.rows:
        return 0.0
    table, most = np.zeros((len(found.rows), len(found.most))), np.zeros(len(found.rows))
    for at, row in enumerate(found.rows):
        table[at, list(row.columns)] = row.sizes
        most[at] = row.given + row.days[np.isin(row.options, picked)].sum()
    solved = linprog(-(found.steps @ problem.weights), A_ub=table, b_ub=most, bounds=[(0, m) for m in found.most])
    return float(-solved.fun)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("locked", [False, True])
def test_no_plan_gains_more_beside_a_job_oriented_activity_than_the_bounds_allow(seed: int, locked: bool):
    case, catalogue, prospects = builders.a_realistic_problem(seed + 300, n_insatser=30)
    if locked:
        job = next(one for one in catalogue.insatser if one.type == "jobb")
        lock = cases.Locked(job.id, case.as_of + timedelta(weeks=9), case.as_of + timedelta(weeks=20), 6)
        case = replace(case, locked=(lock,))
    problem = compile(case, catalogue, prospects)
    board, plans = Board(problem), dict[Any, None]()
    improve(board, np.arange(len(problem.options)), rounds=10, seed=seed, seen=plans)
    gained = 0.0
    for picked in plans:
        which = np.array(picked, dtype=np.int64)
        steps = np.einsum("nq,nqj->nj", board.days_beside(picked, which), np.maximum(problem.options.extra[which], 0))
        true = float((steps @ problem.weights).sum())
        gained = max(gained, true)
        n_days = problem.weeks.n_days
        for edges in (beside.by_grid(problem), np.array([0, n_days // 3, n_days]), np.array([0, n_days])):
            assert most_beside(problem, edges, picked) >= true - 1e-6
    assert gained > 0


@pytest.mark.parametrize("seed", range(6))
def test_a_closer_relaxation_rules_out_no_better_plan(seed: int):
    case, catalogue, prospects = builders.a_realistic_problem(seed + 400, n_insatser=40)
    case = replace(case, wishes=replace(case.wishes, prefer=catalogue.ids[:10]))
    problem = compile(case, catalogue, prospects)
    board, plans, relaxation = Board(problem), dict[Any, None](), Relaxation(problem)
    improve(board, np.arange(len(problem.options)), rounds=30, seed=seed, seen=plans)
    first, worths = relaxation.relaxed, {picked: board.worth(picked) for picked in plans}
    least = float(np.median(list(worths.values())))
    for _ in range(3):
        relaxation.tighten(least)
    said = relaxation.relaxed
    assert said.fills
    assert np.count_nonzero(said.with_option > least) < np.count_nonzero(first.with_option > least)
    for picked, worth in worths.items():
        which, steps = list(picked), np.minimum(board.added(picked) * problem.weights, problem.room)
        assert worth <= min(said.bound, said.limit - said.cost[which].sum()) + 1e-6
        assert worth <= said.with_option[which].min() + 1e-6
        for fill in said.fills:
            assert steps[fill.j] <= fill.given + fill.size[which].sum() + 1e-6
        assert all(pack.size[which].sum() <= pack.most for pack in relaxation.packed().packs)


def test_mixes_at_any_prices_bound_what_fits_into_a_week():
    rng, hours = np.random.default_rng(5), np.array([1, 4, 7, 10])
    packing = Packing(0, np.array([-1, 0, 1, 2, 3]), mixes_of(tuple(hours.tolist()), 3, 12))
    fitting = [
        mix for n in range(4) for mix in combinations_with_replacement(range(4), n) if hours[list(mix)].sum() <= 12
    ]
    for _ in range(20):
        pack = packing.priced(rng.normal(0.5, 1.0, 4))
        assert pack is None or pack.size[0] == 0
        assert pack is None or max(pack.size[1:][list(mix)].sum() for mix in fitting) <= pack.most
    assert packing.priced(np.array([0.0, 1.0, 1.0, 2.0])).most == 15_000
    assert packing.priced(np.zeros(4)) is None


@pytest.mark.parametrize("locked", [False, True])
def test_rows_about_days_beside_hold_for_every_plan(locked: bool):
    case, catalogue, prospects = builders.a_realistic_problem(303, n_insatser=30)
    job = next(one for one in catalogue.insatser if one.type == "jobb")
    lock = cases.Locked(job.id, case.as_of + timedelta(weeks=9), case.as_of + timedelta(weeks=20), 6)
    problem = compile(replace(case, locked=(lock,) * locked), catalogue, prospects)
    board, plans, relaxation = Board(problem), dict[Any, None](), Relaxation(problem)
    improve(board, np.arange(len(problem.options)), rounds=10, seen=plans)
    options, counted = problem.options, relaxation.lacking.counted
    told, fewer = relaxation.lacking.broken_by(relaxation.relaxed.share, counted.most.astype(np.float64)), 0
    for picked in plans:
        which = np.array(picked, dtype=np.int64)
        days, beside_job = (options.end - options.start)[which], board.days_beside(picked, which).sum(axis=1)
        for lack in told:
            own = (options.owner[which] == counted.owner[lack.column]) & (
                options.hours[which] == counted.hours[lack.column]
            )
            assert beside_job[own].sum() <= lack.days[which].sum() + lack.given
            fewer += lack.days[which].sum() + lack.given < days[own].sum()
    assert fewer


@pytest.mark.parametrize("seed", [6001, 6015])
def test_a_proof_by_bounds_on_days_beside_finds_what_counting_every_day_finds(seed: int):
    problem = compile(*builders.a_realistic_problem(seed, n_insatser=45, eligible=0.4))
    board, effort = Board(problem), Effort(deterministic=20, wall_seconds=60)
    best = best_of(board, 60, effort)
    hopeful = best.hopes > board.worth(best.picked) - 1e-6
    exact = models.Model(replace(problem, options=problem.options.where(hopeful))).solve(effort)
    assert best.proven
    assert exact.complete
    assert exact.bound == pytest.approx(board.worth(best.picked), abs=1e-3)
