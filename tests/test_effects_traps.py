"""What makes insatser look better or worse than they are, planted in small worlds."""

import numpy as np
import pandas as pd

from pathway.effects import GainModel

N = 4000


def noise(rng, *shape):
    return rng.normal(0, 0.5, shape)


def test_a_change_that_had_already_happened_is_not_credited_to_what_then_began():
    rng = np.random.default_rng(1)
    first_half = noise(rng, N)  # how it goes until the middle of the interval
    begins = (rng.random(N) < 1 / (1 + np.exp(-3 * first_half))).astype(float)  # the job begins when it goes well
    runs = (rng.random(N) < 0.3) * (1 - begins)  # others have had it from the start
    Y = first_half + 0.2 * (runs + 0.5 * begins) + noise(rng, N)
    X = pd.DataFrame({"age": rng.normal(size=N)})
    A, late = (runs + 0.5 * begins)[:, None], (0.5 * begins)[:, None]
    told = GainModel(n_trees=5).fit(X, A, Y, late=late).predict_gain(X).mean()
    untold = GainModel(n_trees=5).fit(X, A, Y).predict_gain(X).mean()
    assert abs(told - 0.2) < 0.08
    assert untold > 0.35


def test_regression_to_the_mean_is_no_gain():
    rng = np.random.default_rng(2)
    level = rng.normal(size=N)
    rated, later = level + noise(rng, N), level + noise(rng, N)
    A = ((rated < -0.5) * (rng.random(N) < 0.8))[:, None].astype(float)  # for those rated low; does nothing
    X = pd.DataFrame({"level_0": rated, "other": rng.normal(size=N)})
    model = GainModel(n_trees=5).fit(X, A, later - rated)
    naive = (later - rated)[A[:, 0] > 0].mean() - (later - rated)[A[:, 0] == 0].mean()
    assert naive > 0.3
    _, interval = model.predict_average(X)
    assert interval[0, 0, 0] < 0.05
    assert abs(model.predict_gain(X).mean()) < 0.1


def test_a_harmful_insats_is_found_and_not_hidden():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"age": rng.normal(size=N)})
    A = (rng.random((N, 6)) < 0.2).astype(float)
    effects = np.array([0.3, 0.3, 0.3, 0.3, 0.3, -0.3])
    Y = (A @ effects)[:, None] + noise(rng, N, 3)
    mean, interval = GainModel(n_trees=5).fit(X, A, Y).predict_average(X)
    assert (mean[5] < -0.15).all()
    assert (interval[5, :, 1] < 0).all()


def test_part_time_and_broken_off_participation_count_for_what_they_were():
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"age": rng.normal(size=N)})
    A = (rng.random((N, 3)) < 0.4) * rng.choice([0.25, 0.5, 1.0], (N, 3))
    Y = 0.4 * A.sum(axis=1)[:, None] + noise(rng, N, 2)
    gain = GainModel(n_trees=5).fit(X, A, Y).predict_gain(X).mean(axis=0)
    counted_as_whole = GainModel(n_trees=5).fit(X, (A > 0).astype(float), Y).predict_gain(X).mean(axis=0)
    assert np.abs(gain - 0.4).max() < 0.1
    assert counted_as_whole.max() < 0.32


def test_who_gains_is_learned_from_all_outcomes_at_once():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(N, 4)), columns=list("abcd"))
    A = (rng.random((N, 8)) < 0.25).astype(float)
    full = 0.2 * rng.gamma(0.7, 1.0, (8, 6))
    factor = 1.0 + 0.6 * X["b"].to_numpy()
    Y = np.einsum("nk,kj,n->nj", A, full, factor) + noise(rng, N, 6)
    model = GainModel(n_trees=5).fit(X, A, Y)
    slopes = model.factors_.slopes
    assert np.abs(slopes[:, 1] - 0.6).mean() < 0.25
    assert np.abs(slopes[:, [0, 2, 3]]).mean() < 0.15
    expected = full[None] * factor[:, None, None]
    error = np.sqrt(np.mean((model.predict_added(X) - expected) ** 2))
    assert error < 0.7 * np.sqrt(np.mean((full[None] - expected) ** 2))  # nearer than knowing every mean exactly


def test_differences_that_no_feature_tells_widen_the_intervals():
    rng = np.random.default_rng(6)
    X = pd.DataFrame(rng.normal(size=(N, 2)), columns=list("ab"))
    A = (rng.random((N, 4)) < 0.4).astype(float)
    alike = 0.6 * A.sum(axis=1)[:, None] + noise(rng, N, 4)
    person = rng.choice([0.0, 2.0], (N, 4))
    unlike = 0.6 * (A * person).sum(axis=1)[:, None] + noise(rng, N, 4)
    seen = [GainModel(n_trees=5).fit(X, A, Y).factors_.unseen for Y in (alike, unlike)]
    assert seen[0] < 0.1
    assert seen[1] > 0.6
    interval = GainModel(n_trees=5).fit(X, A, unlike).predict_interval(X)[..., 0, :]
    gain = 0.6 * person
    assert ((interval[..., 0] <= gain) & (gain <= interval[..., 1])).mean() > 0.8


def test_outcomes_that_share_their_noise_do_not_count_as_many():
    rng = np.random.default_rng(7)
    X = pd.DataFrame({"a": rng.normal(size=N)})
    A = (rng.random((N, 3)) < 0.3).astype(float)
    times, own = rng.normal(size=(N, 1)), rng.normal(size=(N, 8))
    wide = []
    for shared in (0.0, 0.7):  # of the variance; every outcome has the same noise in both
        Y = 0.5 * (np.sqrt(shared) * times + np.sqrt(1 - shared) * own) + 0.4 * A[:, :1]
        drawn = GainModel(n_trees=5).fit(X, A, Y).draw_gains(X.iloc[:1], n_draws=500)
        wide.append(drawn[:, 0].sum(axis=1).std())
    assert wide[1] > 1.5 * wide[0]
