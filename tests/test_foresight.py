"""Plans are valued along their way, and the plan that is shown is the one that is worth most so."""

import itertools
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pytest
from builders import AS_OF, a_case, a_catalogue, an_insats

from pathway import casefile, features, foresight, instrument, planner, shipped
from pathway.episodes import DAYS_IN_QUARTER, Insatser
from pathway.foresight import Expectation, Foresight, search
from pathway.plan import Proof
from pathway.planner import Placement, Planned

BIP = instrument.read()


@dataclass(frozen=True)
class Room:
    """An outlook in which gains are in proportion to what is left to the top of the scale; nothing beside."""

    strength: np.ndarray  # (K, J) steps per quarter at the bottom of the scale
    now: np.ndarray
    gap: np.ndarray
    scale: tuple[float, float] = (1.0, 5.0)
    indicators: tuple[str, ...] = ("tro", "ork", "mal")

    @property
    def without(self):
        return self.now

    def gains(self, quarter, added):
        left = (5.0 - np.clip(self.now + added, 1.0, 5.0)) / 4
        alone = self.strength[None] * left[:, None]
        return alone, np.zeros_like(alone)


def room(case, catalogue, strength, gap=0.0, speakable=None):
    """Build the foresight of a case in which insatser, in the catalogue's order, have this strength on `tro`."""
    spread = np.array([[one, 0.0, 0.0] for one in strength])
    levels = case.levels()
    outlook = Room(spread, np.array([levels[id] for id in ("tro", "ork", "mal")]), np.full(3, gap))
    columns = {id: k for k, id in enumerate(catalogue.ids) if speakable is None or id in speakable}
    return Foresight(outlook, case, catalogue, Insatser.of(catalogue), columns)


def placed(insats_id, from_week, weeks, hours=5.0):
    start = AS_OF + timedelta(weeks=from_week)
    return Placement(insats_id, start, start + timedelta(weeks=weeks), hours)


def a_year(**given):
    return a_case(limits={"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52} | given)


def test_a_later_activity_is_valued_at_the_level_that_earlier_ones_led_to():
    catalogue = a_catalogue(an_insats("A"), an_insats("B"))
    (rolled,) = room(a_year(), catalogue, (2.0, 2.0)).roll([[placed("A", 0, 13), placed("B", 13, 13)]])
    first = 2.0 * (5 - 2) / 4
    np.testing.assert_allclose(rolled.gains[:, 0], [first, 2.0 * (5 - 2 - first) / 4])


def test_what_runs_in_the_same_quarter_starts_from_the_same_level():
    catalogue = a_catalogue(an_insats("A"), an_insats("B"))
    (rolled,) = room(a_year(), catalogue, (1.0, 1.0)).roll([[placed("A", 0, 13), placed("B", 0, 13)]])
    assert rolled.gains[0] == pytest.approx(rolled.gains[1])


def test_a_quarter_without_insats_is_spared_once_however_many_run():
    catalogue = a_catalogue(an_insats("A"), an_insats("B"))
    plan = [placed("A", 0, 13), placed("B", 0, 26)]
    (rolled,) = room(a_year(), catalogue, (0.0, 0.0), gap=0.1).roll([plan])
    np.testing.assert_allclose(rolled.gains[:, 0], [0.05, 0.15])


def test_time_in_which_something_runs_already_is_not_spared_again():
    catalogue = a_catalogue(an_insats("A"))
    running = [{"insats_id": "X", "started_on": "2026-01-05", "ended_on": None, "hours_per_week": 3}]
    case = a_case(limits={"horizon_weeks": 52}, participations=running)
    (rolled,) = room(case, catalogue, (0.0,), gap=0.1).roll([[placed("A", 0, 13)]])
    assert not rolled.gains.any()


def test_doses_are_those_of_the_planner():
    catalogue = a_catalogue(an_insats("A"), an_insats("J", type="jobb"))
    case = a_year()
    own = room(case, catalogue, (1.0, 1.0))
    plan = [placed("A", 3, 30, hours=7.5), placed("J", 20, 20)]
    replayed = planner.replay(plan, catalogue, own.prospects(own.roll([()])[0]), case.goal, _window(case)).placements
    amounts = own.amounts(plan)
    np.testing.assert_allclose(amounts.dose.sum(axis=1), [one.quarters for one in replayed])
    np.testing.assert_allclose(amounts.beside.sum(axis=1), [one.quarters_beside for one in replayed])


def _window(case):
    return case.as_of, case.as_of + timedelta(weeks=case.limits.horizon_weeks)


def test_the_planner_values_a_plan_along_its_own_way_as_it_is_rolled_forward():
    catalogue = a_catalogue(an_insats("A"), an_insats("B"))
    case = a_year()
    own = room(case, catalogue, (2.0, 1.0))
    plan = [placed("A", 0, 12), placed("B", 20, 12)]
    (rolled,) = own.roll([plan])
    replayed = planner.replay(plan, catalogue, own.prospects(rolled), case.goal, _window(case))
    np.testing.assert_allclose(replayed.gains, rolled.gains)


def test_the_plan_kept_is_worth_no_less_than_the_first_one_found():
    strengths = np.random.default_rng(3).uniform(0.3, 3.0, (2, 6))
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks={"min": 8, "typical": 20, "max": 40}) for k in range(6)))
    for strength in strengths:
        own = room(a_year(hours_per_week=10, parallel=2), catalogue, strength)
        once, often = own.propose(rounds=1), own.propose()
        assert often.plans[0].worth >= once.plans[0].worth - 1e-9
        assert often.plans[0].worth >= max(plan.worth for plan in often.plans) * (1 - search.NOTICED)


def test_what_is_shown_is_the_value_along_the_way():
    catalogue = a_catalogue(an_insats("A"), an_insats("B"))
    own = room(a_year(), catalogue, (3.0, 3.0))
    for plan in own.propose().plans:
        assert plan.objective == pytest.approx(np.clip(2 + plan.rolled.gains.sum(axis=0), 1, 5).sum() - 6)


def test_nothing_is_called_optimal_unless_it_is_proven_along_its_own_way(monkeypatch):
    catalogue = a_catalogue(*(an_insats(f"I{k}") for k in range(5)))
    own = room(a_year(), catalogue, (3.0, 2.5, 2.0, 1.5, 1.0))
    outcome = own.propose()
    assert outcome.stable
    assert outcome.proof(outcome.plans[0]).status == "optimal"
    monkeypatch.setattr(search, "SKETCHES", ())
    unsure = own.propose(rounds=1)
    assert unsure.proof(unsure.plans[0]).status == "feasible"


def test_an_insats_that_needs_more_than_is_gained_along_the_way_is_in_no_plan():
    plan = [placed("A", 0, 13), placed("B", 13, 13), placed("C", 26, 8)]
    catalogue = a_catalogue(
        an_insats("A", weeks={"min": 13, "typical": 13, "max": 13}),
        an_insats("B", weeks={"min": 13, "typical": 13, "max": 13}),
        an_insats("C", requires={"levels": {"tro": 4}, "insatser": []}),
    )
    own = room(a_year(), catalogue, (1.5, 1.5, 1.0))
    planned = Planned(1, 1.0, "optimal", 0.0, tuple(plan), np.zeros((3, 3)), np.zeros(3))
    (foreseen,) = own.value([planned])
    assert foreseen.rolled.gains[:2, 0].sum() < 2 < 2 * foreseen.rolled.gains[0, 0]
    assert foreseen.worth == -np.inf
    outcome = own.propose()
    assert all("C" not in {one.insats_id for one in found.planned.placements} for found in outcome.plans)
    assert "C" in {one.insats_id for one in outcome.proposal.not_chosen}


def test_caution_takes_off_worth_and_never_what_is_shown():
    catalogue = a_catalogue(an_insats("A"))
    own = room(a_year(), catalogue, (2.0,))
    planned = Planned(1, 1.0, "optimal", 0.0, (placed("A", 0, 13),), np.zeros((1, 3)), np.zeros(3))
    doubted = replace(own, doubts=(np.array([[0.3, 0, 0], [0, 0, 0]]), np.zeros((2, 3))))
    (sure,), (unsure,) = own.value([planned]), doubted.value([planned])
    assert unsure.objective == sure.objective
    assert unsure.worth == pytest.approx(sure.worth - 0.3)


def test_caution_takes_the_same_share_of_a_gain_when_levels_have_risen():
    catalogue = a_catalogue(an_insats("A"), an_insats("B"))
    own = room(a_year(), catalogue, (2.0, 2.0))
    doubted = replace(own, doubts=(np.array([[0.3, 0, 0], [0.3, 0, 0], [0, 0, 0]]), np.zeros((3, 3))))
    plan = (placed("A", 0, 13), placed("B", 13, 13))
    planned = Planned(1, 1.0, "optimal", 0.0, plan, np.zeros((2, 3)), np.zeros(3))
    (sure,), (unsure,) = own.value([planned]), doubted.value([planned])
    first, second = sure.rolled.gains[:, 0]
    assert second < first
    assert unsure.worth == pytest.approx(sure.worth - 0.3 * (1 + second / first))
    at_start, later = (own.prospects(sure.rolled).alone["B"] - doubted.prospects(sure.rolled).alone["B"])[:2, 0]
    assert (at_start, later) == (pytest.approx(0.3), pytest.approx(0.3 * second / first))


def test_the_gap_of_a_plan_is_told_by_the_same_gains_as_the_bound():
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks={"min": 13, "typical": 13, "max": 13}) for k in range(5)))
    doubts = np.zeros((6, 3))
    doubts[:5, 0] = 0.3
    case = a_year(parallel=1)
    own = replace(room(case, catalogue, (1.0, 0.9, 0.8, 0.7, 0.6), gap=0.1), doubts=(doubts, np.zeros((6, 3))))
    outcome = own.propose()
    bound = outcome.proposal.plans[0].objective
    other = min(outcome.plans, key=lambda plan: plan.planned.objective)
    assert other.planned.objective < bound < other.objective  # beside what is shown, any plan would seem to be the best
    proof = outcome.proof(other)
    assert (proof.status, proof.gap) == ("feasible", pytest.approx(bound / other.planned.objective - 1, abs=0.01))


def test_a_promoted_alternative_takes_its_place_among_the_reasons():
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks={"min": 8, "typical": 20, "max": 40}) for k in range(6)))
    own = room(a_year(hours_per_week=10, parallel=2), catalogue, (3.0, 2.9, 2.8, 1.0, 0.9, 0.8))
    outcome = own.propose()
    chosen = {one.insats_id for one in outcome.plans[0].planned.placements}
    assert sorted(one.insats_id for one in outcome.proposal.not_chosen) == sorted(set(catalogue.ids) - chosen)
    assert all(one.loss is None or one.loss >= -1e-9 for one in outcome.proposal.not_chosen)


def test_a_plan_in_hand_stays_first_where_the_solver_finds_none_worth_more_along_its_way(monkeypatch):
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks={"min": 8, "typical": 20, "max": 40}) for k in range(9)))
    own = room(a_year(hours_per_week=10, parallel=2), catalogue, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3, 0.3))
    usual = own.propose()
    (other,) = own.value([replace(usual.plans[1].planned, status="optimal", gap=0.9)])
    other = replace(other, worth=1.1 * usual.plans[0].worth)
    monkeypatch.setattr(search.Foresight, "_sketch", lambda self: other)
    outcome = own.propose()
    assert outcome.plans[0].planned.placements == other.planned.placements
    proof = outcome.proof(outcome.plans[0])
    assert proof.status == "feasible"
    found, kept = outcome.proposal.plans[0], outcome.plans[0].planned
    assert found.status == "optimal"
    assert 0 < proof.gap == pytest.approx(found.objective / kept.objective - 1, abs=0.01)  # no longer 0.9
    assert 1 < len(outcome.plans) <= 3
    assert all(planner.unlike(a.planned, b.planned) for a, b in itertools.combinations(outcome.plans, 2))
    chosen = {one.insats_id for one in other.planned.placements}
    assert sorted(one.insats_id for one in outcome.proposal.not_chosen) == sorted(set(catalogue.ids) - chosen)


def test_nothing_is_kept_out_by_what_the_plan_that_is_shown_does_not_hold(monkeypatch):
    lengths = {"min": 8, "typical": 20, "max": 40}
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks=lengths, group="g" if k in (0, 8) else None) for k in range(9)))
    own = room(a_year(hours_per_week=10, parallel=2), catalogue, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3, 0.3))
    usual = own.propose()
    in_the_way = {one.insats_id: one.fact.other for one in usual.proposal.not_chosen if one.code == "excluded"}
    assert in_the_way == {"I8": "I0"}
    first = usual.plans[0].planned
    left = tuple(one for one in first.placements if one.insats_id != "I0")
    (other,) = own.value([replace(first, placements=left)])
    monkeypatch.setattr(search.Foresight, "_sketch", lambda self: replace(other, worth=1.1 * usual.plans[0].worth))
    outcome = own.propose()
    assert outcome.plans[0].planned.placements == left
    reasons = {one.insats_id: one for one in outcome.proposal.not_chosen}
    assert (reasons["I8"].code, reasons["I8"].fact.rule) == ("less_gain", planner.Rule.BEST)
    assert reasons["I8"].loss is not None


def test_a_plan_in_hand_that_no_plan_is_worth_more_than_along_its_way_is_optimal(monkeypatch):
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks={"min": 8, "typical": 20, "max": 40}) for k in range(6)))
    own = room(a_year(hours_per_week=10, parallel=2), catalogue, (3.0, 3.0, 3.0, 3.0, 3.0, 3.0))
    usual = own.propose()  # comes to the end of the scale, as many plans do
    (other,) = own.value([replace(usual.plans[1].planned, status="feasible", gap=0.9)])
    monkeypatch.setattr(search.Foresight, "_sketch", lambda self: replace(other, worth=1.1 * usual.plans[0].worth))
    outcome = own.propose()
    assert outcome.plans[0].planned.placements == other.planned.placements
    assert outcome.proposal.plans[0].placements != other.planned.placements
    assert outcome.proof(outcome.plans[0]) == Proof("optimal", 0.0)


def drawn(seed, **limits):
    """Eight insatser of drawn strengths and lengths."""
    rng = np.random.default_rng(seed)
    lengths = [{"min": 8, "typical": int(rng.integers(10, 30)), "max": 40} for _ in range(8)]
    hours = {"min": 3, "typical": 6, "max": 10}
    catalogue = a_catalogue(*(an_insats(f"I{k}", weeks=weeks, hours_per_week=hours) for k, weeks in enumerate(lengths)))
    return room(a_year(**limits), catalogue, rng.uniform(0.2, 1.2, 8).round(2))


@pytest.mark.parametrize(
    ("seed", "hours", "looser"),
    [(13, 15, {"parallel": 3}), (37, 14, {"hours_per_week": 21}), (47, 15, {"hours_per_week": 16})],
)
def test_a_plan_for_a_like_case_is_gone_on_from_where_asking_afresh_finds_none_as_good(seed, hours, looser):
    limits = {"hours_per_week": hours, "parallel": 2}
    before = drawn(seed, **limits).propose().plans[0]
    again = drawn(seed, **limits | looser).propose(before=before.planned.placements).plans[0]
    assert again.worth >= before.worth * (1 - search.NOTICED)


def test_a_plan_for_a_like_case_changes_nothing_where_asking_afresh_finds_a_better_one():
    wide, narrow = drawn(6, hours_per_week=21, parallel=2), drawn(6, hours_per_week=14, parallel=2)
    afresh, tighter = wide.propose(), narrow.propose()
    assert afresh.plans[0].worth > tighter.plans[0].worth
    again = wide.propose(before=tighter.plans[0].planned.placements)
    assert again.plans[0].planned.placements == afresh.plans[0].planned.placements


# With a fitted model


@pytest.fixture(scope="module")
def client(shipped_model):
    _, case = next(casefile.read(shipped.cases(), BIP))
    x = features.of_case(case, shipped_model.insatser, BIP)
    return case, x, Expectation.of(shipped_model.gains, BIP, case, x, shipped_model.typical_levels)


def all_over(added):
    return np.full((1, len(BIP.ranking)), added)


def test_later_somebody_is_who_they_were_but_for_age_and_what_was_added(client):
    case, x, expected = client
    later = expected.features(3, all_over(0.2))
    assert later[[f"lifted_{id}" for id in BIP.ranking]].iloc[0].tolist() == pytest.approx([0.2] * len(BIP.ranking))
    assert later[x.columns.drop("age")].equals(x.drop(columns="age"))
    year = (case.as_of + timedelta(days=3 * DAYS_IN_QUARTER)).year
    assert later["age"].iloc[0] == year - case.profile.birth_year


def test_nothing_is_lifted_beyond_the_scale(client):
    *_, expected = client
    far = expected.features(2, all_over(9.0))[[f"lifted_{id}" for id in BIP.ranking]].to_numpy()
    np.testing.assert_allclose(expected.now + far[0], BIP.scale.max)


def test_what_a_plan_has_added_leaves_less_room_and_its_parts_still_add_up(client, shipped_model):
    *_, expected = client
    model = shipped_model.gains
    today, later = expected.features(1, all_over(0.0)), expected.features(1, all_over(0.5))
    k = int(np.argmax(model.predict_added(today)[0].sum(axis=1)))
    before, after = model.predict_added(today)[0, k], model.predict_added(later)[0, k]
    assert after.sum() < before.sum()
    base, parts = model.explain_parts(later, k)
    np.testing.assert_allclose(base + parts[0].sum(axis=0), after, atol=1e-9)


def test_what_was_never_measured_stays_unknown(shipped_model):
    raw = {"case_id": "x", "as_of": "2026-11-02", "measurements": [
        {"measured_on": "2026-10-20", "respondent": "klient", "indicator": "natverk", "value": 3}
    ]}  # fmt: skip
    case = casefile.cases.shape(raw, BIP)
    x = features.of_case(case, shipped_model.insatser, BIP)
    later = Expectation.of(shipped_model.gains, BIP, case, x, shipped_model.typical_levels).features(2, all_over(0.4))
    assert np.isnan(later["level_vardagsork"].iloc[0])
    assert np.isfinite(shipped_model.gains.predict_added(later)).all()


def test_caution_is_so_many_standard_deviations_of_an_activitys_worth(client, shipped_model):
    _, x, _ = client
    model, weights = shipped_model.gains, np.linspace(0, 2, len(BIP.ranking))
    k = next(k for k, id in enumerate(model.insatser_) if shipped_model.insatser.types.get(id) == "hälsa")
    alone, beside = foresight.doubts(model, x, {model.insatser_[k]: k}, weights, 1.5)
    for share, taken in ((0.0, alone[k]), (1.0, alone[k] + beside[k])):
        covariance = model.total(x, [foresight.outlook.Term(k, 1.0, share)])[1]
        assert weights @ taken == pytest.approx(1.5 * np.sqrt(weights @ covariance @ weights))
    assert foresight.doubts(model, x, {}, weights, 0.0) is None


def test_a_year_ends_on_the_last_day_of_the_horizon():
    catalogue = a_catalogue(an_insats("A"))
    own = room(a_year(horizon_weeks=30), catalogue, (1.0,))
    assert own.n_quarters == 3
    late = Placement("A", date(2026, 3, 2) + timedelta(weeks=26), date(2026, 3, 2) + timedelta(weeks=30), 5.0)
    np.testing.assert_allclose(own.amounts([late]).dose, [[0, 0, 4 / 13]])
