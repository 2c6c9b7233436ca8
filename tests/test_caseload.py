"""The caseload: places are never given twice, what is told is true, and the order of people makes no difference."""

import itertools
import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from pathway import case as cases
from pathway import casefile, cli, instrument, shipped
from pathway.caseload import NONE, Even, Groups, Work, find, gather, one_more, planning, pricefile, report, share, waits
from pathway.caseload import expected as those_expected
from pathway.caseload import groups as groups_in
from pathway.caseload.expected import Expected, price
from pathway.caseload.periods import DAYS, EPOCH, Supply, first_day, period_of, touched
from pathway.caseload.prices import net
from pathway.errors import FaultyCase, Mismatch, UnreadableFile
from pathway.plan import plain
from pathway.suggestion import Desk
from tests import checker
from tests.builders import a_catalogue, an_insats
from tests.worlds import NOW

BIP = instrument.read()
QUICK = Work(rounds=80, effort=0.3)


def a_caseload(seed, n=6, kinds=5, plans=3, most=2):
    """Draw a small caseload."""
    rng = np.random.default_rng(seed)
    values = [rng.uniform(0.5, 5, rng.integers(0, plans + 1)).tolist() for _ in range(n)]
    takes = [
        [{int(k): int(rng.integers(1, 3)) for k in rng.choice(kinds, 2, replace=False)} for _ in own] for own in values
    ]
    return gather(values, takes, rng.integers(0, most + 1, kinds))


def by_brute_force(pools, least=None, group=None):
    """Best total over every choice that keeps within the places (and gives each group what it is to have)."""
    best = -1.0
    options = [[NONE, *range(pools.first[i], pools.first[i + 1])] for i in range(pools.n_clients)]
    for plans in itertools.product(*options):
        choice = np.array(plans)
        gains = pools.gains(choice)
        within = np.all(pools.taken(choice) <= pools.places)
        if within and (least is None or np.all(np.bincount(group, gains, len(least)) >= least - 1e-9)):
            best = max(best, gains.sum())
    return best


def a_larger_caseload(seed=3, n=400):
    """Draw a caseload that is too large to be solved at once."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.5, 5, (n, 8)).tolist()
    takes = [[{int(k): 1 for k in rng.choice(60, 3, replace=False)} for _ in range(8)] for _ in range(n)]
    return gather(values, takes, rng.integers(1, 10, 60))


@pytest.mark.parametrize("seed", range(40))
def test_a_small_caseload_is_shared_exactly_and_the_bound_holds(seed):
    pools = a_caseload(seed)
    shares = share(pools, work=QUICK)
    best = by_brute_force(pools)
    assert np.all(pools.taken(shares.choice) <= pools.places)
    assert shares.total == pytest.approx(best, abs=1e-4)
    assert shares.bound >= best - 1e-6
    assert shares.proven


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_prices_the_bound_holds(seed):
    pools, _ = a_caseload(seed).possible()
    best = by_brute_force(pools)
    for rounds in (1, 3, 30):
        assert find(pools, rounds).bound >= best - 1e-9


def test_every_client_gets_a_plan_of_their_own_pool():
    pools = a_larger_caseload()
    choice = share(pools, work=QUICK).choice
    has = np.flatnonzero(choice != NONE)
    np.testing.assert_array_equal(pools.owner[choice[has]], has)


def test_a_larger_caseload_stays_within_places_and_near_its_bound():
    pools = a_larger_caseload()
    shares = share(pools, work=Work(effort=1.0))
    assert np.all(pools.taken(shares.choice) <= pools.places)
    assert shares.gap < 0.03
    assert shares.total > 1.3 * pools.gains(first_come(pools)).sum()


def first_come(pools):
    """Give everybody in turn the best plan that still fits."""
    choice = np.full(pools.n_clients, NONE)
    for client in range(pools.n_clients):
        for plan in sorted(range(pools.first[client], pools.first[client + 1]), key=lambda p: -pools.value[p]):
            tried = choice.copy()
            tried[client] = plan
            if np.all(pools.taken(tried) <= pools.places):
                choice = tried
                break
    return choice


def test_the_same_caseload_is_shared_the_same_way():
    one, other = (share(a_larger_caseload(), work=QUICK) for _ in range(2))
    np.testing.assert_array_equal(one.choice, other.choice)
    np.testing.assert_array_equal(one.prices, other.prices)


@pytest.mark.parametrize("pools", [a_caseload(7, n=8), a_larger_caseload()], ids=["small", "larger"])
def test_the_order_of_the_input_does_not_change_who_gets_what(pools):
    order = np.random.default_rng(0).permutation(pools.n_clients)
    shuffled = pools.of(order, pools.places)
    gains = pools.gains(share(pools, work=QUICK).choice)
    np.testing.assert_allclose(shuffled.gains(share(shuffled, work=QUICK).choice), gains[order])


def test_a_place_that_nobody_lacks_costs_nothing():
    pools = gather([[1.0], [2.0]], [[{0: 1}], [{1: 1}]], np.array([5, 1]))
    shares = share(pools)
    assert shares.total == 3.0
    assert shares.prices.tolist() == [0.0, 0.0]


def test_a_client_without_plans_is_left_without_and_waits_for_nothing():
    pools = gather([[], [2.0]], [[], [{0: 1}]], np.array([1]))
    shares = share(pools)
    assert shares.choice.tolist() == [NONE, 0]
    assert waits(pools, shares.choice) == []


def test_nobody_at_all_can_be_shared_among():
    shares = share(gather([], [], np.array([1, 2])))
    assert (shares.total, shares.gap, shares.proven) == (0.0, 0.0, True)


def test_those_who_wait_and_what_one_more_place_brings_are_told():
    pools = gather([[3.0, 1.0], [2.5], [2.0]], [[{0: 1}, {}], [{0: 1}], [{0: 1}]], np.array([1]))
    shares = share(pools)
    assert shares.choice.tolist() == [1, 2, NONE]
    assert [(wait.client, wait.kinds, wait.steps) for wait in waits(pools, shares.choice)] == [
        (0, (0,), 2.0),
        (2, (0,), 2.0),
    ]
    assert one_more(pools, shares.choice).tolist() == [2.0]
    two_periods = gather([[3.0], [2.0]], [[{0: 1, 1: 1}], [{0: 1, 1: 1}]], np.array([1, 1]))
    chosen = share(two_periods).choice
    assert one_more(two_periods, chosen).tolist() == [0.0, 0.0]
    assert one_more(two_periods, chosen, np.array([0, 0])).tolist() == [2.0]
    roomier = gather([[3.0, 1.0], [2.5], [2.0]], [[{0: 1}, {}], [{0: 1}], [{0: 1}]], np.array([2]))
    assert share(roomier).total - shares.total == 2.0


# -- floors and even load


@pytest.mark.parametrize("seed", range(12))
def test_a_floor_is_kept_where_it_can_be_and_costs_no_more_than_it_must(seed):
    pools = a_caseload(seed, n=7, plans=2)
    group = np.arange(7) % 2
    groups = Groups.named([f"g{g}" for g in group])
    sizes = groups.sizes(pools)
    shares = share(pools, groups, floor=0.7, work=QUICK)
    least = 0.7 * shares.without_floor / max(sizes.sum(), 1) * sizes
    best = by_brute_force(pools, least, group)
    assert np.all(pools.taken(shares.choice) <= pools.places)
    if best >= 0:
        assert shares.floor_kept
        assert best - 1e-4 <= shares.total <= shares.bound + 1e-6
        assert shares.total <= best + 0.005 * max(best, 1)
    else:
        assert not shares.floor_kept


def test_a_floor_that_nobody_could_keep_is_told_as_not_kept():
    pools = gather([[4.0], [0.1]], [[{}], [{}]], np.array([1]))
    shares = share(pools, Groups.named(["a", "b"]), floor=0.9)
    assert not shares.floor_kept
    assert shares.total == pytest.approx(4.1)


def test_groups_come_from_the_profile_or_from_a_file(tmp_path):
    profiles = ({"gender": "kvinna"}, {"gender": None}, {})
    three = [a_raw_case(case_id=f"c{n}", profile=profile) for n, profile in enumerate(profiles)]
    groups = groups_in.read("gender").groups_of(three)
    assert [groups.names[g] for g in groups.of_client] == ["kvinna", "not known", "not known"]
    path = tmp_path / "groups.json"
    path.write_text(json.dumps({"c0": "north", "c1": "south"}))
    groups = groups_in.read(str(path)).groups_of(three)
    assert [groups.names[g] for g in groups.of_client] == ["north", "south", "not known"]
    path.write_text("[1]")
    with pytest.raises(UnreadableFile, match="case_id"):
        groups_in.read(str(path))


def test_a_floor_lifts_the_group_that_would_get_least():
    rng = np.random.default_rng(5)
    n = 600
    group = np.arange(n) % 3
    times = np.array([0.5, 1.0, 1.1])[group][:, None]
    values = (rng.gamma(2, 1, (n, 6)) * times).tolist()
    takes = [[{int(k): 1 for k in rng.choice(40, 2, replace=False)} for _ in range(6)] for _ in range(n)]
    pools = gather(values, takes, rng.integers(4, 14, 40))
    groups = Groups.named([f"group {g}" for g in group])
    free, fair = share(pools, groups, work=QUICK), share(pools, groups, floor=0.6, work=QUICK)
    assert free.reached[0] < 0.5 * fair.least[0]
    assert fair.floor_kept
    assert fair.reached.min() >= 0.995 * fair.least[0]
    assert 0 < fair.price_of_floor < 0.2
    assert fair.gap < 0.03
    assert fair.multipliers[0] > 0


def test_starts_are_spread_over_time_when_asked():
    rng = np.random.default_rng(2)
    n, periods = 120, 4
    values = rng.uniform(1, 2, (n, 5)).tolist()
    begins = [[{int(min(rng.geometric(0.6) - 1, periods - 1)): 1} for _ in range(5)] for _ in range(n)]
    pools = gather(values, [[{} for _ in own] for own in values], np.zeros(0, dtype=np.int64))
    starts = gather(values, begins, np.zeros(periods, dtype=np.int64)).uses
    plainly, spread = share(pools, work=QUICK), share(pools, even=Even(starts, 0.4), work=QUICK)

    def most(shares):
        return starts[shares.choice[shares.choice != NONE]].sum(axis=0).max()

    assert most(plainly) > 0.4 * n
    assert most(spread) <= spread.most_starts == np.ceil(0.4 * n)
    assert spread.total < plainly.total


# -- periods and prices


def test_periods_are_thirteen_weeks_from_a_monday_and_know_every_day_touched():
    assert EPOCH.weekday() == 0
    for number in (-3, 0, 11):
        start = first_day(number)
        assert (period_of(start), period_of(start - timedelta(days=1))) == (number, number - 1)
        assert list(touched(start, start + timedelta(days=DAYS))) == [number]
        assert list(touched(start, start + timedelta(days=DAYS + 1))) == [number, number + 1]


def a_raw_case(**given):
    raw = json.loads(shipped.cases().read_text(encoding="utf-8"))[0]
    return cases.shape(raw | given, BIP)


def test_who_runs_in_an_insats_already_has_a_place_in_it():
    catalogue = a_catalogue(an_insats("A", places=2), an_insats("B", places=None))
    running = {"insats_id": "A", "started_on": "2026-10-05", "ended_on": "2027-01-04", "hours_per_week": 8}
    case = a_raw_case(as_of="2026-11-02", participations=[running], limits={"horizon_weeks": 26})
    supply = Supply.of(catalogue, [case])
    taken = supply.running([case], catalogue)
    names = [supply.kind(int(at)) for at in np.flatnonzero(taken)]
    assert names == [("A", period) for period in touched(date(2026, 11, 2), date(2027, 1, 4))]
    assert supply.left(taken).tolist() == (2 - taken).tolist()
    assert supply.left(taken + 5).min() == 0


def test_prices_are_read_as_written_and_cost_what_a_quarter_covers(tmp_path):
    start = first_day(11)
    listed = (pricefile.Price("A", start, start + timedelta(days=DAYS), 2.0),)
    path = tmp_path / "prices.json"
    pricefile.write(pricefile.Prices("v1", listed), path)
    prices = pricefile.read(path, "v1")
    assert prices.listed == listed
    assert prices.per_quarter(start, 26) == {"A": [2.0, 0.0]}
    (half,) = prices.per_quarter(start - timedelta(days=45), 26, heaviest=2.0).values()
    assert half == pytest.approx([4.0 * 46 / DAYS, 4.0 * 45 / DAYS])
    with pytest.raises(Mismatch, match="another version"):
        pricefile.read(path, "v2")
    for spoiled in ({}, [], {"catalogue_version": "v1", "listed": [{"insats_id": "A"}]}):
        path.write_text(json.dumps(spoiled))
        with pytest.raises(UnreadableFile):
            pricefile.read(path, "v1")


def test_prices_tell_who_should_leave_a_place_to_others():
    pools = gather([[3.0, 2.0], [3.0]], [[{0: 1}, {}], [{0: 1}]], np.array([1]))
    prices = share(pools).prices
    chosen, _ = pools.best(net(pools, prices))
    assert 1.0 <= prices[0] <= 3.0
    assert chosen[0] == 1


# -- those who have not come yet


@pytest.mark.parametrize("n_earlier", [50, 400])
def test_a_price_lets_as_many_ask_as_there_are_places_for_of_those_expected(n_earlier):
    worth = np.linspace(0.0125, 5, n_earlier)
    sample = gather([[value] for value in worth.tolist()], [[{0: 1}]] * n_earlier, np.array([0]))
    (from_nothing,) = price(sample, np.array([40]), 200)
    assert from_nothing == pytest.approx(4.0, abs=0.15)  # 40 places for 200: the fifth to whom they are worth most
    (gone_on,) = price(sample, np.array([40]), 200, before=np.array([3.6]))
    assert abs(gone_on - 4.0) < 0.3
    assert price(sample, np.array([200]), 200) == pytest.approx([0.0], abs=0.05)
    assert price(sample, np.array([40]), 0) == [0.0]
    assert price(gather([], [], np.array([0])), np.array([40]), 200) == [0.0]


def test_earlier_cases_come_evenly_over_the_days_that_are_left_with_all_their_dates_moved_as_far():
    raw = json.loads(shipped.cases().read_text(encoding="utf-8"))
    earlier = [cases.shape(one, BIP) for one in raw[:2]] * 5
    fault = ("case 11", FaultyCase("case 11: as_of: missing"))
    expected = Expected((*((f"case {n}", one) for n, one in enumerate(earlier, 1)), fault), 30, date(2027, 3, 31))
    first = date(2027, 1, 1)
    moved = list(expected.moved(first))
    assert moved[-1] == fault
    came = [one for _, one in moved[:-1]]
    days = sorted((one.as_of - first).days for one in came)
    assert 0 <= days[0] < days[-1] <= 89
    assert max(np.diff(days)) <= 3 * 90 / 11
    for before, after in zip(earlier, came, strict=True):
        later = after.as_of - before.as_of
        assert after.levels() == before.levels()
        assert [one.measured_on - later for one in after.measurements] == [x.measured_on for x in before.measurements]
        dated = [(one.started_on, one.ended_on) for one in before.participations]
        assert dated == [(x.started_on - later, x.ended_on and x.ended_on - later) for x in after.participations]
        same = replace(after, as_of=before.as_of, measurements=(), participations=(), locked=())
        assert same == replace(before, measurements=(), participations=(), locked=())


def test_whom_to_expect_is_read_or_refused_in_one_line(tmp_path):
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps([*json.loads(shipped.cases().read_text(encoding="utf-8"))[:1], {}]))
    today = date(2026, 11, 2)
    read = those_expected.read(file, "40", "2027-12-31", BIP, today)
    (_, good), (_, bad) = read.cases
    assert isinstance(good, cases.Case)
    assert isinstance(bad, FaultyCase)
    assert (read.number, read.until) == (40, date(2027, 12, 31))
    passed = ("40", "2026-11-01", "2026-11-02 or later")
    for number, until, named in (
        ("-1", "2027-12-31", "whole number"),
        ("1000001", "2027-12-31", "to 1000000"),
        ("40", "soon", "a date"),
        passed,
    ):
        with pytest.raises(Mismatch, match=named):
            those_expected.read(file, number, until, BIP, today)


def test_prices_are_laid_out_again_by_kind_of_place_and_what_is_not_listed_costs_nothing():
    supply = Supply(("A", "B"), (2, 2), 11, 3)
    prices = np.array([0.0, 1.5, 0.0, 2.0, 0.0, 0.25])
    listed = pricefile.priced(supply, prices, "v1")
    np.testing.assert_array_equal(pricefile.laid_out(supply, listed), prices)
    later = Supply(("B", "C"), (2, 2), 12, 3)
    np.testing.assert_array_equal(pricefile.laid_out(later, listed), [0.0, 0.25, 0.0, 0.0, 0.0, 0.0])


# -- the whole way


@pytest.fixture(scope="module")
def scarce(small_catalogue):
    """The shipped catalogue with a single place in each insats."""
    raw = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
    for insats in raw["insatser"]:
        insats["places"] = 1
    return raw


@pytest.fixture(scope="module")
def asked():
    """Three cases that want the same, and one that cannot be planned for."""
    raw = json.loads(shipped.cases().read_text(encoding="utf-8"))[0]
    limits = {"hours_per_week": 12, "parallel": 1, "horizon_weeks": 16}
    wanted = [raw | {"case_id": f"fall-{n}", "limits": limits} for n in range(3)]
    return [wanted[0], wanted[1] | {"as_of": None}, wanted[1], wanted[2]]


@pytest.fixture(scope="module")
def planned(asked, scarce, shipped_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("caseload")
    (folder / "cases.json").write_text(json.dumps(asked))
    (folder / "catalogue.json").write_text(json.dumps(scarce))
    from pathway import catalogue

    desk = Desk(shipped_model, catalogue.read(folder / "catalogue.json"))
    read = casefile.read_each(folder / "cases.json", BIP)
    return planning.plan_all(desk, read, NOW, planning.Wanted(by="gender"), QUICK, n_plans=4)


def test_no_place_is_taken_by_two_on_any_day(planned, scarce):
    spans = [
        (one.insats_id, one.start_on, one.end_on)
        for suggestion in planned.suggestions
        for plan in suggestion.plans[:1]
        for one in plan.activities
    ]
    assert spans
    for (one, start, end), (other, begins, ends) in itertools.combinations(spans, 2):
        assert one != other or end <= begins or ends <= start


def test_every_suggestion_of_a_caseload_keeps_the_contract(planned, asked, scarce):
    for raw, suggestion in zip([asked[0], *asked[2:]], planned.suggestions, strict=True):
        assert checker.broken_rules(raw, scarce, plain(suggestion), BIP.ranking) == []


def test_places_changed_somebodys_plan_and_the_suggestion_says_so(planned):
    behind = {wait.client for wait in planned.waits}
    assert behind
    for number, suggestion in enumerate(planned.suggestions):
        told = any(
            "räcker platserna inte till alla" in note or "räcker inte till alla." in note for note in suggestion.notes
        )
        assert told == (number in behind)
        assert any("ställs inte i kö" in note for note in suggestion.notes) == bool(suggestion.plans)


def test_prices_are_of_what_is_left_for_those_expected_and_change_no_suggestion(planned, asked):
    one = cases.shape(asked[0], BIP)
    earlier = (("earlier case 1", one), ("earlier case 2", FaultyCase("earlier case 2: as_of: missing")))

    def published(number):
        expected = Expected(earlier, number, NOW.date() + timedelta(days=30))
        return planning.plan_all(planned.desk, [("case 1", one)], NOW, None, QUICK, 2, expected=expected)

    nobody, many = published(0), published(20)
    assert nobody.prices.listed == ()
    assert many.prices.listed
    assert many.suggestions == nobody.suggestions
    assert [fault.message for fault in many.faults] == ["earlier case 2: as_of: missing"]
    given = {activity.insats_id for activity in many.suggestions[0].plans[0].activities}
    assert given & {listed.insats_id for listed in many.prices.listed}


def test_a_faulty_case_is_named_and_the_rest_is_planned(planned):
    (fault,) = planned.faults
    assert (fault.place, "as_of" in fault.message) == ("case 2", True)
    assert [one.case_id for one in planned.suggestions] == ["fall-0", "fall-1", "fall-2"]


def test_the_report_names_places_and_waits_in_the_order_of_the_input(planned):
    told = report.plain(planned, NOW)
    assert json.loads(json.dumps(told)) == told
    order = [one["case_id"] for one in told["waiting"]]
    assert order == sorted(order)
    assert all(one["given"] + one["running"] <= one["places"] for one in told["places"])
    assert told["total"] <= told["bound"] + 1e-6 <= told["if_places_were_enough"] + 1e-5
    assert any(one["one_more"] > 0 for one in told["one_more_throughout"])
    assert told["not_planned"][0]["place"] == "case 2"
    assert any("not ordered" in line for line in report.lines(planned))
    assert all(place.price > 0 for place in planned.prices.listed)


def test_the_command_plans_the_rest_and_ends_with_two(tmp_path, asked, capsys):
    cases_file, out = tmp_path / "cases.json", tmp_path / "out.json"
    cases_file.write_text(json.dumps(asked[1:3]))
    arguments = ["caseload", "--cases", cases_file, "--out", out, "--prices-out", tmp_path / "prices.json"]
    assert cli.main([str(one) for one in arguments]) == 2
    said = capsys.readouterr()
    assert "case 1: as_of" in said.err
    assert "people are not ordered" in said.out
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 1
    assert json.loads((tmp_path / "out.caseload.json").read_text(encoding="utf-8"))["cases"] == 2
    assert json.loads((tmp_path / "prices.json").read_text(encoding="utf-8"))["catalogue_version"]


def test_prices_for_those_expected_are_not_written_where_no_earlier_case_can_be_planned_for(tmp_path, asked, capsys):
    cases_file, earlier, prices = (tmp_path / name for name in ("cases.json", "earlier.json", "prices.json"))
    cases_file.write_text(json.dumps(asked[2:3]))
    earlier.write_text("[{}]")
    out = tmp_path / "out.json"
    arguments = ["caseload", "--cases", cases_file, "--out", out, "--prices-out", prices]
    arguments += ["--expect", earlier, "40", str(date.today() + timedelta(days=90))]
    assert cli.main([str(one) for one in arguments]) == 2
    assert "no prices" in capsys.readouterr().err
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 1
    assert not prices.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--floor", "0.5"], "--by"),
        (["--floor", "1.5", "--by", "gender"], "--floor"),
        (["--by", "shoes"], "--by"),
        (["--even", "0"], "--even"),
        (["--expect", "e.json", "4", "2027-12-31"], "--prices-out"),
        (["--prices", "p.json"], "--expect"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path, capsys, arguments, message):
    cases_file = tmp_path / "cases.json"
    cases_file.write_text("[{}]")
    try:
        code = cli.main(["caseload", "--cases", str(cases_file), "--out", str(tmp_path / "o.json"), *arguments])
    except SystemExit as left:
        code = left.code
    said = capsys.readouterr().err
    assert code == 2
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "o.json").exists()
