"""Whether explanations are true: whether they add up, name what moves the estimate, stay put, and name true modifiers.

    .venv/bin/python -m benchmarks.peers setup    # once, for EconML
    .venv/bin/python -m benchmarks.explanations
    .venv/bin/python -m benchmarks.explanations --parts adds-up faithful stable speed    # without a mock world

``adds-up``
    Largest miss of base and parts, and of base and groups, against every gain that the shipped cases are shown, and
    against the values that the ``shap`` library gives for the same gains.
``faithful``
    A named reason is removed by making its features unknown (the model then takes the mean). How far that moves the
    gain, as a share of how far all of them together move it: for the k groups named first, for k drawn at random, and
    for the k that matter most by LightGBM's gain importance in the course without insatser, the same for everybody.
``stable``
    One answer of each case's latest measurement is changed by one step, which is within what the same person answers
    from one day to another. How many of the three groups named first are the same, and how often all three are.
``truth``
    Mock worlds with known effects, learned from 1,500 clients each; people that the model has not seen; the insatser
    that most people had, each on the indicator that it is meant for. How often the reason named first, and the first
    three, are things that truly change the effect (age, time without work, health codes, and where the person stands
    now, by the indicator's own level or the average of all: four groups of eight), how often those are named with the
    right sign, and how their sizes go together with the true ones (rank correlation over people, insatser and true
    modifiers). Beside the product: SHAP on an S-learner (LightGBM) of the difference that the insats makes, the same
    of the level, as is commonly shown, and EconML's `shap_values`. All are given the same features. And how stable
    each one's reasons are: for the same people the client's answer on that indicator is changed by one step, with all
    that is worked out from it.
``speed``
    All reasons of a suggestion (3 plans of 6 activities, a year in quarters, 10 indicators) in a catalogue of 200
    insatser, against 1.5 times the model's own prediction of the same activities and LightGBM's TreeSHAP of as many
    rows. CPU milliseconds, one thread, least of some.
``answers``
    CPU seconds that each question about a suggestion takes on one shipped case, beside the suggestion itself.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from benchmarks import peers
from pathway import casefile, catalogue, explanation, features, modelfolder, questions, shipped, wording
from pathway.case import Case
from pathway.effects.layout import Term
from pathway.explanation import Amount
from pathway.questions.turning import AnswerChange, answers, with_answers
from pathway.suggestion import Desk
from pathway.wording import grouped

Floats = npt.NDArray[np.float64]
PARTS = ("adds-up", "faithful", "stable", "truth", "speed", "answers")
WORDS = wording.swedish()
TRUE_GROUPS = {"age": "age", "work": "months_without_work", "health": "health_codes"}  # and the indicator's own level
S_LEARNER = {
    "objective": "regression", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 20, "lambda_l2": 1.0,
    "num_threads": 1, "seed": 0, "deterministic": True, "verbosity": -1,
}  # fmt: skip
S_TREES = 200
N_INSATSER = 6
FEWER_HOURS = {"limits": {"hours_per_week": 10}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--clients", type=int, default=1500, help="in the mock world (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[61, 62], help="of the mock worlds (default: 61 62)")
    chosen = parser.parse_args()
    desk = Desk(modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue()))
    cases = [case for _, case in casefile.read(shipped.cases(), desk.model.instrument)]
    tables: dict[str, Callable[[], list[str]]] = {
        "adds-up": lambda: adds_up(desk, cases),
        "faithful": lambda: faithful(desk, cases),
        "stable": lambda: stable(desk, cases),
        "truth": lambda: truth(chosen.clients, chosen.seeds),
        "speed": speed,
        "answers": lambda: answered(desk, cases[3:4]),
    }
    with threadpool_limits(1):
        for part in chosen.parts:
            started = time.process_time()
            print(f"\n### {part}\n", *tables[part](), sep="\n", flush=True)
            print(f"\n{time.process_time() - started:.0f} CPU seconds")


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return lines + [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]


def _cell(cell: Any) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


# -- adds up


def adds_up(desk: Desk, cases: Sequence[Case]) -> list[str]:
    parts, groups, n = 0.0, 0.0, 0
    for case in cases:
        for plan in desk.suggest(case, datetime(2026, 11, 22, tzinfo=UTC)).plans:
            for activity in plan.activities:
                for indicator, gain in activity.gain.items():
                    own = activity.explanation[indicator]
                    together = sum(group.contribution for group in grouped(own, desk.model.instrument, WORDS))
                    parts = max(parts, abs(own.total - gain.mean))
                    groups = max(groups, abs(own.base + together - gain.mean))
                    n += 1
    rows = [["parts against the gain shown", n, f"{parts:.1e}"], ["groups against the gain shown", n, f"{groups:.1e}"]]
    rows.append(["parts against the model's prediction", *_against_model(desk, cases)])
    rows.append(["parts against the shap library", *_against_shap(desk, cases[0])])
    return table(("what", "numbers", "largest miss"), rows)


def _against_model(desk: Desk, cases: Sequence[Case]) -> tuple[int, str]:
    model, most, n = desk.model.gains, 0.0, 0
    for case in cases:
        x = features.of_case(case, desk.model.insatser, desk.model.instrument)
        told = model.predict_added(x)[0]
        for k in range(len(told)):
            base, parts = model.explain_parts(x, k)
            most, n = max(most, float(np.abs(base + parts[0].sum(axis=0) - told[k]).max())), n + told.shape[1]
    return n, f"{most:.1e}"


def _against_shap(desk: Desk, case: Case) -> tuple[int, str]:
    warnings.simplefilter("ignore")
    import shap

    model, x = desk.model.gains, features.of_case(case, desk.model.insatser, desk.model.instrument)
    names = [
        name for name in _movable(model) if not np.isnan(float(x[name].iloc[0])) and model.encoding_.number(name).sd
    ]
    mean = np.array([[model.encoding_.number(name).mean for name in names]])
    most, n = 0.0, 0
    for k in range(len(model.insatser_)):

        def gains(values: Floats, k: int = k) -> Floats:
            rows = x.iloc[np.zeros(len(values), dtype=int)].reset_index(drop=True)
            rows[names] = values
            told: Floats = model.predict_added(rows)[:, k]
            return told

        explainer = shap.explainers.Permutation(gains, mean)
        theirs = explainer(x[names].to_numpy(dtype=float), max_evals=2 * len(names) + 1, silent=True).values[0]
        ours = model.explain_parts(x, k)[1][0][[list(model.feature_names_in_).index(name) for name in names]]
        most, n = max(most, float(np.abs(theirs - ours).max())), n + theirs.size
    return n, f"{most:.1e}"


def _movable(model: Any) -> list[str]:
    """Name the features that may change a gain."""
    return [*model.encoding_.modifiers, *(f"{model.level_prefix}{outcome}" for outcome in model.outcomes_)]


# -- faithful


def faithful(desk: Desk, cases: Sequence[Case]) -> list[str]:
    model, rng = desk.model.gains, np.random.default_rng(0)
    names = _movable(model)
    group_of = np.array([WORDS.feature(name, desk.model.instrument).group for name in names])
    all_groups = sorted(set(group_of))
    gain_importance = _gain_importance(model, names)
    by_importance = sorted(all_groups, key=lambda group: -gain_importance[group_of == group].sum())
    ways: dict[str, dict[int, list[float]]] = {
        name: {k: [] for k in (1, 2, 3)} for name in ("named first", "at random", "LightGBM's gain importance")
    }
    for case in cases:
        x = features.of_case(case, desk.model.insatser, desk.model.instrument)
        parts = group_parts(model, x, names, group_of, all_groups)  # (G, K)
        whole = model.predict_added(x)[0].sum(axis=1)
        everything = np.abs(whole - _without(model, x, names))
        for number in np.flatnonzero(everything > 0.01):
            first = [all_groups[g] for g in np.argsort(-np.abs(parts[:, number]))]
            for k in (1, 2, 3):
                picks = {
                    "named first": [first[:k]],
                    "at random": [rng.choice(all_groups, k, replace=False) for _ in range(5)],
                    "LightGBM's gain importance": [by_importance[:k]],
                }
                for way, drawn in picks.items():
                    moved = [
                        abs(whole[number] - _cached_without(model, x, names, group_of, tuple(sorted(pick)))[number])
                        for pick in drawn
                    ]
                    ways[way][k].append(float(np.mean(moved)))
        _CACHE.clear()
    rows = [[way, *(float(np.mean(moved[k])) for k in (1, 2, 3))] for way, moved in ways.items()]
    n = len(ways["named first"][1])
    heads = (f"removed ({n} gains of {len(cases)} people)", "k = 1", "k = 2", "k = 3")
    return table(heads, [[way, *(f"{value:.2f} steps" for value in values)] for way, *values in rows])


_CACHE: dict[tuple[str, ...], Floats] = {}


def _cached_without(model: Any, x: pd.DataFrame, names: list[str], group_of: Any, pick: tuple[str, ...]) -> Floats:
    if pick not in _CACHE:
        removed = [name for name, group in zip(names, group_of, strict=True) if group in pick]
        _CACHE[pick] = _without(model, x, removed)
    return _CACHE[pick]


def _without(model: Any, x: pd.DataFrame, removed: Sequence[str]) -> Floats:
    """Give each insats's gain, summed over indicators, with some features unknown, shape (K,)."""
    told: Floats = model.predict_added(x.assign(**dict.fromkeys(removed, np.nan)))[0].sum(axis=1)
    return told


def group_parts(model: Any, x: pd.DataFrame, names: list[str], group_of: Any, groups: Sequence[str]) -> Floats:
    """Give what each group adds to each insats's gain, summed over indicators, shape (G, K)."""
    position = [list(model.feature_names_in_).index(name) for name in names]
    parts = np.array([model.explain_parts(x, k)[1][0].sum(axis=1)[position] for k in range(len(model.insatser_))]).T
    return np.array([parts[group_of == group].sum(axis=0) for group in groups])


def _gain_importance(model: Any, names: list[str]) -> Floats:
    total = sum(tree.feature_importance("gain") for tree in model.without_)
    told: Floats = np.array([total[list(model.feature_names_in_).index(name)] for name in names])
    return told


# -- stable


def stable(desk: Desk, cases: Sequence[Case]) -> list[str]:
    model = desk.model.gains
    names = _movable(model)
    group_of = np.array([WORDS.feature(name, desk.model.instrument).group for name in names])
    groups = sorted(set(group_of))
    shared, same = [], []
    for case in cases:
        first = _top(desk, case, names, group_of, groups)
        for one in answers(case):
            if one.indicator not in desk.model.instrument.ranking or one.value is None:
                continue
            then = one.value + (1 if one.value < 3 else -1)
            changed = with_answers(case, (AnswerChange(one.indicator, one.respondent, one.value, then),))
            for a, b in zip(first, _top(desk, changed, names, group_of, groups), strict=True):
                shared.append(len(a & b) / 3)
                same.append(a == b)
    heads = ("one answer changed by one step", "comparisons", "of three groups the same", "all three the same")
    return table(heads, [["the product", len(shared), f"{np.mean(shared):.0%}", f"{np.mean(same):.0%}"]])


def _top(desk: Desk, case: Case, names: list[str], group_of: Any, groups: Sequence[str]) -> list[frozenset[str]]:
    x = features.of_case(case, desk.model.insatser, desk.model.instrument)
    parts = np.abs(group_parts(desk.model.gains, x, names, group_of, groups))
    return [frozenset(groups[g] for g in np.argsort(-column)[:3]) for column in parts.T]


# -- truth


def truth(n_clients: int, seeds: Sequence[int]) -> list[str]:
    from benchmarks.mock_worlds import draw

    found: dict[str, list[tuple[Floats, Floats, list[str]]]] = {}
    kept: dict[str, list[Floats]] = {}
    for seed in seeds:
        _ask_all(draw("smooth", seed, n_clients, 300), found, kept)
    n_pairs = sum(len(parts) for parts, _, _ in found["the product"])
    heads = (
        f"reasons of {n_pairs} gains, {len(seeds)} worlds",
        "first is a true modifier", "of first three", "right sign when true", "size with true size",
    )  # fmt: skip
    rows = [["drawn at random", "50%", "50%", "50%", "0.00"]]
    true = table(heads, [*rows, *([method, *_judge(told)] for method, told in found.items())])
    heads = (f"one answer changed by one step, {n_pairs} gains", "of three groups the same", "all three the same")
    steady = {method: np.concatenate(shared) for method, shared in kept.items()}
    shares = [[method, f"{one.mean():.0%}", f"{(one == 1).mean():.0%}"] for method, one in steady.items()]
    return [*true, "", *table(heads, shares)]


def _ask_all(
    world: Any, found: dict[str, list[tuple[Floats, Floats, list[str]]]], kept: dict[str, list[Floats]]
) -> None:
    """Ask every method for the reasons of the insatser that most people had, on the indicator each is meant for.

    Each person is asked about twice: as measured, and with one answer of the indicator changed by one step.
    """
    doses = world.doses(world.train)
    common = np.argsort(-world.n_clients)[:N_INSATSER]
    for k in common:
        j = int(world.truth.effects.main_target[k])
        names = [*world.model.encoding_.modifiers, f"level_{world.truth.indicators[j]}"]
        group_of = [_group(name) for name in names]
        true, as_measured = _true_parts(world, int(k), j), world.asked()
        asked = pd.concat([as_measured, _one_answer_changed(as_measured, world.truth.indicators, j)], ignore_index=True)
        told = {
            "the product": _ours(world, asked, int(k), j, names),
            "SHAP of an S-learner, the difference": _s_learner(world, asked, int(k), j, names, doses, True),
            "SHAP of an S-learner, the level": _s_learner(world, asked, int(k), j, names, doses, False),
            **{f"EconML {learner}": _econml(world, asked, int(k), j, names, doses, learner)
               for learner in ("LinearDML", "CausalForestDML")},
        }  # fmt: skip
        for method, parts in told.items():
            groups = sorted(set(group_of))
            together = np.array([parts[:, np.array(group_of) == group].sum(axis=1) for group in groups]).T
            before, after = np.split(together, 2)
            found.setdefault(method, []).append((before, true, groups))
            kept.setdefault(method, []).append(_shared(before, after))


def _one_answer_changed(x: pd.DataFrame, indicators: Sequence[str], j: int) -> pd.DataFrame:
    """Change the client's answer on an indicator by one step towards the middle, and all features that it is in."""
    level = f"level_{indicators[j]}"
    step = np.where(x[level] < 3, 1.0, -1.0)  # the other of the two answers stays
    by = {level: 0.5, "level_mean": 0.5 / len(indicators), "trend": 0.5 / len(indicators)}
    by["respondent_gap"] = 1.0 / len(indicators)
    return x.assign(**{name: x[name] + share * step for name, share in by.items() if name in x})


def _shared(before: Floats, after: Floats) -> Floats:
    """Give the share of the three weightiest groups that stay the three weightiest, by row."""
    first, then = (np.argsort(-np.abs(parts), axis=1)[:, :3] for parts in (before, after))
    shared: Floats = (first[:, :, None] == then[:, None, :]).any(axis=2).mean(axis=1)
    return shared


def _group(name: str) -> str:
    from pathway import instrument

    group = WORDS.feature(name, instrument.read()).group
    return "level" if group.startswith("rating_") or name == "level_mean" else group


def _true_parts(world: Any, k: int, j: int) -> Floats:
    """Give how much each true modifier changes the effect of an insats, against its centre: shape (m, 4)."""
    from pathway.mock.effects import CENTRES

    ids, dates = world.at(world.test)
    traits = world.truth.traits.loc[ids].to_numpy(dtype=float)
    setpoints = world.truth.at(world.truth.setpoints, ids, dates)
    whole = world.truth.gains_at(traits, setpoints).alone[:, k, j]
    columns = []
    for place in range(3):
        middle = traits.copy()
        middle[:, place] = CENTRES[place]
        columns.append(whole - world.truth.gains_at(middle, setpoints).alone[:, k, j])
    middle = setpoints.copy()
    middle[:, j] = setpoints[:, j].mean()
    columns.append(whole - world.truth.gains_at(traits, middle).alone[:, k, j])
    return np.column_stack(columns)


def _judge(kept: list[tuple[Floats, Floats, list[str]]]) -> list[str]:
    first, three, sign, ours, theirs = [], [], [], [], []
    for parts, true, groups in kept:
        place = {group: n for n, group in enumerate([*TRUE_GROUPS, "level"])}
        order = np.argsort(-np.abs(parts), axis=1)
        named = np.array(groups, dtype=object)[order]
        is_true = np.isin(named, list(place))
        first.append(is_true[:, 0])
        three.append(is_true[:, :3])
        for row, (order_row, named_row) in enumerate(zip(order, named, strict=True)):
            for g, name in zip(order_row[:3], named_row[:3], strict=True):
                if name in place and abs(true[row, place[name]]) > 1e-3:
                    sign.append(np.sign(parts[row, g]) == np.sign(true[row, place[name]]))
        for group, n in place.items():
            ours.append(np.abs(parts[:, groups.index(group)]))
            theirs.append(np.abs(true[:, n]))
    correlation = spearmanr(np.concatenate(ours), np.concatenate(theirs)).statistic
    shares = [np.concatenate(first).mean(), np.concatenate([one.ravel() for one in three]).mean(), np.mean(sign)]
    return [*(f"{share:.0%}" for share in shares), f"{correlation:.2f}"]


def _ours(world: Any, asked: pd.DataFrame, k: int, j: int, names: list[str]) -> Floats:
    position = [list(world.model.feature_names_in_).index(name) for name in names]
    parts: Floats = world.model.explain_parts(asked, k)[1][:, position, j]
    return parts


def _s_learner(
    world: Any, rows: pd.DataFrame, k: int, j: int, names: list[str], doses: Floats, difference: bool
) -> Floats:
    import lightgbm

    y = world.changes(world.train)[:, j]
    known = ~np.isnan(y)
    seen = np.column_stack([doses, world.X(world.train)[names].to_numpy(dtype=float)])
    model = lightgbm.train(S_LEARNER, lightgbm.Dataset(seen[known], y[known]), S_TREES)
    asked = rows[names].to_numpy(dtype=float)
    without = np.column_stack([np.zeros((len(asked), doses.shape[1])), asked])
    having = without.copy()
    having[:, k] = 1.0
    parts = np.asarray(model.predict(having, pred_contrib=True, num_threads=1))
    if difference:
        parts = parts - np.asarray(model.predict(without, pred_contrib=True, num_threads=1))
    told: Floats = parts[:, doses.shape[1] : -1]
    return told


def _econml(world: Any, asked: pd.DataFrame, k: int, j: int, names: list[str], doses: Floats, learner: str) -> Floats:
    y = world.changes(world.train)[:, j]
    known = ~np.isnan(y)
    X = world.X(world.train)
    mean = X[names].mean()
    controls = np.column_stack([world.model.encoding_.controls(X), np.delete(doses, k, axis=1)])
    arrays = {
        "features": X[names].fillna(mean).to_numpy(dtype=float)[known],
        "controls": controls[known],
        "dose": doses[known, k],
        "change": y[known],
        "clients": np.unique(world.clients(world.train), return_inverse=True)[1][known],
        "asked": asked[names].fillna(mean).to_numpy(dtype=float),
    }
    parts = peers.run("benchmarks.explanation_peers", "effect_parts", arrays, learner=learner)["parts"]
    return parts.reshape(len(parts), -1)[:, : len(names)]


# -- speed


def speed() -> list[str]:
    from benchmarks.effects_speed import DESK, MODIFIERS, draw
    from pathway.effects import GainModel

    given = draw(*DESK)
    model = GainModel(modifiers=MODIFIERS).fit(**vars(given))
    x = given.X.iloc[[0, 1, 2, 3]].reset_index(drop=True)  # a year in quarters
    quarter = np.ones(4)
    amounts = [Amount(str(k), quarter, 0.4 * quarter, 0.0 * quarter, ("1",)) for k in range(18)]
    values = model.encoding_.tree_values(x)

    def predict() -> None:
        for k in range(18):
            model.predict_added(x)
            model.predict_interplay(x)
            model.total(x.iloc[[0]], [Term(k, 4.0, 1.6)])

    def tree_shap() -> None:
        for _ in range(18):
            for tree in model.without_:
                tree.predict(values, pred_contrib=True, num_threads=1)

    told = {
        "explanations": lambda: [explanation.explain(model, x, amount) for amount in amounts],
        "the model's own prediction": predict,
        "LightGBM's TreeSHAP": tree_shap,
    }
    least = {name: min(_ms(work) for _ in range(5)) for name, work in told.items()}
    bar = 1.5 * (least["the model's own prediction"] + least["LightGBM's TreeSHAP"])
    rows = [[name, f"{ms:.0f} ms", f"{ms / 18:.1f} ms"] for name, ms in {**least, "bar: 1.5 × both": bar}.items()]
    return table((f"{DESK[1]} insatser, {DESK[2]} indicators", "18 activities", "an activity"), rows)


# -- answers


def answered(desk: Desk, cases: Sequence[Case]) -> list[str]:
    seconds: dict[str, list[float]] = {}

    def take(name: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        seconds.setdefault(name, []).append(time.process_time() - started)
        return result

    for case in cases:
        made = take("the suggestion itself", lambda case=case: desk.suggest(case, datetime(2026, 11, 22, tzinfo=UTC)))
        if not made.plans:
            continue
        take("why this plan", lambda case=case, made=made: questions.why_plan(desk, case, made))
        for one in [one for one in made.not_chosen if one.loss is not None][::6]:
            take("why not, with the plan", lambda *a, c=case, m=made, o=one: questions.why_not(desk, c, m, o.insats_id))
        take("what if", lambda case=case, made=made: questions.what_if(desk, case, made, FEWER_HOURS))
        take("what would change it", lambda case=case, made=made: questions.what_would_change(desk, case, made))
        profile = replace(case.profile, municipality=None, education=None)
        bare = replace(case, profile=profile)
        unsure = desk.suggest(bare, datetime(2026, 11, 22, tzinfo=UTC))
        take("what to ask about", lambda bare=bare, made=unsure: questions.ask_about(desk, bare, made))
    rows = [[name, len(took), float(np.median(took)), float(np.max(took))] for name, took in seconds.items()]
    return table(("question", "times", "median, s", "longest, s"), rows)


def _ms(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    main()
