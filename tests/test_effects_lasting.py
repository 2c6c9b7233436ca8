"""What insatser before an interval still give in it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pathway.effects import GainModel
from pathway.effects.lasting import NOTHING, Lasting, Seen, Shares, learn, with_earlier
from pathway.effects.learned import Learned
from pathway.effects.outcomes import joined
from pathway.episodes import Episodes

GAIN = 0.4


def followed(seed, lasts, n_people=900, n_intervals=4):
    """People rated time after time; an insats lifts the next rating, and every one after that if it `lasts`."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=(n_people, 1)) + np.zeros((n_people, 3))
    had, lifted, ratings = np.zeros(n_people), np.zeros(n_people), []
    ratings.append(person + rng.normal(0, 0.5, person.shape))
    rows = []
    for _ in range(n_intervals):
        had = np.where(rng.random(n_people) < 0.6, had, rng.random(n_people) < 0.4).astype(float)  # it often goes on
        lifted = GAIN * had + (lifted if lasts else 0.0)
        ratings.append(person + lifted[:, None] + rng.normal(0, 0.5, person.shape))
        X = pd.DataFrame(ratings[-2], columns=["level_0", "level_1", "level_2"])
        X["earlier"] = np.mean(ratings[:-1], axis=(0, 2))
        does_nothing = rng.random(n_people) < 0.3
        rows.append((X, np.column_stack([had, does_nothing]), ratings[-1] - ratings[-2]))
    X, A, Y = (list(part) for part in zip(*rows, strict=True))
    number = np.arange(n_people * n_intervals)
    return {
        "X": pd.concat(X, ignore_index=True),
        "A": np.vstack(A),
        "Y": np.vstack(Y),
        "groups": number % n_people,
        "follows": np.where(number < n_people, -1, number - n_people),
    }


def fitted(given, **changed):
    return GainModel(modifiers=[], anchor_type="none", n_trees=2).fit(**(given | changed))


def gain_of(model, given):
    return model.predict_gain(given["X"])[:, 0].mean()


def test_what_lasts_is_found_and_not_credited_to_what_runs_now():
    given = followed(1, lasts=True)
    told, untold = fitted(given), fitted(given, follows=None)
    assert told.lasting_.of_mean.before > 0.2
    assert told.lasting_.of_mean.long_before > 0.1
    assert untold.lasting_ == NOTHING
    off = [abs(gain_of(model, given) - GAIN) for model in (told, untold)]
    assert off[0] < 0.05 < off[1]


def test_where_nothing_lasts_nothing_is_found_to_last():
    given = followed(2, lasts=False)
    model = fitted(given)
    assert model.lasting_.of_mean.before < 0.05
    assert abs(gain_of(model, given) - GAIN) < 0.05


def test_where_no_effect_is_planted_looking_for_what_lasts_makes_none():
    for seed in (3, 4, 5):
        given = followed(seed, lasts=True)
        noise = np.random.default_rng(seed).normal(size=given["Y"].shape)
        assert abs(gain_of(fitted(given, Y=noise), given)) < 0.1


def test_rows_that_follow_on_none_are_as_if_nothing_were_known_of_before():
    given = followed(4, lasts=True, n_people=200)
    alone = fitted(given, follows=np.full(len(given["X"]), -1))
    assert alone.lasting_ == NOTHING
    np.testing.assert_allclose(
        alone.predict_gain(given["X"]), fitted(given, follows=None).predict_gain(given["X"]), rtol=1e-9
    )


def test_what_lasts_is_kept_on_file():
    model = fitted(followed(5, lasts=True, n_people=200))
    plain = model.plain()
    assert Learned.from_plain(plain, model.learned_.kinds, 0).lasting == model.lasting_
    assert model.lasting_.of_mean != model.lasting_.of_each


def test_earlier_amounts_are_those_of_the_row_before_and_the_sum_of_all_before_that():
    amounts = np.array([[1.0], [2.0], [4.0], [8.0], [16.0]])
    follows = np.array([-1, 0, 1, 2, -1])  # a chain of four, and one of its own
    own, before, long_before = with_earlier(amounts, follows)[:, :, 0]
    assert own.tolist() == [1, 2, 4, 8, 16]
    assert before.tolist() == [0, 1, 2, 4, 0]
    assert long_before.tolist() == [0, 0, 1, 3, 0]
    shuffled = np.array([3, 1, 0, 4, 2])
    place = np.argsort(shuffled)
    again = with_earlier(amounts[shuffled], np.where(follows < 0, -1, place[follows])[shuffled])
    assert again[1:, :, 0].tolist() == [before[shuffled].tolist(), long_before[shuffled].tolist()]


def test_shares_are_told_by_what_shows_of_earlier_steps_where_enough_shows():
    rng = np.random.default_rng(7)
    steps = rng.normal(size=(3, 300, 2))
    of_mean, of_each = (np.tensordot(shares, steps, axes=1) for shares in ([0.8, 0.4, -0.2], [0.9, 0.0, 0.27]))
    left = joined(np.stack([of_mean, of_each])) + rng.normal(0, 0.1, of_mean.shape)
    left[0, 1] = np.nan
    told = Seen(steps, left, noise=(0.01, 0.01), weights=np.ones(300))
    found = learn([told, told])
    assert found.of_mean == Shares(pytest.approx(0.5, abs=0.03), pytest.approx(-0.25, abs=0.03))
    assert found.of_each == Shares(pytest.approx(0.0, abs=0.03), pytest.approx(0.3, abs=0.03))
    unsure, nothing = learn([replace(told, noise=(1e6, 1e6))]), Shares(*[pytest.approx(0.0, abs=0.01)] * 2)
    assert unsure == Lasting(nothing, nothing)
    assert learn([]) == NOTHING


def test_steps_are_joined_from_the_mean_of_one_and_the_deviations_of_the_other():
    of_mean, of_each = np.random.default_rng(8).normal(size=(2, 5, 4, 3))
    together = joined(np.stack([of_mean, of_each]))
    np.testing.assert_allclose(together.mean(axis=-1), of_mean.mean(axis=-1))
    np.testing.assert_allclose(np.diff(together, axis=-1), np.diff(of_each, axis=-1))
    np.testing.assert_array_equal(joined(of_each[None]), of_each)


@pytest.mark.parametrize(
    ("follows", "says"),
    [
        (lambda right: right[:-1], "follows: must be 80 numbers of rows"),
        (lambda right: right.astype(float), "follows: must be 80 numbers of rows"),
        (lambda right: np.where(right < 0, -2, right), "follows: must be 80 numbers of rows"),
        (lambda right: np.where(right < 0, 80, right), "follows: must be 80 numbers of rows"),
        (lambda right: np.r_[-1, 0, right[2:]], "follows, row 1: is another client's"),
        (lambda right: np.r_[60, right[1:]], "follows, row 0: comes after itself"),
    ],
)
def test_a_chain_that_cannot_be_is_named(follows, says):
    given = followed(6, lasts=True, n_people=20)
    with pytest.raises(ValueError, match=says):
        fitted(given, follows=follows(given["follows"]))


def test_an_episode_follows_on_the_one_that_ended_where_it_starts():
    days = pd.to_datetime(["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"])
    spans = pd.DataFrame(
        {
            "client_id": ["a", "b", "a", "a"],
            "started_on": days[[1, 1, 0, 3]],
            "ended_on": days[[2, 2, 1, 3]] + pd.to_timedelta([0, 0, 0, 90], unit="D"),
            "quarters": 1.0,
        }
    )
    nothing = pd.DataFrame(index=spans.index)
    episodes = Episodes(spans, nothing, nothing, nothing, pd.Series(0.0, index=spans.index), nothing)
    assert episodes.follows().tolist() == [2, -1, -1, -1]
    assert episodes.at(np.array([0, 1])).follows().tolist() == [-1, -1]
