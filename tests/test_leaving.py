"""What becomes of people after a measurement, the weights that make up for it, and what insatser add to leaving."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from history_builders import BIP, OFFERED, a_history, day, many

from pathway import episodes, leaving

END = ("last", 2000, "okänt")  # somebody of whom the register hears last


def traced(history):
    return leaving.trace(*history.all, OFFERED, BIP)


def became(history):
    """What became of each start: by client and day."""
    starts = traced(history)
    days = (starts.points["as_of"] - day(0)).dt.days
    return dict(zip(zip(starts.points["client_id"], days, strict=True), starts.became, strict=True))


def spans_of(history):
    return episodes.cut(history.measurements, history.participations, OFFERED, BIP).spans


def test_a_start_is_measured_again_left_or_lost():
    history = a_history(
        [("a", 0), ("a", 91), ("b", 0), ("c", 0), ("d", 0), ("d", 400)],
        became=[("b", 60, "studier"), ("c", 60, "arbetssökande"), ("a", 700, "arbete"), END],
    )
    assert became(history) == {
        ("a", 0): "measured", ("a", 91): "lost", ("b", 0): "left", ("c", 0): "lost",
        ("d", 0): "lost", ("d", 400): "lost",
    }  # fmt: skip


def test_work_and_a_later_measurement_is_measured_again():
    assert became(a_history([("a", 0), ("a", 91)], became=[("a", 40, "arbete"), END]))["a", 0] == "measured"


def test_a_start_whose_time_is_not_over_is_open_whatever_is_known():
    history = a_history(
        [("a", 0), ("a", 91), ("b", 0), ("b", 200)], became=[("a", 120, "arbete"), ("b", 400, "arbetssökande")]
    )
    assert became(history) == {("a", 0): "measured", ("a", 91): "open", ("b", 0): "measured", ("b", 200): "open"}


def test_a_measurement_followed_by_another_too_soon_is_no_start():
    assert set(became(a_history([("a", 0), ("a", 10), ("a", 91)], became=[END]))) == {("a", 10), ("a", 91)}


def test_work_noted_on_the_day_of_a_measurement_was_known_by_then():
    starts = traced(a_history([("a", 0), ("a", 91)], became=[("a", 91, "arbete"), END]))
    assert starts.working.tolist() == [False, True]
    assert starts.work_on.isna().tolist() == [False, True]


def test_work_that_ended_before_is_not_work_now():
    starts = traced(a_history([("a", 91)], became=[("a", 10, "arbete"), ("a", 50, "arbetssökande"), END]))
    assert not starts.working.any()


def test_doses_are_those_of_the_time_until_people_left():
    starts = traced(
        a_history(
            [("a", 0), ("b", 0)],
            had=[("a", "J", 0, 45, 10.0), ("b", "J", 0, 45, 5.0), ("b", "X", 0, None, 3.0)],
            became=[("a", 45, "arbete"), END],
        )
    )
    assert starts.doses["jobb"].tolist() == pytest.approx([1.0, 0.5 * 45 / 91])
    assert starts.early_doses["jobb"].tolist() == pytest.approx([1.0, 0.5])
    assert starts.doses[episodes.UNLISTED].tolist() == [0.0, 1.0]


def test_nothing_that_comes_after_a_start_is_among_its_features():
    early = a_history([("a", 0), ("a", 91)], became=[END])
    late = a_history(
        [("a", 0), ("a", 91), ("a", 300)], had=[("a", "J", 95, 200, 9.0)], became=[("a", 400, "arbete"), END]
    )
    pd.testing.assert_frame_equal(traced(early).X, traced(late).X.head(2))


@pytest.fixture(scope="module")
def opposite():
    """People with a job-oriented insats leave when levels are high, all others when they are low."""

    def again(level, insats):
        return 1 / (1 + np.exp(-(1.0 + 2.0 * (level - 2.8) * (-1 if insats == "J" else 1))))

    return many(1500, seed=3, again=again)


def test_weights_make_those_measured_again_like_all_who_started(opposite):
    starts, spans = traced(opposite), spans_of(opposite)
    weight = leaving.weights(starts, spans, seed=0)
    assert len(weight) == len(spans)
    assert weight.mean() == pytest.approx(1.0)
    assert weight.min() > 0
    level = starts.X["level_mean"].to_numpy()
    had_job = starts.doses["jobb"].to_numpy() > 0
    keyed = starts.points.assign(level=level, had_job=had_job)
    rows = spans.merge(keyed, left_on=["client_id", "started_on"], right_on=["client_id", "as_of"])
    for arm, own in rows.assign(weight=weight.to_numpy()).groupby("had_job"):
        all_of_them = level[had_job == arm].mean()
        seen = own["level"].mean() - all_of_them
        weighed = np.average(own["level"], weights=own["weight"]) - all_of_them
        assert abs(seen) > 0.1, "the world must be one where leaving distorts"
        assert np.sign(seen) == (-1 if arm else 1)
        assert abs(weighed) < 0.35 * abs(seen)


def test_weights_follow_the_order_of_the_episodes(opposite):
    starts, spans = traced(opposite), spans_of(opposite)
    turned = spans.iloc[::-1]
    ahead, back = (leaving.weights(starts, rows, seed=0).to_numpy() for rows in (spans, turned))
    np.testing.assert_allclose(ahead, back[::-1])


def test_where_leaving_is_chance_weights_are_all_alike():
    history = many(1200, seed=5, again=lambda level, insats: 0.7, n_waves=20)
    weight = leaving.weights(traced(history), spans_of(history), seed=0)
    assert weight.std() < 0.05


def test_too_few_who_left_give_weights_of_one():
    history = many(leaving.FEWEST - 1, seed=1)
    spans = spans_of(history)
    assert (leaving.weights(traced(history), spans, seed=0) == 1.0).all()
    assert len(spans) > leaving.FEWEST


def test_without_episodes_there_are_no_weights():
    history = a_history([("a", 0)], became=[END])
    assert leaving.weights(traced(history), spans_of(history), seed=0).empty


def test_an_insats_that_brings_people_to_work_is_found():
    history = many(2500, seed=7, work=lambda levels, insats: 0.20 if insats == "J" else 0.05)
    out = leaving.exits(traced(history), seed=0)
    assert out["n_left"] > 300
    assert set(out["added"]) == {"jobb", "hälsa"}
    job, health = out["added"]["jobb"], out["added"]["hälsa"]
    assert job["low"] > 0.05
    assert job["mean"] == pytest.approx(0.15, abs=0.04)
    assert health["low"] < 0 < health["high"]


def test_an_insats_that_ends_with_leaving_does_not_seem_to_hold_people_back():
    """Those who leave have had less of everything by then: nobody may be told that insatser keep people from work."""
    history = many(2500, seed=8, work=lambda levels, insats: 0.10)
    added = leaving.exits(traced(history), seed=0)["added"]
    assert set(added) == {"jobb", "hälsa"}
    for one in added.values():
        assert one["high"] > 0
        assert abs(one["mean"]) < 0.03


def test_those_in_work_already_cannot_leave_for_it():
    history = a_history([("a", 0), ("b", 0)], became=[("a", -10, "arbete"), ("b", 50, "arbete"), END])
    out = leaving.exits(traced(history), seed=0)
    assert (out["n_starts"], out["n_left"], out["added"]) == (1, 1, {})


def test_starts_too_late_to_tell_are_not_counted_as_staying():
    history = a_history([("a", 0), ("b", 380)], became=[("a", 50, "arbete"), ("b", 390, "arbetssökande")])
    assert leaving.exits(traced(history), seed=0)["n_starts"] == 1


def test_a_register_without_outcomes_still_gives_weights(opposite):
    silent = dataclasses.replace(opposite, outcomes=opposite.outcomes.iloc[:0])
    last = opposite.outcomes["observed_on"].max()
    measured = pd.concat([silent.measurements, silent.measurements.tail(1).assign(client_id="z", measured_on=last)])
    starts = traced(dataclasses.replace(silent, measurements=measured))
    assert (starts.became == "lost").sum() > 100
    assert leaving.weights(starts, spans_of(opposite), seed=0).std() > 0.05
    assert leaving.exits(starts, seed=0)["n_left"] == 0


def test_training_tells_what_becomes_of_people(small_model):
    told = small_model.evaluation["leaving"]
    assert told["became"]["measured"] > told["became"]["left"] > 0
    assert told["weights"]["low"] <= 1.0 <= told["weights"]["high"]
    text = "\n".join(leaving.lines(told))
    assert "followed by another" in text
    assert "Work or studies came 31 to 121 days after" in text
