"""The gain model on other people's arrays: odd shapes, bad input, scikit-learn's conventions, one insats only."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from pathway.effects import GainModel
from pathway.effects.answers import NORMAL_90
from pathway.effects.layout import SYSTEMATIC
from pathway.effects.surfaces import Surface


def arrays(n=600, n_insatser=4, n_outcomes=2, seed=0):
    """Plain arrays: three features, doses, and outcomes that each insats moves by 0.3."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    A = (rng.random((n, n_insatser)) < 0.3) * rng.uniform(0.5, 1.0, (n, n_insatser))
    Y = X["a"].to_numpy()[:, None] + 0.3 * A.sum(axis=1)[:, None] + rng.normal(0, 0.5, (n, n_outcomes))
    return X, A, Y


def treated(n=400, seed=0):
    """One insats that people had or had not, with an effect that bends: 1 + the square of the first feature."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    had = (rng.random(n) < 1 / (1 + np.exp(-0.7 * X["b"]))).astype(float)
    effect = 1.0 + X["a"].to_numpy() ** 2
    return X, had, np.sin(2 * X["b"]).to_numpy() + had * effect + rng.normal(0, 0.3, n), effect


CHECKS = (
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_mixin_order,
)  # those for estimators that are fitted on X and y alone do not apply


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_conventions_of_scikit_learn(check):
    check("GainModel", GainModel())


def test_fitting_changes_neither_parameters_nor_input():
    X, A, Y = arrays()
    model, given = GainModel(n_trees=5), (X.copy(), A.copy(), Y.copy())
    before = model.get_params()
    assert model.fit(X, A, Y) is model
    assert model.get_params() == before == clone(model).get_params()
    assert model.n_features_in_ == 3
    for was, is_now in zip(given, (X, A, Y), strict=True):
        np.testing.assert_array_equal(np.asarray(was), np.asarray(is_now))


def test_gains_come_in_the_unit_of_the_outcome():
    X, A, Y = arrays()
    steps, grams = GainModel(n_trees=5).fit(X, A, Y), GainModel(n_trees=5).fit(X, A, Y * 1000.0)
    np.testing.assert_allclose(grams.predict_gain(X), 1000.0 * steps.predict_gain(X), rtol=1e-6)
    np.testing.assert_allclose(grams.predict_interval(X), 1000.0 * steps.predict_interval(X), rtol=1e-4)


def test_an_outcome_in_another_unit_does_not_disturb_the_others():
    X, A, Y = arrays()
    mixed = GainModel(n_trees=5).fit(X, A, Y * np.array([1.0, 1000.0])).predict_gain(X)
    np.testing.assert_allclose(
        mixed / np.array([1.0, 1000.0]), GainModel(n_trees=5).fit(X, A, Y).predict_gain(X), rtol=1e-6
    )


def test_constant_columns_and_unseen_categories_do_no_harm():
    X, A, Y = arrays()
    X = X.assign(same=1.0, never=np.nan, kind=pd.Categorical(np.where(X["b"] > 0, "x", "y")))
    model = GainModel(n_trees=5).fit(X, A, Y)
    other = X.assign(kind=pd.Categorical(["z"] * len(X)), same=7.0)
    assert np.isfinite(model.predict_gain(other)).all()
    assert np.isfinite(model.predict_without(other)).all()
    np.testing.assert_allclose(model.predict_gain(other), model.predict_gain(X))  # neither may change a gain


@pytest.mark.parametrize("names", [range(1000, 1600), [f"c{i}" for i in range(600)], [0] * 600, range(600)[::-1]])
def test_rows_go_by_place_whatever_they_are_called(names):
    X, A, Y = arrays()
    named = GainModel(n_trees=5).fit(X.set_axis(names), A, Y).predict_gain(X)
    np.testing.assert_array_equal(named, GainModel(n_trees=5).fit(X, A, Y).predict_gain(X))


def test_insatser_in_another_order_than_doses_go_by_their_names():
    X, A, Y = arrays()
    table = pd.DataFrame({"type": ["s", "jobb", "t", "t"]}, index=list("pqrs"))
    first, second = (
        GainModel(n_trees=5).fit(X, pd.DataFrame(A, columns=list("pqrs")), Y, insatser=given)
        for given in (table, table.iloc[::-1])
    )
    assert first.types_ == second.types_
    np.testing.assert_array_equal(first.predict_gain(X), second.predict_gain(X))


def test_insatser_go_by_place_where_doses_have_no_names():
    X, A, Y = arrays()
    table = pd.DataFrame({"type": ["s", "jobb", "t", "t"]})
    first, second = (
        GainModel(n_trees=5).fit(X, A, Y, insatser=given) for given in (table, table.set_axis([2, 0, 3, 1]))
    )
    np.testing.assert_array_equal(first.learned_.kinds.is_anchor, second.learned_.kinds.is_anchor)


def test_what_is_missing_may_be_na_as_well_as_nan():
    X, A, Y = arrays()
    changes = pd.DataFrame(Y, columns=["u", "v"]).mask(Y > 1)
    X = X.mask(X > 2)
    whole = GainModel(n_trees=5).fit(X.astype("Float64"), pd.DataFrame(A).astype("Float64"), changes.astype("Float64"))
    floats = GainModel(n_trees=5).fit(X, A, changes)
    np.testing.assert_allclose(whole.predict_gain(X), floats.predict_gain(X), rtol=1e-9)


def test_categories_that_are_numbers_are_the_same_whether_any_is_missing_or_none():
    X, A, Y = arrays()
    kind = pd.Series(np.where(X["b"] > 0, 1, 2))
    gappy = kind.where(X["c"] < 2).astype("category")  # pandas makes 1.0 and 2.0 of them
    model = GainModel(n_trees=20).fit(X.drop(columns="b").assign(kind=gappy), A, Y + 3.0 * (X[["b"]].to_numpy() > 0))
    whole = model.predict_without(X.assign(kind=kind.astype("category")))
    assert whole[kind == 1].mean() > whole[kind == 2].mean() + 1.0


def test_columns_may_have_any_name():
    X, A, Y = arrays()
    odd = X.set_axis(['income [kr], "net"', "a b", "a_b"], axis=1)
    plain, named = GainModel(n_trees=5).fit(X, A, Y), GainModel(n_trees=5).fit(odd, A, Y)
    np.testing.assert_array_equal(named.predict_without(odd), plain.predict_without(X))
    assert named.feature_names_in_.tolist() == odd.columns.tolist()


def test_a_model_that_is_not_fitted_says_so():
    for ask in (GainModel().predict_gain, GainModel().predict_without, GainModel().predict_interval):
        with pytest.raises(NotFittedError):
            ask(arrays()[0])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model, X: model.predict_interval(X, level=90), "level: must be between 0 and 1, not 90"),
        (lambda model, X: model.predict_average(X, level=1.0), "level: must be between 0 and 1, not 1"),
        (lambda model, X: model.explain(X, "SE-01"), "insats SE-01: the model was trained without it"),
        (lambda model, X: model.predict_gain(X.assign(a="19840101-0000")), "column a: must be numbers$"),
        (lambda model, X: model.predict_without(X.assign(a=np.inf)), "column a: infinite values"),
        (lambda model, X: model.predict_average(X[:0]), "X has no rows; there is nobody"),
        (lambda model, X: model.total(X[:0], []), "X has no rows; there is nobody"),
        (lambda model, X: model.draw_gains(X[:0]), "x has 0 rows, must have one"),
        (lambda model, X: model.draw_gains(X[:2]), "x has 2 rows, must have one"),
    ],
)
def test_questions_without_an_answer_are_refused_not_answered_with_nan(ask, message):
    X, A, Y = arrays()
    with pytest.raises(ValueError, match=message):
        ask(GainModel(n_trees=1).fit(X, A, Y), X)


def test_plain_arrays_of_another_width_are_refused():
    X, A, Y = arrays()
    model = GainModel(n_trees=1).fit(X.to_numpy(), A, Y)
    with pytest.raises(ValueError, match="X has 7 columns, the model was trained with 3"):
        model.predict_gain(np.hstack([A, X.to_numpy()]))


def test_an_insats_that_nobody_had_is_expected_to_do_what_its_type_and_group_do():
    X, A, Y = arrays(n=3000)
    A[:, 3] = 0.0
    Y = Y + 0.4 * A[:, [2]]
    table = pd.DataFrame({"type": ["t", "t", "t", "t"], "group": [None, None, "g", "g"]})
    model = GainModel(n_trees=5).fit(X, A, Y, insatser=table)
    gain, interval = (values.mean(axis=0) for values in (model.predict_gain(X), model.predict_interval(X)))
    assert gain[3].mean() > gain[:2].mean()
    assert gain[3].mean() < gain[2].mean()
    width = interval[..., 1] - interval[..., 0]
    assert (width[3] > width[0]).all()


def test_one_outcome_and_the_same_outcome_twice_agree():
    X, A, Y = arrays()
    one = GainModel(n_trees=5).fit(X, A, Y[:, 0]).predict_gain(X)
    twice = GainModel(n_trees=5).fit(X, A, Y[:, [0, 0]]).predict_gain(X)
    np.testing.assert_allclose(twice[..., 0], twice[..., 1])
    np.testing.assert_allclose(twice[..., :1], one, rtol=1e-6)


def test_rows_without_weight_do_not_count():
    X, A, Y = arrays(n=800)
    kept = np.arange(800) < 600
    spoiled = np.where(kept[:, None], Y, Y + 100.0 * A[:, :1])
    model = GainModel(n_trees=5).fit(X, A, spoiled, weights=kept.astype(float))
    assert np.abs(model.predict_gain(X).mean(axis=(0, 2)) - 0.3).max() < 0.2
    mostly_idle = np.arange(800) < 80
    few = GainModel(n_trees=5).fit(X, A, Y, weights=mostly_idle.astype(float))
    alone = GainModel(n_trees=5).fit(X[:80], A[:80], Y[:80])
    widths = [np.diff(model.predict_average(X)[1], axis=-1).mean() for model in (few, alone)]
    assert 0.8 < widths[0] / widths[1] < 1.25  # nor make anything surer
    assert GainModel(n_trees=5).fit(X, A, spoiled).predict_gain(X)[:, 0].mean() > 5


def test_the_same_person_under_two_ids_is_never_on_both_sides_of_a_fold():
    X, A, Y = arrays(n=200)
    groups = np.arange(200) // 2
    copied = (pd.concat([X, X], ignore_index=True), np.vstack([A, A]), np.vstack([Y, Y]))
    apart, same = np.concatenate([groups, groups + 1000]), np.concatenate([groups, groups])
    np.testing.assert_allclose(
        GainModel(n_trees=5).fit(*copied, groups=apart).predict_gain(X),
        GainModel(n_trees=5).fit(*copied, groups=same).predict_gain(X),
        rtol=1e-9,
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"A": np.zeros((600, 4))}, "A: nobody had any insats"),
        ({"A": np.tile([1.0, 0.0, 0.5, 0.0], (600, 1))}, "A: all rows have the same doses"),
        ({"Y": np.full((600, 2), 9.0)}, "outcome 0: a change is larger than 4, the width of the scale"),
        ({"groups": np.zeros(599)}, r"groups: has the shape \(599,\), must have \(600,\)"),
        ({"groups": pd.Series(["x", None, "z"] * 200)}, "groups, row 1: the client is missing"),
        ({"Y": np.full(600, "19840101-0000")}, "Y: must be numbers$"),
        ({"Y": np.zeros((600, 0))}, r"Y: has the shape \(600, 0\)"),
        ({"weights": -np.ones(600)}, "weights: must be finite and at least 0"),
        ({"weights": np.zeros(600)}, "weights: all are 0"),
        ({"late": np.full((600, 4), np.nan)}, "late: must be finite"),
        ({"beside": np.zeros((600, 3))}, r"beside: has the shape \(600, 3\), must have \(600, 4\)"),
        ({"insatser": pd.DataFrame({"type": ["t"]})}, "insatser has 1 rows, A has 4 columns"),
        ({"insatser": {"type": ["t"] * 4}}, "insatser: must be a pandas DataFrame"),
    ],
)
def test_bad_input_is_refused_with_place_and_rule(spoil, message):
    X, A, Y = arrays()
    given = {"A": A, "Y": np.clip(Y, -4, 4)} | spoil
    with pytest.raises(ValueError, match=message):
        GainModel(largest_change=4).fit(X, given.pop("A"), given.pop("Y"), **given)


@pytest.mark.parametrize(
    "wrong",
    [{"n_folds": 1}, {"n_folds": "five"}, {"n_trees": 0}, {"n_trees": 1.5}, {"largest_change": -1.0},
     {"largest_change": "4"}, {"modifiers": 3}, {"level_prefix": None}, {"random_state": -1}, {"random_state": None}],
)  # fmt: skip
def test_a_parameter_that_is_none_is_named(wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter of GainModel must be"):
        GainModel(**wrong).fit(*arrays())


def test_parameters_may_be_numbers_of_numpy():
    X, A, Y = arrays()
    numbers = {
        "n_folds": np.int64(3),
        "n_trees": np.int32(4),
        "largest_change": np.float32(9),
        "random_state": np.int64(1),
    }
    model = GainModel(**numbers, modifiers=X.columns[:1]).fit(X, A, Y)
    plain = json.loads(json.dumps(model.plain()))
    assert plain["parameters"] | numbers == plain["parameters"]
    assert plain["parameters"]["modifiers"] == ["a"]


def test_many_draws_have_the_mean_and_spread_that_are_said():
    X, A, Y = arrays()
    model = GainModel(n_trees=5).fit(X, A, Y)
    draws, row = model.draw_gains(X.iloc[:1], n_draws=4000, seed=3), X.iloc[:1]
    np.testing.assert_allclose(draws.mean(axis=0), model.predict_added(row)[0], atol=0.02)
    from pathway.effects.layout import Term

    _, covariance = model.total(row, [Term(2, 1.0)])
    np.testing.assert_allclose(np.cov(draws[:, 2].T), covariance, rtol=0.15, atol=2e-4)
    assert np.array_equal(draws, model.draw_gains(row, n_draws=4000, seed=3))


def test_the_mean_over_people_is_surer_than_a_single_person():
    X, A, Y = arrays()
    model = GainModel(n_trees=5).fit(X, A, Y)
    mean, interval = model.predict_average(X)
    np.testing.assert_allclose(mean, model.predict_gain(X).mean(axis=0))
    single = model.predict_interval(X)
    assert ((interval[..., 1] - interval[..., 0]) < (single[..., 1] - single[..., 0]).mean(axis=0)).all()


def test_no_number_of_people_makes_an_effect_surer_than_what_ratings_do_not_show():
    X, A, Y = arrays(n=12_000, n_outcomes=3)
    model = GainModel(n_trees=1).fit(X, A, Y)
    width = np.diff(model.predict_average(X.iloc[:50], added=True)[1], axis=-1)[..., 0]
    least = 2 * NORMAL_90 * SYSTEMATIC * model.units_
    assert (width > least).all()
    assert (width < 2 * least).all()  # and there is little else left


@pytest.mark.parametrize(("n_outcomes", "slopes"), [(2, 3), (3, 0)])
def test_additive_slopes_are_left_to_where_outcomes_are_too_few_to_tell_whom(n_outcomes, slopes):
    model = GainModel(n_trees=1).fit(*arrays(n_outcomes=n_outcomes))
    assert model.layout_.n_modifiers == slopes
    assert model.learned_.slopes().any() == bool(slopes)


def test_a_second_voice_hears_what_bends():
    X, had, Y, effect = treated()
    model = GainModel(n_trees=5).fit(X, had, Y)
    assert model.voices_[0].weight > 0.5
    error = np.sqrt(np.mean((model.predict_gain(X)[:, 0, 0] - effect) ** 2))
    assert error < 0.5 * effect.std()
    interval = model.predict_interval(X)[:, 0, 0]
    assert ((interval[:, 0] <= effect) & (effect <= interval[:, 1])).mean() > 0.8


def test_the_second_voice_is_explained_exactly():
    shap = pytest.importorskip("shap")
    X, had, Y, _ = treated(n=120)
    model = GainModel(n_trees=5).fit(X, had, Y)
    base, parts = model.explain_parts(X.iloc[:4], 0)
    np.testing.assert_allclose(base + parts.sum(axis=1), model.predict_added(X.iloc[:4])[:, 0], atol=1e-9)
    middle = pd.DataFrame([[model.encoding_.number(name).mean for name in X]], columns=X.columns)
    explainer = shap.explainers.Exact(
        lambda values: model.predict_added(pd.DataFrame(values, columns=X.columns))[:, 0, 0],
        shap.maskers.Independent(middle.to_numpy()),
    )
    np.testing.assert_allclose(parts[:, :, 0], explainer(X.iloc[:4].to_numpy()).values, atol=1e-6)


def test_shares_of_a_surface_are_those_of_all_orders_of_the_features():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 2))
    surface = Surface.fit(values, values[:, 0] * values[:, 1] + rng.normal(0, 0.1, 40))
    at = np.array([[1.0, -0.5]])

    def level(first, second):
        return surface.at(np.array([[first, second]]))[0][0]

    base, parts = surface.shares(at)
    first = (level(1.0, 0) - level(0, 0) + level(1.0, -0.5) - level(0, -0.5)) / 2
    np.testing.assert_allclose([base, parts[0, 0]], [level(0, 0), first], atol=1e-8)


def test_a_model_that_keeps_rows_is_not_written():
    X, had, Y, _ = treated(n=120)
    with pytest.raises(ValueError, match="keeps rows"):
        GainModel(n_trees=5).fit(X, had, Y).plain()


def test_many_insatser_are_never_judged_by_a_model_that_keeps_rows():
    X, A, Y = arrays()
    model = GainModel(n_trees=5).fit(X, (A > 0).astype(float), Y)
    assert model.voices_ == ()
    assert json.dumps(model.plain())
