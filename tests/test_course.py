"""The course without insatser is rolled forward within the scale, and intervals hold what they say."""

import numpy as np
import pandas as pd
import pytest

from pathway import casefile, course, features, shipped
from pathway.course import Spread, measure_spread


@pytest.fixture(scope="module")
def X(small_model):
    cases = [case for _, case in casefile.read(shipped.cases(), small_model.instrument)]
    return pd.concat(
        [features.of_case(case, small_model.insatser, small_model.instrument) for case in cases], ignore_index=True
    )


def test_one_quarter_is_what_the_model_says(small_model, X):
    rolled = course.roll(small_model.gains, X, np.ones(len(X)), small_model.instrument)
    levels = X[[f"level_{id}" for id in small_model.instrument.ranking]].fillna(3).to_numpy()
    said = small_model.gains.predict_without(X)
    np.testing.assert_allclose(rolled, np.clip(levels + said, 1, 5) - levels)


def test_no_time_is_no_change_and_part_of_a_quarter_counts_in_proportion(small_model, X):
    assert not course.roll(small_model.gains, X, np.zeros(len(X)), small_model.instrument).any()
    half, whole = (course.roll(small_model.gains, X, np.full(len(X), q), small_model.instrument) for q in (0.5, 1.0))
    inside = np.abs(whole) > 0
    assert (np.abs(half)[inside] <= np.abs(whole)[inside] + 1e-12).all()


def test_however_far_levels_stay_within_the_scale(small_model, X):
    far = course.roll(small_model.gains, X, np.full(len(X), 12.0), small_model.instrument)
    levels = X[[f"level_{id}" for id in small_model.instrument.ranking]].fillna(3).to_numpy()
    assert (levels + far >= 1 - 1e-9).all()
    assert (levels + far <= 5 + 1e-9).all()


def test_the_pull_towards_the_mean_is_not_counted_anew_every_quarter(small_model, X):
    one, four = (course.roll(small_model.gains, X, np.full(len(X), q), small_model.instrument) for q in (1.0, 4.0))
    assert np.abs(four).mean() < 3 * np.abs(one).mean()


def test_a_spread_holds_nine_of_ten_of_what_it_was_measured_on():
    rng = np.random.default_rng(0)
    quarters = rng.integers(1, 4, 3000).astype(float)
    missed = rng.normal(0, 0.5, (3000, 2)) * np.sqrt(quarters)[:, None] * [1.0, 2.0]
    spread = measure_spread(pd.DataFrame(missed, columns=["a", "b"]), quarters)
    inside = [np.abs(row) <= spread.half_widths(q, ("a", "b")) for row, q in zip(missed, quarters, strict=True)]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.01)
    assert spread.growth[3] == pytest.approx(np.sqrt(3), rel=0.1)


def test_a_horizon_at_which_hardly_anything_was_measured_widens_nothing():
    rng = np.random.default_rng(0)
    missed = pd.DataFrame(rng.normal(0, 0.5, (130, 4)), columns=list("abcd"))
    missed.iloc[100:115] = np.nan
    missed.iloc[100, 0], missed.iloc[115:] = 9.0, np.nan
    spread = measure_spread(missed, np.repeat([1.0, 2.0, 3.0], [100, 15, 15]))
    assert spread.growth == {1: 1.0}
    assert np.isfinite(spread.half_widths(3, ("a", "b"))).all()


def test_intervals_never_narrow_further_ahead():
    spread = Spread({"a": 0.5}, {1: 1.0, 2: 1.2, 4: 1.5}, 1.6)
    widths = [spread.half_widths(q, ("a",))[0] for q in (0.2, 1, 2, 3, 4, 40)]
    assert widths == sorted(widths)
