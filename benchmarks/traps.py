"""What makes insatser look better or worse than they are: each trap in a world where it is strong, and what is left.

    .venv/bin/python -m benchmarks.traps                            # all of them, a quarter of an hour
    .venv/bin/python -m benchmarks.traps --worlds 3 --only harmful late
    .venv/bin/python -m benchmarks.traps --list

Every row is a world of its own (`benchmarks.trap_world`) in which one thing is made strong, taken the whole way from
the tables of a register: the truth; what a naive way says that is named, and often is the product's own way without the
one thing that is there against this trap; and what the gain model says. Gains are of the insats in question, alone, in
steps of the rating by quarter at dose 1, mean over people and indicators; where a row says so, the root mean square
error over several insatser. Means over worlds ± their standard error. The last column is what is left of the naive
error; in bold the gain model does **not** handle the trap, and the row says what would. The worlds 0 to 7 were used
while the traps were made, and are never reported.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks import trap_world
from benchmarks.trap_world import CASEWORKER, INSTRUMENT, KLIENT, OTHERS, TYPES, Lived, Setting, X
from pathway import features, leaving, training
from pathway.effects import GainModel
from pathway.episodes import DAYS_IN_QUARTER
from pathway.register import Tables
from pathway.training import River

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]

HIGH = 3.75  # a mean level from which there is little room left
FEW = 12  # participations
NOT_HANDLED = 0.5


@dataclass(frozen=True)
class Figures:
    """What is true in one world, what the naive way says, and what the gain model says.

    Attributes
    ----------
    extra
        Another figure of the gain model, see `Trap.extra`.
    """

    truth: float
    naive: float
    ours: float
    extra: float = np.nan


@dataclass(frozen=True)
class Trap:
    """A trap and the worlds to fall into it.

    Attributes
    ----------
    naive
        Name of the naive way.
    ask
        Gives the figures of the world of a seed.
    note
        What is known of it; where it is not handled, what would.
    extra
        Words for the mean of `Figures.extra`, with a place for it.
    is_error
        Whether naive and ours are errors rather than gains.
    """

    name: str
    naive: str
    ask: Callable[[int], Figures]
    note: str = ""
    extra: str = ""
    is_error: bool = False


# -- ways to learn


def river(setting: Setting, tables: Tables) -> River:
    """Walk from tables to episodes, features and weights, as training does."""
    made = training.River(tables, setting.insatser, INSTRUMENT)
    made.weigh(0)
    return made


def learned(
    known: River,
    *,
    in_whole: bool = False,
    without_late: bool = False,
    without_weights: bool = False,
    without_history: bool = False,
    without_earlier: bool = False,
) -> GainModel:
    """Fit the gain model as training does.

    Parameters
    ----------
    in_whole
        Count whoever had an insats at all as having had it for the whole interval.
    without_late, without_weights, without_history, without_earlier
        Leave away who began in the middle of an interval, the weights of those who were measured again, all ratings
        but the last one, or what people had before the interval.
    """
    cut = known.episodes
    doses, beside, covered = cut.doses, cut.beside, cut.covered
    if in_whole:
        doses, beside, covered = (part.gt(0).astype(float) for part in (doses, beside, covered))
    X = known.X
    if without_history:
        X = X.assign(**dict.fromkeys([*X.columns[X.columns.str.startswith(features.EARLIER)], "trend"], 0.0))
    model = GainModel(
        modifiers=list(features.MODIFIERS), largest_change=INSTRUMENT.scale.max - INSTRUMENT.scale.min, n_trees=1
    )
    return model.fit(
        X,
        doses,
        cut.changes,
        groups=cut.spans["client_id"].to_numpy(),
        insatser=known.insatser.table(),
        beside=beside,
        covered=covered,
        late=None if without_late else cut.late,
        weights=None if without_weights else known.weights.to_numpy(),
        follows=None if without_earlier else cut.follows(),
    )


def gains_of(model: GainModel, known: River, rows: Rows | None = None) -> Floats:
    """Mean gain of each insats of the catalogue over people and indicators, shape (K,)."""
    x = known.X if rows is None else known.X[rows]
    gains: Floats = model.predict_gain(x).mean(axis=(0, 2))[: len(known.insatser.types)]
    return gains


def gain_of_x(model: GainModel, known: River, rows: Rows | None = None) -> float:
    return float(gains_of(model, known, rows)[known.episodes.doses.columns.get_loc(X)])


def means_by_dose(known: River) -> Floats:
    """Least squares of changes on doses and nothing else, shape (K,): what a table of averages knows at best."""
    changes = known.episodes.changes.mean(axis=1).to_numpy()
    design = np.column_stack([known.episodes.doses, np.ones(len(changes))])
    is_known = ~np.isnan(changes)
    found: Floats = np.linalg.lstsq(design[is_known], changes[is_known], rcond=None)[0]
    return found[: len(known.insatser.types)]


def mean_of_x(known: River) -> float:
    return float(means_by_dose(known)[known.episodes.doses.columns.get_loc(X)])


def truth_of_x(setting: Setting, lived: Lived, known: River, rows: Rows | None = None) -> float:
    """Mean over people of the steps that `X` truly gives."""
    at = pd.MultiIndex.from_frame(known.episodes.spans[["client_id", "started_on"]])
    factors = lived.factor.loc[at].to_numpy()
    return float(setting.effects[X] * (factors if rows is None else factors[rows]).mean())


def _plain(setting: Setting) -> Callable[[int], Figures]:
    """Set averages against the gain model."""

    def ask(seed: int) -> Figures:
        lived = trap_world.live(seed, setting)
        known = river(setting, lived.tables)
        return Figures(truth_of_x(setting, lived, known), mean_of_x(known), gain_of_x(learned(known), known))

    return ask


def _left_away(setting: Setting, **less: bool) -> Callable[[int], Figures]:
    """Set the gain model without one thing against itself."""

    def ask(seed: int) -> Figures:
        lived = trap_world.live(seed, setting)
        known = river(setting, lived.tables)
        part, whole = (gain_of_x(model, known) for model in (learned(known, **less), learned(known)))
        return Figures(truth_of_x(setting, lived, known), part, whole)

    return ask


def _other_tables(setting: Setting, change: Callable[[Tables], Tables]) -> Callable[[int], Figures]:
    """Set the gain model on tables that were handled otherwise against itself."""

    def ask(seed: int) -> Figures:
        lived = trap_world.live(seed, setting)
        naive, ours = river(setting, change(lived.tables)), river(setting, lived.tables)
        truth = truth_of_x(setting, lived, ours)
        return Figures(truth, gain_of_x(learned(naive), naive), gain_of_x(learned(ours), ours))

    return ask


def _with(gain: float) -> dict[str, float]:
    return {X: gain} | OTHERS


# -- worlds that need more than a setting


def ceiling(seed: int) -> Figures:
    """Ask of people who are high already; the naive way has one effect for all."""
    setting = Setting(effects=_with(0.5), room=True, decline=0.0)
    lived = trap_world.live(seed, setting)
    known = river(setting, lived.tables)
    high = (known.X["level_mean"] >= HIGH).to_numpy()
    model, truth = learned(known), truth_of_x(setting, lived, known, high)
    return Figures(truth, gain_of_x(model, known), gain_of_x(model, known, high))


def harmful(seed: int) -> Figures:
    setting = Setting(effects=_with(-0.3), by_rating=3.0, by_level=1.0, noise=0.7)
    lived = trap_world.live(seed, setting)
    known = river(setting, lived.tables)
    model, truth = learned(known), truth_of_x(setting, lived, known)
    _, interval = model.predict_average(known.X)
    upper = interval[known.episodes.doses.columns.get_loc(X), :, 1]
    return Figures(truth, mean_of_x(known), gain_of_x(model, known), float((upper < 0).mean()))


def leaving_by_group(seed: int) -> Figures:
    """People who know little Swedish gain most and leave most; Swedish is a control that may change no gain."""
    setting = Setting(language=1.0, lost=0.05, lost_by_language=0.55, n_clients=3000)
    lived = trap_world.live(seed, setting)
    known = river(setting, lived.tables)
    started = known.starts.points[(known.starts.became != leaving.OPEN).to_numpy()]
    factor = lived.factor.loc[pd.MultiIndex.from_frame(started[["client_id", "as_of"]])]
    naive, ours = learned(known, without_weights=True), learned(known)
    return Figures(setting.effects[X] * float(factor.mean()), gain_of_x(naive, known), gain_of_x(ours, known))


def leaving_for_work(seed: int) -> Figures:
    """Ask what `X` adds to the chance of work; the naive way compares shares, and counts doses until people left."""
    effects = {id: gain for id, gain in _with(0.0).items() if not id.startswith("K")}  # nothing else of its type
    setting = Setting(
        n_clients=3000, effects=effects, by_level=-1.5, length=(60, 80), lost=0.0, spread=0.8,
        work=0.08, work_by_level=1.0, work_by_x=0.08,
    )  # fmt: skip
    known = river(setting, trap_world.live(seed, setting).tables)
    starts = known.starts
    over = (starts.points["as_of"] + pd.Timedelta(days=DAYS_IN_QUARTER) <= starts.until) & ~starts.working
    left = (starts.work_on <= starts.points["as_of"] + pd.Timedelta(days=DAYS_IN_QUARTER))[over]
    had = starts.doses.loc[over, TYPES[X]]
    told = leaving.exits(starts, 0)["added"][TYPES[X]]["mean"]
    naive = np.polyfit(had, left.astype(float), 1)[0]
    return Figures(_added_chance(setting), float(naive), told)


def _added_chance(setting: Setting) -> float:
    without, having = (setting.work / 13, (setting.work + setting.work_by_x) / 13)
    return float((1 - without) ** 13 - (1 - having) ** 13)


def _catalogue(seed: int, is_offered: Callable[[int], bool]) -> Setting:
    """Offer 48 insatser, popular as 1, 1/2, 1/3, …; effects by type, by group of six, and by insats."""
    rng = np.random.default_rng([seed, 1])
    of_type, of_group = dict(zip("JKHS", rng.normal(0.25, 0.1, 4), strict=True)), rng.normal(0, 0.1, 8)
    ids = [f"{'JKHS'[k // 12]}{k}" for k in range(48)]
    order = 1 + rng.permutation(48)
    return Setting(
        effects={X: 0.2} | {id: of_type[id[0]] + of_group[k // 6] + rng.normal(0, 0.05) for k, id in enumerate(ids)},
        groups={id: f"group {k // 6}" for k, id in enumerate(ids)},
        popularity={id: float(is_offered(k)) / order[k] for k, id in enumerate(ids)},
    )


def few_participations(seed: int) -> Figures:
    setting = _catalogue(seed, lambda k: True)
    known = river(setting, trap_world.live(seed, setting).tables)
    counts = known.n_participations()
    rare = np.array([0 < counts.get(id, 0) <= FEW for id in setting.effects])
    return _errors(setting, known, rare, means_by_dose(known))


def new_insatser(seed: int) -> Figures:
    """Nobody has had the last two of each group; the naive way gives them the average of the others."""
    setting = _catalogue(seed, lambda k: k % 6 < 4)
    known = river(setting, trap_world.live(seed, setting).tables)
    counts = known.n_participations()
    is_new = np.array([id not in counts for id in setting.effects])
    model = learned(known)
    average = np.full(len(is_new), gains_of(model, known)[~is_new].mean())
    return _errors(setting, known, is_new, average, model)


def _errors(setting: Setting, known: River, which: Rows, naive: Floats, model: GainModel | None = None) -> Figures:
    true = np.array(list(setting.effects.values()))[which]
    ours = gains_of(model or learned(known), known)[which]
    return Figures(0.0, _rms(naive[which] - true), _rms(ours - true), float(which.sum()))


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))


# -- ways to spoil tables


def mean_of_respondents(tables: Tables) -> Tables:
    """Take the mean over whoever answered, and forget who it was."""
    mean = tables.measurements.groupby(["client_id", "measured_on", "indicator"], as_index=False)["value"].mean()
    return replace(tables, measurements=mean.assign(respondent=KLIENT, respondent_id=""))


def nameless(tables: Tables) -> Tables:
    """Forget which caseworker answered."""
    return replace(tables, measurements=tables.measurements.assign(respondent_id=""))


def middle_for_missing(tables: Tables) -> Tables:
    middle = (INSTRUMENT.scale.min + INSTRUMENT.scale.max) / 2
    return replace(tables, measurements=tables.measurements.fillna({"value": middle}))


def by_clients_alone(setting: Setting) -> Callable[[int], Figures]:
    """Add, to the plain way, what the gain model says from clients' own answers."""

    def ask(seed: int) -> Figures:
        lived = trap_world.live(seed, setting)
        tables = lived.tables
        own = tables.measurements[tables.measurements["respondent"] != CASEWORKER].reset_index(drop=True)
        known, by_clients = river(setting, tables), river(setting, replace(tables, measurements=own))
        alone = gain_of_x(learned(by_clients), by_clients)
        return Figures(truth_of_x(setting, lived, known), mean_of_x(known), gain_of_x(learned(known), known), alone)

    return ask


AVERAGES = "averages (changes on doses alone)"
TRAPS = {
    "regression": Trap(
        "regression to the mean: given to those rated low, does nothing",
        AVERAGES,
        _plain(Setting(effects=_with(0.0), by_rating=3.0, noise=1.0, unrated=(1.0, 1.0))),
    ),
    "ceiling": Trap(f"ceiling: gain of people at {HIGH} or more", "one effect for all", ceiling),
    "indication": Trap(
        "indication: given to the ill, who get worse",
        AVERAGES,
        _plain(Setting(by_health=2.0, worsening=0.25, decline=0.05)),
    ),
    "true-level": Trap(
        "indication: given by the true level, which ratings show with noise",
        "the same without earlier ratings",
        _left_away(Setting(by_level=3.0, noise=0.7), without_history=True),
        "what caseworkers know beyond the ratings stays; more answers or more ratings before the start make it less",
    ),
    "dropout": Trap(
        "dropout: who gains most leaves most, and a control tells who", "the same without weights", leaving_by_group
    ),
    "progress": Trap(
        "dropout: who has got worse is not measured again, unless in the insats",
        AVERAGES,
        _plain(Setting(lost=0.2, lost_by_progress=0.6, spared=0.9)),
        "not what is known at the start but what nobody measured decides; only a last rating of those who leave, or "
        "what became of them, can tell",
    ),
    "work": Trap(
        "exit to work (chance in a quarter): given to those near work",
        "shares, doses until people left",
        leaving_for_work,
    ),
    "intervals": Trap(
        "unequal intervals, 5 to 48 weeks",
        "the same, had or not had",
        _left_away(Setting(weeks=(5, 48), length=(40, 60)), in_whole=True),
    ),
    "part-time": Trap(
        "part-time and broken off",
        "the same, had or not had",
        _left_away(Setting(intensity=(0.25, 0.5, 1.0), broken_off=0.4), in_whole=True),
    ),
    "late": Trap(
        "begun inside an interval, when things go well",
        "the same without `late`",
        _left_away(Setting(begin=0.1, begin_within=0.08, by_move=8.0, shock=0.25), without_late=True),
    ),
    "lasting": Trap(
        "what lasts: insatser that go on from one interval to the next",
        "the same without `follows`",
        _left_away(Setting(begin=0.4, length=(26, 52)), without_earlier=True),
    ),
    "caseworker": Trap(
        "change of caseworker: who has it is handed over to those who rate low",
        "whoever answered as caseworker",
        _other_tables(Setting(rater=0.6, rater_change=0.15, handed_over=0.5), nameless),
    ),
    "drift": Trap(
        "drift: caseworkers who like it rate higher every year",
        AVERAGES,
        by_clients_alone(Setting(drift=0.5, by_belief=3.0)),
        "the drift of each caseworker would have to be in the model; clients' own answers are free of it",
        "from clients' answers alone {:+.3f}",
    ),
    "credit": Trap(
        "belief: caseworkers rate higher whoever has it",
        AVERAGES,
        by_clients_alone(Setting(credit=0.5)),
        "nothing in caseworkers' answers can tell; clients' own, or a rater who does not know, can",
        "from clients' answers alone {:+.3f}",
    ),
    "respondents": Trap(
        "two respondents: caseworkers rate lower, and often not those who have it",
        "mean over whoever answered",
        _other_tables(Setting(client_above=0.5, unrated=(0.05, 0.6)), mean_of_respondents),
    ),
    "missing": Trap(
        "missing answers: half of them at low levels",
        "the middle of the scale for missing",
        _other_tables(Setting(unanswered=(0.05, 0.5), by_level=1.0), middle_for_missing),
    ),
    "few": Trap(
        f"insatser with at most {FEW} participations (RMS error)",
        AVERAGES,
        few_participations,
        extra="{:.0f} insatser",
        is_error=True,
    ),
    "new": Trap(
        "insatser that nobody had, by type and group (RMS error)",
        "the average insats",
        new_insatser,
        extra="{:.0f} insatser",
        is_error=True,
    ),
    "harmful": Trap("harmful, given to those in need", AVERAGES, harmful, extra="{:.0%} of 90 % intervals below 0"),
    "hidden": Trap(
        "a hidden cause: the motivated are given it, and get better by themselves",
        AVERAGES,
        _plain(Setting(motivation=0.15, by_motivation=1.5)),
        "no way of reckoning does; how strong such a cause must be is what the robustness value says",
    ),
}


def row(trap: Trap, seen: Sequence[Figures]) -> str:
    """Write a line of the table."""
    table = pd.DataFrame([vars(figures) for figures in seen])
    mean = table.mean()
    left = abs(mean["ours"] - mean["truth"]) / abs(mean["naive"] - mean["truth"])
    sign = "" if trap.is_error else "+"
    naive, ours = (f"{mean[name]:{sign}.3f} ± {_error(table[name]):.3f}" for name in ("naive", "ours"))
    truth = "0 (error)" if trap.is_error else f"{mean['truth']:+.3f}"
    extra = f" ({trap.extra.format(mean['extra'])})" if trap.extra else ""
    told = f"{left:.0%}" if left < NOT_HANDLED else f"**{left:.0%}**"
    note = f"<br>{trap.note}" if trap.note else ""
    return f"| {trap.name}{note} | {truth} | {trap.naive}: {naive} | {ours}{extra} | {told} |"


def _error(values: "pd.Series[Any]") -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=8, help="how many for each trap")
    parser.add_argument("--first", type=int, default=100, help="seed of the first world")
    parser.add_argument("--only", nargs="+", choices=TRAPS, default=list(TRAPS))
    parser.add_argument("--list", action="store_true", help="name the traps and end")
    chosen = parser.parse_args()
    if chosen.list:
        print("\n".join(f"{name:12} {trap.name}" for name, trap in TRAPS.items()))
        return
    print("| trap | truth | naive way | gain model | left of the error |\n|---|---|---|---|---|")
    with threadpool_limits(1):
        for name in chosen.only:
            print(
                row(TRAPS[name], [TRAPS[name].ask(seed) for seed in range(chosen.first, chosen.first + chosen.worlds)]),
                flush=True,
            )


if __name__ == "__main__":
    main()
