"""Whom insatser help: which traits matter, which count in steps, and the room that a level leaves."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pathway.checks.rows import average
from pathway.effects import GainModel
from pathway.effects.answers import NORMAL_90
from pathway.effects.deciding import HARDLY, OF_INSATSER, OF_TYPES, Deciding
from pathway.effects.doubt import Doubt
from pathway.effects.layout import Term
from pathway.effects.shrinkage import Moments, evidence, solve
from pathway.effects.standing import Standing
from pathway.effects.steps import Steps

N, K, J = 3000, 10, 6


def drawn(seed, factor_of, noise=0.5):
    """People with four traits; effects differ by what `factor_of` makes of them, shape (n, K)."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(N, 4)), columns=list("abcd"))
    A = (rng.random((N, K)) < 0.3).astype(float)
    full = 0.35 * rng.gamma(0.7, 1.0, (K, J))
    steps = np.einsum("nk,kj->nj", A * factor_of(X.to_numpy(), rng), full)
    return X, A, steps + rng.normal(0, noise, (N, J))


def test_traits_that_matter_are_told_from_those_that_hardly_do():
    own = np.random.default_rng(0).normal(0, 0.35, K)
    factors = GainModel(n_trees=2).fit(*drawn(1, lambda x, rng: 1 + x[:, [2]] * own)).factors_
    size = np.abs(factors.slopes).mean(axis=0)
    assert size[2] > 5 * max(size[[0, 1, 3]])
    assert np.corrcoef(factors.slopes[:, 2], own)[0, 1] > 0.8


def test_where_nobody_differs_no_trait_matters():
    factors = GainModel(n_trees=2).fit(*drawn(2, lambda x, rng: np.ones((N, K)))).factors_
    assert np.abs(factors.slopes).max() < 0.05
    assert np.isnan(factors.steps.above).all()


def test_a_threshold_is_found_and_a_smooth_difference_left_as_it_is():
    side = np.sign(np.random.default_rng(0).normal(size=K))
    X, A, Y = drawn(3, lambda x, rng: 1 + 0.7 * side * np.where(x[:, [1]] > 0.1, 1, -1))
    by_step = GainModel(n_trees=2).fit(X, A, Y)
    assert np.isfinite(by_step.factors_.steps.above).tolist() == [False, True, False, False]
    assert by_step.factors_.steps.above[1] == pytest.approx(0.1, abs=0.2)
    chance, above = by_step.deciding_["b"]
    assert next(iter(by_step.deciding_)) == "b"
    assert (chance, above) == (pytest.approx(1.0, abs=0.01), pytest.approx(0.1, abs=0.2))
    low, lower = (by_step.predict_added(X.iloc[:1].assign(b=value)) for value in (-0.5, -2.5))
    np.testing.assert_allclose(low, lower)
    smooth = GainModel(n_trees=2).fit(*drawn(4, lambda x, rng: 1 + 0.4 * side * x[:, [1]]))
    assert np.isnan(smooth.factors_.steps.above).all()


def test_the_mean_over_people_has_each_of_them_on_their_own_side_of_a_step():
    side = np.sign(np.random.default_rng(0).normal(size=K))
    X, A, Y = drawn(3, lambda x, rng: 1 + 0.7 * side * np.where(x[:, [1]] > 0.1, 1, -1))
    model, people = GainModel(n_trees=1).fit(X, A, Y), X.iloc[:100]
    told = replace(model.learned_, factors=replace(model.factors_, unseen=0.0))  # draws have it in common for all
    model.learned_, model.doubt_ = told, Doubt(told)
    doses = np.tile(np.where(np.arange(K) < 4, 0.5, 0.0), (len(people), 1))
    each = np.array([model.draw_gains(people.iloc[[row]], 2000) for row in range(len(people))])
    drawn_mean = 0.5 * each[:, :, :4].sum(axis=2).mean(axis=0)  # (draws, J)
    mean, covariance = model.total(people, [Term(k, 0.5) for k in range(4)])
    np.testing.assert_allclose(mean, model.predict_mix(people, doses).mean(axis=0))
    np.testing.assert_allclose(np.diag(covariance), drawn_mean.var(axis=0), rtol=0.1)
    said = average(model, people, doses, np.zeros_like(doses))
    assert said["high"] - said["mean"] == pytest.approx(NORMAL_90 * drawn_mean.mean(axis=1).std(), rel=0.05)


def test_parts_add_up_where_traits_count_in_steps_and_levels_leave_room():
    X, A, Y = drawn(3, lambda x, rng: 1 + 0.7 * np.where(x[:, [1]] > 0.1, 1, -1))
    X = X.assign(level_0=2 + X["a"], level_1=3 - X["b"], level_mean=2.5)
    Y = pd.DataFrame(Y).add_prefix("").rename(columns=str)
    model = GainModel(modifiers=["a", "b", "level_mean"], n_trees=2).fit(X, A, Y)
    asked = X.iloc[:20].assign(lifted_0=0.5)
    for k in (0, 3):
        base, parts = model.explain_parts(asked, k)
        np.testing.assert_allclose(base + parts.sum(axis=1), model.predict_added(asked)[:, k], atol=1e-9)
    again = GainModel.from_plain(
        json.loads(json.dumps(model.plain())), [tree.model_to_string() for tree in model.without_]
    )
    np.testing.assert_array_equal(model.predict_added(asked), again.predict_added(asked))


def test_variances_are_judged_by_what_types_and_insatser_say_together():
    rng = np.random.default_rng(5)
    columns = np.array([0, 1, 0, 1])  # two types, two traits
    rest = np.zeros(4)

    def moments(coefficients, precision):
        gram = precision * np.tile(np.eye(coefficients.shape[1]), (len(coefficients), 1, 1))
        return Moments(gram, precision * coefficients, np.zeros(len(coefficients)), np.ones(len(coefficients)))

    weak = np.column_stack([rng.normal(0, 0.2, 40), rng.normal(0, 0.01, 40)])
    types = moments(np.array([[0.15, 0.0, -0.12, 0.0]]), 400.0)
    found = Deciding.start(2).settle(types, columns, rest, moments(weak, 60.0))
    assert found.chance[0] > 0.95
    assert found.chance[1] < 0.05
    assert OF_INSATSER[0] ** 2 < found.of_insatser[0] < OF_INSATSER[-1] ** 2
    assert OF_TYPES[0] ** 2 < found.of_types[0] < OF_TYPES[-1] ** 2
    assert found.of_insatser[1] == pytest.approx(HARDLY**2, rel=0.5)


def test_evidence_is_the_chance_of_the_data_under_these_variances():
    rng = np.random.default_rng(6)
    design, outcome, variances = rng.normal(size=(30, 3)), rng.normal(size=30), np.array([0.5, 0.1, 2.0])
    moments = Moments((design.T @ design)[None], (design.T @ outcome)[None], np.array([outcome @ outcome]), np.ones(1))
    covariance = np.eye(30) + design @ np.diag(variances) @ design.T
    direct = -0.5 * (np.linalg.slogdet(covariance)[1] + outcome @ np.linalg.solve(covariance, outcome))
    assert evidence(moments, variances) == pytest.approx(direct + 0.5 * outcome @ outcome)
    mean, _ = solve(moments, variances)
    np.testing.assert_allclose(mean[0], variances * (design.T @ np.linalg.solve(covariance, outcome)))


def test_ratings_that_are_partly_chance_do_not_hide_how_little_room_is_left():
    rng = np.random.default_rng(7)
    true = rng.normal(3, 0.7, (6000, J))
    rated, later = (true + rng.normal(0, 0.5, true.shape) for _ in range(2))
    A = (rng.random((6000, K)) < 0.3).astype(float)
    full = 0.35 * rng.gamma(0.7, 1.0, (K, J))
    Y = later - rated + (A @ full) * (1 - 0.4 * (true - 3))
    X = pd.DataFrame(rated, columns=[f"level_{j}" for j in range(J)])
    model = GainModel(modifiers=[], n_trees=2).fit(X, A, pd.DataFrame(Y, columns=[str(j) for j in range(J)]))
    lifted = {f"lifted_{j}": 1.0 for j in range(J)}
    rated_up = {f"level_{j}": X[f"level_{j}"] + 1.0 for j in range(J)}
    today, by_lift, by_rating = (
        model.predict_added(X.iloc[:500].assign(**changed)).sum() for changed in ({}, lifted, rated_up)
    )
    assert 1 - by_lift / today == pytest.approx(0.4, abs=0.1)
    assert 1 - by_rating / today < 0.75 * (1 - by_lift / today)


def test_where_ratings_are_nothing_but_chance_a_lift_is_no_leap():
    rng = np.random.default_rng(10)
    own, later = rng.normal(size=(500, 1)), rng.normal(3, 1, (500, 1))
    standing = Standing.learn(own, np.zeros((500, 0)), later, np.zeros(500), np.ones(500))
    assert standing.at(own * 0, np.zeros((500, 0)), np.ones((500, 1))).max() < 6
    constant = Standing.learn(own, np.zeros((500, 0)), np.full((500, 1), 3.0), np.zeros(500), np.ones(500))
    assert np.isfinite(constant.at(own, np.zeros((500, 0)), np.ones((500, 1)))).all()


def test_standing_leaves_an_outcome_without_a_level_alone():
    rng = np.random.default_rng(8)
    own = np.column_stack([rng.normal(size=200), np.zeros(200)])
    standing = Standing.learn(own, np.zeros((200, 0)), own + rng.normal(size=(200, 2)), np.zeros(200), np.ones(200))
    assert standing.slopes[1].tolist() == [0.0]
    assert standing.at(own, np.zeros((200, 0)), np.zeros((200, 2)))[:, 0].std() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("trained", "asked", "says"),
    [
        ({"level_0": pd.Categorical(["low", "high"] * 100)}, {}, "column level_0: is an outcome's level at the start"),
        ({"lifted_0": 0.0}, {}, "column lifted_0: says what was added since"),
        ({}, {"lifted_0": np.nan}, "column lifted_0: must be finite numbers"),
        ({}, {"lifted_0": np.inf}, "column lifted_0: must be finite numbers"),
        ({}, {"lifted_1": "much"}, "column lifted_1: must be finite numbers"),
    ],
)
def test_levels_and_lifts_that_cannot_be_are_named(trained, asked, says):
    rng = np.random.default_rng(9)
    X = pd.DataFrame({"level_0": rng.normal(3, 1, 200), "level_1": rng.normal(3, 1, 200)})
    A, Y = (rng.random((200, 2)) < 0.5).astype(float), pd.DataFrame(rng.normal(size=(200, 2)), columns=["0", "1"])
    with pytest.raises(ValueError, match=says):
        GainModel(n_trees=2).fit(X.assign(**trained), A, Y).predict_gain(X.assign(**asked))


def test_a_step_is_tried_only_where_both_sides_have_people():
    values = np.r_[np.zeros(95), np.ones(5)]
    assert Steps.none(1).tried(0, values) == []
    found = Steps.none(1).tried(0, np.arange(100.0))
    assert len(found) == 5
    stepped = found[2].on(np.arange(100.0)[:, None])
    assert stepped.mean() == pytest.approx(0.0)
    assert stepped.std() == pytest.approx(1.0)
