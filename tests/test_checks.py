"""Checks without truth, on worlds where it is known what they should say."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from pathway import casefile, checks, shipped, wording
from pathway.checks import Fold, Rows, kinds, nothing, robustness, shown
from pathway.checks.robustness import Measured
from pathway.effects import GainModel
from pathway.episodes import Episodes
from pathway.evaluation import Resampled
from pathway.suggestion import Desk
from tests.worlds import NOW

N, WAVES, K = 900, 3, 8
INDICATORS = ("a", "b", "c")
TYPES = ["jobb", "kompetens", "hälsa", "social"] * 2
FIRST_DAY = pd.Timestamp("2024-01-01")
FEWEST = 10


@dataclasses.dataclass(frozen=True)
class World:
    """Rows, the tables behind them, and what the insatser did to each indicator per dose."""

    rows: Rows
    participations: pd.DataFrame
    measurements: pd.DataFrame
    gain: np.ndarray

    def folds(self, rows=None):
        rows = rows or self.rows
        part_of = pd.factorize(rows.clients)[0] % 3
        parts = [(np.flatnonzero(part_of != part), np.flatnonzero(part_of == part)) for part in range(3)]
        model = GainModel(random_state=1)
        return [Fold(rows.at(train).refit(model), train, test) for train, test in parts]

    def fitted(self):
        return self.rows.refit(GainModel(random_state=1))

    def resampled(self):
        return Resampled.of(self.rows.clients, 0)


def a_world(effect=0.3, by_need=0.8, by_setback=0.0, hidden=0.0, hopeful=0.0, seed=0):
    """Let people live through quarters in which each insats starts with the quarter and ends with it.

    They are chosen by need, by how far the last measurement fell, and by a cause that nobody measures; need and that
    cause, alike in strength, hold people back or lift them. `hopeful` caseworkers rate those who had something higher.
    """
    rng = np.random.default_rng(seed)
    need, unknown = rng.normal(size=N), rng.normal(size=N)
    gain = effect * np.repeat([1.5, 0.5, 1.0, 1.0], 2).reshape(4, 2).T.reshape(K, 1) * np.ones(len(INDICATORS))
    own = rng.normal(2.8, 0.5, (N, len(INDICATORS)))
    level = own + rng.normal(0, 0.4, own.shape)
    last = level + rng.normal(0, 0.4, own.shape)
    before, hope, frames, doses, changes, runs, answers = last, 0.0, [], [], [], [], []
    for wave in range(WAVES):
        chance = 1 / (1 + np.exp(2.2 - by_need * need - by_setback * (before - last).mean(axis=1) - hidden * unknown))
        A = (rng.random((N, K)) < chance[:, None]) * rng.uniform(0.5, 1.0, (N, K))
        moved = 0.3 * (own - level) - 0.15 * by_need * need[:, None] + 0.15 * hidden * unknown[:, None]
        level = level + moved + A @ gain + rng.normal(0, 0.3, level.shape)
        now = level + rng.normal(0, 0.4, level.shape)
        frames.append(pd.DataFrame({"need": need, **{f"level_{j}": last[:, n] for n, j in enumerate(INDICATORS)}}))
        doses.append(A)
        changes.append(now - last)
        runs += [(person, wave, k) for person, k in zip(*np.nonzero(A), strict=True)]
        answers.append((last, last + hope))
        hope = hopeful * A.sum(axis=1, keepdims=True)
        before, last = last, now
    answers.append((last, last + hope))
    index = np.arange(N * WAVES)
    wave_of = index // N
    clients = [f"c{person:04d}" for person in index % N]
    spans = pd.DataFrame(
        {"client_id": clients, "started_on": day(wave_of), "ended_on": day(wave_of + 1), "quarters": 1.0}
    )
    table = pd.DataFrame(np.vstack(doses), columns=[f"I{k}" for k in range(K)])
    nothing_of = pd.DataFrame(0.0, index=table.index, columns=table.columns)
    episodes = Episodes(
        spans, table, nothing_of, nothing_of, pd.Series(0.0, index=table.index),
        pd.DataFrame(np.vstack(changes), columns=list(INDICATORS)),
    )  # fmt: skip
    rows = Rows(
        pd.concat(frames, ignore_index=True),
        episodes,
        np.ones(len(index)),
        pd.DataFrame({"type": TYPES, "group": None}),
    )
    participations = pd.DataFrame(
        [(f"c{p:04d}", f"I{k}", day(wave), day(wave + 1)) for p, wave, k in runs],
        columns=["client_id", "insats_id", "started_on", "ended_on"],
    )
    measurements = pd.DataFrame(
        [
            (f"c{person:04d}", day(wave), who, indicator, ratings[person, j])
            for wave, pair in enumerate(answers)
            for who, ratings in zip(("klient", "handläggare"), pair, strict=True)
            for person in range(N)
            for j, indicator in enumerate(INDICATORS)
        ],
        columns=["client_id", "measured_on", "respondent", "indicator", "value"],
    )
    return World(rows, participations, measurements, gain)


def day(wave):
    return FIRST_DAY + pd.to_timedelta(91 * wave, unit="D")


def holds(interval, value):
    return interval["low"] <= value <= interval["high"]


@pytest.fixture(scope="module")
def real():
    return a_world()


@pytest.fixture(scope="module")
def empty():
    return a_world(effect=0.0)


@pytest.fixture(scope="module")
def hidden():
    """Nothing works, but a cause that nobody measures, as strong as need is, leads to insatser and to progress."""
    return a_world(effect=0.0, hidden=0.8)


# -- what shows


def test_gains_that_are_there_show_for_clients_held_out(real):
    told = checks.show(real.rows, real.folds())
    loss = shown.r_loss(told, real.rows, real.resampled())
    assert loss[shown.NO_EFFECT]["all"]["low"] > 0.02
    assert loss[shown.NO_EFFECT]["by_insats"]["low"] > 0.02
    found = shown.calibration(told, real.resampled())
    assert holds(found["slope"], 1.0)
    assert set(found["of_parts"]) == set(TYPES)  # nothing ran beside anything
    for one in found["of_parts"].values():
        assert 0.7 < one["mean"] < 1.3


def test_a_type_told_too_large_is_found_out_by_its_name(real):
    own = real.rows.types == "social"
    changes = real.rows.episodes.changes + (real.rows.doses @ (real.gain * own[:, None]))
    folds = real.folds(with_changes(real.rows, changes))
    parts = shown.calibration(checks.show(real.rows, folds), real.resampled())["of_parts"]
    assert parts["social"]["high"] < 0.8
    assert holds(parts["jobb"], 1.0)


def test_more_shows_where_more_is_expected(real):
    tenths = shown.calibration(checks.show(real.rows, real.folds()), real.resampled())["tenths"]
    assert len(tenths) == 10
    assert (np.diff([tenth["expected"] for tenth in tenths]) > 0).all()
    assert tenths[0]["high"] < 0 < tenths[-1]["low"]


def test_gains_told_too_large_are_found_out(real):
    folds = real.folds(with_changes(real.rows, real.rows.episodes.changes + (real.rows.doses @ real.gain)))
    slope = shown.calibration(checks.show(real.rows, folds), real.resampled())["slope"]
    assert slope["high"] < 0.8


def with_changes(rows, changes):
    return dataclasses.replace(rows, episodes=dataclasses.replace(rows.episodes, changes=changes))


def test_where_nothing_works_nothing_shows(empty):
    told = checks.show(empty.rows, empty.folds())
    loss = shown.r_loss(told, empty.rows, empty.resampled())
    assert loss[shown.NO_EFFECT]["all"]["high"] < 0.004


# -- another method


def test_two_methods_agree_with_the_truth_for_each_type(real):
    found = compared(real)
    assert set(found) == set(TYPES)
    for kind, one in found.items():
        own = real.rows.types == kind
        had = real.rows.doses[:, own].sum(axis=1) > 0
        true = (real.rows.doses[had] @ (real.gain * own[:, None])).mean()
        assert one["doubly_robust"]["mean"] == pytest.approx(true, abs=0.06)
        assert one["model"]["mean"] == pytest.approx(true, abs=0.06)


def test_neither_method_finds_what_is_not_there(empty):
    for one in compared(empty).values():
        assert abs(one["doubly_robust"]["mean"]) < 0.05
        assert holds(one["model"], 0.0)


def compared(world):
    rows, model = world.rows, world.fitted()
    had = (rows.by_type(rows.doses) > 0).astype(float)
    measured = Measured.of(rows.X, model.encoding_, had, rows.episodes.changes.mean(axis=1).to_numpy()[:, None])
    return kinds.compare(rows, model, [(fold.train, fold.test) for fold in world.folds()], measured, 0)


def test_a_type_that_hardly_anybody_had_is_left_out(real):
    doses = real.rows.episodes.doses.copy()
    doses.loc[doses.index >= 40, ["I0", "I4"]] = 0.0
    rows = dataclasses.replace(real.rows, episodes=dataclasses.replace(real.rows.episodes, doses=doses))
    assert "jobb" not in compared(dataclasses.replace(real, rows=rows))


# -- where there can be nothing


def test_nothing_is_found_before_the_insatser_where_need_alone_decides(real):
    found = nothing.before(real.rows, real.fitted(), real.participations, FEWEST)
    assert holds(found["gain"], 0.0)
    assert found["real"]["gain"]["low"] > 0.1


def test_that_people_are_chosen_after_setbacks_is_found_before_the_insatser():
    world = a_world(effect=0.0, by_setback=3.0)
    found = nothing.before(world.rows, world.fitted(), world.participations, FEWEST)
    assert found["gain"]["high"] < 0


def test_what_still_runs_from_before_is_not_taken_for_new(real):
    """Everything began a day before its interval: then there is nothing new, and nothing to look for."""
    early = real.participations.assign(started_on=real.participations["started_on"] - pd.Timedelta(days=1))
    found = nothing.before(real.rows, real.fitted(), early, FEWEST)
    assert found == {"left_out": "0 clients had an insats that began after an earlier interval; at least 50 are needed"}


def test_both_ratings_moving_alike_is_no_finding(real):
    found = nothing.respondents(real.rows, real.fitted(), real.measurements, FEWEST)
    assert found["n_episodes"] == N * WAVES
    assert found["found"] <= 0.1


def test_a_caseworker_who_sees_what_the_client_does_not_is_found():
    world = a_world(hopeful=0.2)
    found = nothing.respondents(world.rows, world.fitted(), world.measurements, FEWEST)
    assert found["gain"]["high"] < 0
    assert found["found"] > 0.5


def test_one_respondent_is_left_out_with_the_reason(real):
    alone = real.measurements[real.measurements["respondent"] == "klient"]
    found = nothing.respondents(real.rows, real.fitted(), alone, FEWEST)
    assert found == {"left_out": "0 clients had an insats and both ratings at both ends; at least 50 are needed"}


def test_nothing_is_found_in_histories_of_others(real):
    found = nothing.shuffled(real.rows, real.fitted(), real.folds(), FEWEST, 0)
    assert found["found"] <= 0.1
    assert found["taken_away"]["high"] < 0.004


def test_whole_histories_are_swapped_and_nobody_keeps_their_own(real):
    marks = pd.factorize(real.rows.clients)[0]
    marked = dataclasses.replace(real.rows.episodes, doses=real.rows.episodes.doses.mul(0).add(marks, axis=0))
    swapped = nothing._swapped(dataclasses.replace(real.rows, episodes=marked), np.random.default_rng(0))
    givers = swapped.episodes.doses["I0"].groupby(marks).agg(set)
    assert (givers.map(len) == 1).all()
    assert sorted(giver for (giver,) in givers) == sorted(set(marks))
    assert all(own not in giver for own, giver in givers.items())


# -- unmeasured causes


def test_the_robustness_value_is_that_of_cinelli_and_hazlett():
    """Their example (Darfur, 2020): t 4.18 at 783 degrees of freedom gives 13.9 %, and 7.6 % at the 5 % level."""
    t, freedom = 4.18445, 783
    ratio = t / np.sqrt(freedom)
    near = ratio - 1.96301 / np.sqrt(freedom - 1)
    found = robustness.value({"mean": ratio, "low": near, "high": 2 * ratio - near}, 1.0)
    assert found["to_zero"] == pytest.approx(0.1388, abs=2e-4)
    assert found["to_doubt"] == pytest.approx(0.0763, abs=2e-4)


def test_an_interval_that_holds_zero_takes_no_cause_at_all():
    assert robustness.value({"mean": 0.1, "low": -0.1, "high": 0.3}, 1.0)["to_doubt"] == 0.0


def test_a_cause_so_many_times_as_strong_explains_exactly_the_effect():
    dose, change, stake, effect = 0.02, 0.05, 1.7, 0.2
    times = robustness._times(effect, stake, dose, change)
    assert stake * np.sqrt(times * change * times * dose / (1 - times * dose)) == pytest.approx(effect)


def test_a_hidden_cause_as_strong_as_a_measured_one_leaves_low_robustness(hidden):
    found = of_insatser(hidden)
    assert np.mean([one["gain"]["low"] > 0 for one in found.values()]) > 0.5  # it does pass for an effect
    assert np.median([one["times"]["need"] for one in found.values()]) < 1.2
    assert any(told("need", one) for one in found.values())


def test_effects_that_are_there_are_more_robust(real, hidden):
    strong, weak = (
        np.median([one["times"]["need"] for one in of_insatser(world).values()]) for world in (real, hidden)
    )
    assert strong > 1.5 * weak


def test_shares_are_those_that_leaving_a_feature_out_gives(real):
    rows, model = real.rows, real.fitted()
    change = rows.episodes.changes[["a"]].to_numpy()
    measured = Measured.of(rows.X, model.encoding_, rows.episodes.doses, change)
    columns, families = robustness._columns(rows.X, model.encoding_)
    others = np.column_stack([np.ones(len(rows)), rows.doses[:, 1:]])
    kept = columns[:, [family != "need" for family in families]]
    missed = [missed_by(np.column_stack([others, more]), rows.doses[:, 0]) for more in (columns, kept)]
    assert measured.of_amounts[0, measured.families.index("need")] == pytest.approx(
        1 - missed[0] / missed[1], abs=0.003
    )


def missed_by(design, target):
    """Give the squared error that least squares leaves."""
    return ((target - design @ np.linalg.lstsq(design, target, rcond=None)[0]) ** 2).sum()


def of_insatser(world):
    return robustness.of_insatser(world.fitted(), world.rows, world.rows.n_clients() >= FEWEST)


def told(feature, one):
    return feature in one["times"] and one["times"][feature] < 1


# -- where it is told


def test_every_training_tells_all_checks_as_plain_data_and_on_the_card(small_model):
    told = small_model.evaluation["checks"]
    assert json.loads(json.dumps(told)) == told
    card = "\n".join(checks.lines(told))
    for question in ("Do gains show?", "right size?", "another method agree?", "can be nothing?", "unmeasured cause"):
        assert question in card
    enough = {insats for insats, n in small_model.support.n_clients.items() if n >= small_model.support.fewest_clients}
    assert set(told["robustness"]) == enough


def test_what_is_left_out_is_said_on_the_card(small_model):
    left_out = {"left_out": "3 clients had an insats; at least 50 are needed"}
    told = small_model.evaluation["checks"] | {"before": left_out, "respondents": left_out, "kinds": {}}
    assert "left out, 3 clients had an insats" in "\n".join(checks.lines(told))


def test_a_suggestion_says_when_a_weak_unknown_cause_could_explain_it(small_model, small_catalogue):
    def notes(times):
        checked = small_model.evaluation["checks"]
        every = {
            insats: {**one, "times": {"months_without_work": times}} for insats, one in checked["robustness"].items()
        }
        evaluation = small_model.evaluation | {"checks": checked | {"robustness": every}}
        desk = Desk(dataclasses.replace(small_model, evaluation=evaluation), small_catalogue)
        known = casefile.read(shipped.cases(), small_model.instrument)
        one = next(one for _, case in known if (one := desk.suggest(case, NOW)).plans)
        return [note for note in one.notes if "en okänd orsak" in note], len(one.plans[0].activities)

    weak, n_activities = notes(0.46)
    assert len(weak) == n_activities
    assert weak[0].endswith(
        ": en okänd orsak, 0,5 gånger så stark som tiden utan arbete, kan förklara hela den väntade ökningen."
    )
    assert notes(1.3)[0] == []


def test_a_level_is_named_as_such_in_the_words(small_model):
    (note,) = wording.doubt_notes("Kursen", {"level_jobbsokning": 0.2}, small_model.instrument)
    assert "0,2 gånger så stark som nivån på" in note
