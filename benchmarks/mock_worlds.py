"""Holds what methods say that insatser bring against what they truly bring, in mock worlds where that is known.

    .venv/bin/python -m benchmarks.peers setup    # once, for the econml methods
    .venv/bin/python -m benchmarks.mock_worlds --clients 1500 --shapes smooth threshold same none
    .venv/bin/python -m benchmarks.mock_worlds --clients 10000 --seeds 51 --plans 0 --methods gain-model s-tuned

A world is a package that `pathway.mock.write` wrote, imported as any other. Methods learn from the episodes of its
first people. They are asked about people drawn after those, each at the last measurement that another one followed.
Gains are what an insats adds in a quarter at dose 1 to somebody who is not in a gap; where a sum is not named, it is
over the indicators. For each shape of effects (`docs/MOCK-DATA.md`) come

* the error of the gain (PEHE, root mean square over person and insats), alone and beside a job-oriented insats (of
  those that are not themselves), and the error of single indicators alone;
* bias, and slope of truth on expectation, of the gain alone;
* Spearman's rank correlation of insatser within a person, alone, and at full strength (job-oriented ones alone, others
  beside one);
* the share of the attainable gain of a plan: the value of the plan that the planner makes with a method's gains over
  the value of the plan that it makes with the true ones, both told by the truth. For speed plans are filled, taken
  apart and filled again, and not proven; all insatser may be spoken of; nothing runs from before; a year, 20 hours
  a week and three at a time. What caseworkers really chose is the mix of the episode that began then, kept up for a
  year.

Then differences from the tuned S-learner and the product's lead over each method, paired by world; how often the
product's 90 % intervals (person × insats that ten people had × indicator, alone against a gap) hold the truth, for
everybody and for groups of at least 100 people in a world; and, where no insats has any effect, the share of insatser
whose 90 % interval of the mean gain leaves zero out. Last, for all shapes together: how often features truly decide
whom insatser help that are said to.

The S-learner's gains alone are toggled in an empty mix, where they hold what a gap costs, too; they are so small that
holding them against the gain without it is the kinder way. `informed` knows what nobody can: true levels, and in which
proportion each insats works on whom. Only how strong each is on each indicator is learned, from the same episodes.
`true averages` knows how strong, and not on whom. The worlds 41 to 48 were used while the gain model was made, and are
never reported.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from benchmarks.mock_world_methods import METHODS, OURS, TUNED, Answer
from benchmarks.plan_against_truth import true_prospects
from pathway import catalogue, course, features, instrument, intake, mock, pseudonym, register, shipped, training
from pathway.case import Answer as Rating
from pathway.case import Case, Participation, Profile
from pathway.catalogue import Catalogue
from pathway.effects import GainModel
from pathway.effects.gain_model import NORMAL_90
from pathway.episodes import Insatser
from pathway.mock.truth import Gains, Truth
from pathway.overlap import FEWEST_CLIENTS
from pathway.planner import Prospects, replay
from pathway.planner.board import Board
from pathway.planner.improvement import improve, tidy
from pathway.planner.objective import targets_of, value, weights_of
from pathway.planner.sifting import compile as compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

IMPORTED_ON = date(2026, 11, 22)
PLANNED_ON = date(2026, 11, 2)  # the catalogue's start dates are those of that season
QUARTERS = 4.0  # that a plan lasts
ROUNDS = 120  # that a plan is taken apart and filled again
DRAWS = 200
LARGE_GROUP = 100
TRUE_TRAITS = frozenset({"age", "months_without_work", "n_health_codes"})  # features that effects differ by
OWN_CHOICE = "caseworkers' own choice"
LESS_IS_BETTER = ("PEHE", "PEHE of an indicator", "PEHE beside job")


@dataclass(frozen=True)
class World:
    """One mock world: episodes to learn from, people to ask about, and the truth about both.

    Attributes
    ----------
    local
        The package's own id of each client, by pseudonym.
    train, test
        Rows of `river`: episodes of the first people, and the last one of each later person.
    model
        The product's model, fitted on `train`.
    true, lost
        True gains at the start of the test episodes, shapes (m, K, J), and what a quarter's gap takes, (m, J).
    """

    shape: mock.Shape
    seed: int
    river: training.River
    catalogue: Catalogue
    truth: Truth
    local: dict[str, str]
    train: Ints
    test: Ints
    model: GainModel
    true: Gains
    lost: Floats

    @property
    def is_job(self) -> npt.NDArray[np.bool_]:
        """Which insatser are job-oriented, shape (K,)."""
        return np.array([insats.type == "jobb" for insats in self.catalogue.insatser])

    @property
    def n_clients(self) -> Ints:
        """How many of the people learned from had each insats, shape (K,)."""
        had = self.doses(self.train) > 0
        return pd.DataFrame(had).groupby(self.clients(self.train)).any().sum().to_numpy()

    def X(self, rows: Ints) -> pd.DataFrame:
        """Features at the start of these episodes."""
        return self.river.X.iloc[rows].reset_index(drop=True)

    def asked(self) -> pd.DataFrame:
        """Features of the people asked about, for a quarter ahead."""
        return self.X(self.test).assign(quarters=features.PLANNED_QUARTERS)

    def doses(self, rows: Ints) -> Floats:
        """Doses of the catalogue's insatser, shape (n, K)."""
        return self.river.episodes.doses.iloc[rows][list(self.truth.insatser)].to_numpy()

    def beside(self, rows: Ints) -> Floats:
        """Give the part of the doses beside a job-oriented insats, shape (n, K)."""
        return self.river.episodes.beside.iloc[rows][list(self.truth.insatser)].to_numpy()

    def changes(self, rows: Ints) -> Floats:
        """Observed changes, NaN where not measured, shape (n, J)."""
        return self.river.episodes.changes.iloc[rows].to_numpy()

    def clients(self, rows: Ints) -> npt.NDArray[Any]:
        """Pseudonyms, shape (n,)."""
        return self.river.episodes.spans["client_id"].iloc[rows].to_numpy()

    def at(self, rows: Ints) -> tuple[list[str], pd.Series]:
        """Who was measured and when at the start of these episodes, as `Truth` wants it."""
        spans = self.river.episodes.spans.iloc[rows]
        return [self.local[id] for id in spans["client_id"]], spans["started_on"]


def draw(shape: mock.Shape, seed: int, n_clients: int, n_test: int) -> World:
    """Write, import and cut a world, and train the product's model on its first people."""
    key, bip = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY}), instrument.read()
    with tempfile.TemporaryDirectory() as folder:
        package, kept = Path(folder) / "package", str(Path(folder) / "register")
        mock.write(package, n_clients + 2 * n_test, seed, shape)
        offered, truth = catalogue.read(package / "catalogue.json"), Truth.read(package / "truth")
        intake.take_in(package, kept, key, bip, IMPORTED_ON)
        river = training.River(register.open(kept).tables(), Insatser.of(offered), bip)
        ids = pd.read_csv(package / "clients.csv", dtype=str)["client_id"].tolist()
    local = {key.client(id, IMPORTED_ON)[0]: id for id in ids}
    number = {pseudonym: place for place, pseudonym in enumerate(local)}
    spans = river.episodes.spans
    place = spans["client_id"].map(number).to_numpy()
    later = spans.assign(row=np.arange(len(spans)), place=place)[place >= n_clients]
    test = later.sort_values(["place", "started_on"]).drop_duplicates("place", keep="last")["row"].to_numpy()[:n_test]
    train = np.flatnonzero(place < n_clients)
    river.weigh(0)
    model = river.fit(train, 0)
    at = [local[id] for id in spans["client_id"].iloc[test]], spans["started_on"].iloc[test]
    lost = truth.lost_in_gap(truth.at(truth.setpoints, *at))
    return World(shape, seed, river, offered, truth, local, train, test, model, truth.gains(*at), lost)


# -- gains


def measure(world: World, told: Answer) -> dict[str, float]:
    """Hold a method's gains against the truth."""
    others = ~world.is_job
    alone, true_alone = told.alone.sum(axis=2), world.true.alone.sum(axis=2)
    full, true_full = _at_full(told.alone, told.beside), _at_full(world.true.alone, world.true.beside)
    result = {
        "rank": _rank_correlation(true_alone, alone),
        "rank at full strength": _rank_correlation(true_full, full),
    }
    if not told.in_steps:
        return result
    return result | {
        "PEHE": _rms(alone - true_alone),
        "PEHE of an indicator": _rms(told.alone - world.true.alone),
        "PEHE beside job": _rms((full - true_full)[:, others]),
        "bias": float(np.mean(alone - true_alone)),
        "slope": float(np.cov(alone.ravel(), true_alone.ravel())[0, 1] / alone.var(ddof=1)) if alone.std() else np.nan,
    }


def _at_full(alone: Floats, beside: Floats) -> Floats:
    """Sum over indicators what insatser give beside a job-oriented one; `beside` is 0 for those themselves."""
    full: Floats = (alone + beside).sum(axis=2)
    return full


def _rms(error: Floats) -> float:
    return float(np.sqrt(np.mean(error**2)))


def _rank_correlation(true: Floats, told: Floats) -> float:
    """Correlate within rows; 0 where all is told alike, rows whose truth is all alike left out."""
    ranks = [rankdata(np.round(gains, 12), axis=1) for gains in (true, told)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    differs = a.any(axis=1)
    length = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))[differs]
    shared = (a * b).sum(axis=1)[differs]
    return float(np.mean(np.where(length > 0, shared / np.maximum(length, 1e-12), 0.0))) if differs.any() else np.nan


# -- intervals


def coverage(world: World) -> dict[str, float]:
    """Tell how often intervals hold the truth, for all people and for large groups of them."""
    k = np.flatnonzero(world.n_clients >= FEWEST_CLIENTS)
    low, high = np.moveaxis(world.model.predict_interval(world.asked())[:, k], -1, 0)
    true = world.true.alone[:, k] + world.lost[:, None]
    inside = ((low <= true) & (true <= high)).mean(axis=(1, 2))
    groups = _groups(world)
    return {"everybody": float(inside.mean())} | {
        f"{name}: {value}": float(inside[of.to_numpy()].mean())
        for name in groups
        for value in sorted(groups[name].unique())
        if (of := groups[name] == value).sum() >= LARGE_GROUP
    }


def _groups(world: World) -> pd.DataFrame:
    clients = world.river.tables.clients.set_index("client_id").loc[world.clients(world.test)].reset_index(drop=True)
    age = pd.cut(world.X(world.test)["age"], [0, 29, 49, 100], labels=["under 30", "30–49", "50 and over"])
    return pd.DataFrame(
        {
            "gender": clients["gender"],
            "age": age.astype(str),
            "education": clients["education"],
            "Swedish": clients["swedish_level"],
            "income": clients["income_source"],
            "health codes": np.where(clients["health_codes"].fillna("") == "", "none", "some"),
        }
    ).astype(str)


def discoveries(world: World) -> dict[str, float]:
    """Tell for which share of insatser the 90 % interval of the mean gain over people leaves zero out."""
    k = np.flatnonzero(world.n_clients >= FEWEST_CLIENTS)
    x, drawn = world.asked(), np.zeros((DRAWS, len(k)))
    for person in range(len(x)):
        drawn += world.model.draw_gains(x.iloc[[person]], DRAWS)[:, k].sum(axis=2) / len(x)
    mean = world.model.predict_added(x)[:, k].sum(axis=2).mean(axis=0)
    return {"insatser": len(k), "found": float((np.abs(mean) > NORMAL_90 * drawn.std(axis=0)).sum())}


def deciding(world: World) -> list[dict[str, float]]:
    """Hold the chance that each feature is said to matter with against whether effects differ by it."""
    by = {"smooth": TRUE_TRAITS, "threshold": TRUE_TRAITS}.get(world.shape, frozenset())
    return [{"said": chance, "true": name in by} for name, (chance, _) in world.model.deciding_.items()]


# -- plans


def cases(world: World, n: int) -> list[Case]:
    """Make cases of the first people asked about: what was known at the measurement, on a day when plans are made."""
    tables = world.river.tables
    clients = tables.clients.set_index("client_id")
    answers, periods = (dict(iter(t.groupby("client_id"))) for t in (tables.measurements, tables.participations))
    made = []
    for id, day in world.river.episodes.spans.iloc[world.test[:n]][["client_id", "started_on"]].itertuples(index=False):
        known = answers[id][answers[id]["measured_on"] <= day]
        had = periods.get(id, tables.participations.head(0))
        had = had[had["ended_on"] <= day]
        made.append(
            Case(
                case_id=str(id),
                as_of=PLANNED_ON,
                profile=_profile(clients.loc[id]),
                measurements=tuple(
                    Rating(on.date(), who, what, None if np.isnan(level) else int(level))
                    for on, who, what, level in known[["measured_on", "respondent", "indicator", "value"]].itertuples(
                        index=False
                    )
                ),
                participations=tuple(
                    Participation(insats, start.date(), hours, end.date(), how)
                    for insats, start, hours, end, how in had[
                        ["insats_id", "started_on", "hours_per_week", "ended_on", "ended_as"]
                    ].itertuples(index=False)
                ),
            )
        )
    return made


def _profile(client: "pd.Series[Any]") -> Profile:
    return Profile(
        birth_year=int(client["birth_year"]),
        gender=client["gender"],
        municipality=client["municipality"],
        education=client["education"],
        income_source=client["income_source"],
        months_without_work=int(client["months_without_work"]),
        swedish_level=client["swedish_level"],
        children_at_home=bool(client["children_at_home"]),
        health_codes=tuple(code for code in client["health_codes"].split("|") if code),
    )


def known_prospects(world: World, made: list[Case]) -> list[Prospects]:
    """Give the prospects of a planner that knows the truth; the course without a plan is the model's."""
    bip, x = world.river.instrument, world.asked().iloc[: len(made)]
    change = course.roll(world.model, x, np.full(len(x), QUARTERS), bip)
    prospects = []
    for person, case in enumerate(made):
        levels = case.levels()
        now = np.array([levels.get(id, float(x[f"{features.LEVEL}{id}"].mean())) for id in bip.ranking])
        without = np.clip(now + change[person], bip.scale.min, bip.scale.max)
        gains = Gains(world.true.alone[[person]], world.true.beside[[person]])
        prospects.append(true_prospects(world.truth, bip, gains, now, without))
    return prospects


def value_of_plan(case: Case, offered: Catalogue, believed: Prospects, known: Prospects) -> float:
    """Plan with what is believed, and tell what the plan is worth by what is known."""
    board = Board(compiled(case, offered, believed))
    if not len(board.options):
        return 0.0
    picked = tidy(board, improve(board, np.arange(len(board.options)), ROUNDS) or ())
    return replay(board.problem.placements(picked), offered, known, case.goal).objective


class Plans:
    """Cases of one world, and what plans for them are worth."""

    def __init__(self, world: World, n: int) -> None:
        self.world, self.cases = world, cases(world, n)
        self.known = known_prospects(world, self.cases)
        both = zip(self.cases, self.known, strict=True)
        self.attainable = sum(self._value(case, known, known) for case, known in both)

    def _value(self, case: Case, believed: Prospects, known: Prospects) -> float:
        return value_of_plan(case, self.world.catalogue, believed, known)

    def share(self, told: Answer) -> float:
        """Share of the attainable value that plans made with these gains reach."""
        reached, ids = 0.0, self.world.truth.insatser
        for person, (case, known) in enumerate(zip(self.cases, self.known, strict=True)):
            alone = dict(zip(ids, told.alone[person], strict=True))
            beside = dict(zip(ids, told.beside[person], strict=True))
            reached += self._value(case, replace(known, alone=alone, beside=beside), known)
        return reached / self.attainable

    def own_choice(self) -> float:
        """Share that the mixes reach which people really had in the interval that followed, kept up for a year."""
        world, reached = self.world, 0.0
        rows = world.test[: len(self.cases)]
        a_year = QUARTERS / world.river.episodes.spans["quarters"].iloc[rows].to_numpy()
        doses, beside = (part(rows) * a_year[:, None] for part in (world.doses, world.beside))
        for person, (case, known) in enumerate(zip(self.cases, self.known, strict=True)):
            added = doses[person] @ world.true.alone[person] + beside[person] @ world.true.beside[person]
            reached += float(value(added, known, weights_of(case.goal, known.indicators), targets_of(case.goal, known)))
        return reached / self.attainable


# -- the report


def table(rows: pd.DataFrame, columns: list[str]) -> str:
    """Write means over worlds, ± their standard errors where there are several worlds, as Markdown."""
    lines = [f"| method | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for method, of in rows.groupby("method", sort=False):
        cells = [_with_error(of[column].dropna()) if column in of else "–" for column in columns]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _with_error(values: "pd.Series[float]", signed: bool = False) -> str:
    if values.empty:
        return "–"
    mean = f"{values.mean():+.3f}" if signed else f"{values.mean():.3f}"
    return f"{mean} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}" if len(values) > 1 else mean


def against_tuned(rows: pd.DataFrame) -> str:
    """Write differences from the tuned S-learner, paired by world; of errors, relative to its own."""
    columns = ["rank", "rank at full strength", *LESS_IS_BETTER, "share of plan gain"]
    base = rows[rows["method"] == TUNED].set_index("seed")
    lines = [f"| less {TUNED} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for method, of in rows[rows["method"] != TUNED].groupby("method", sort=False):
        own, cells = of.set_index("seed"), []
        for column in columns:
            difference = (own[column] - base[column]).dropna()
            if column in LESS_IS_BETTER:
                difference = 100 * difference / base[column].mean()
                cells.append(_percent(difference))
            else:
                cells.append(_with_error(difference, signed=True))
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _percent(values: "pd.Series[float]") -> str:
    if values.empty:
        return "–"
    error = f" ± {values.std(ddof=1) / np.sqrt(len(values)):.0f}" if len(values) > 1 else ""
    return f"{values.mean():+.0f}{error} %"


def lead_in_plans(rows: pd.DataFrame) -> str:
    """Write how much more of the attainable plan gain the product reaches than each method, paired by world."""
    wide = rows.pivot(index="seed", columns="method", values="share of plan gain")
    parts = [
        f"{method} {_with_error((wide[OURS] - wide[method]).dropna(), signed=True)}"
        for method in rows["method"].unique()
        if method != OURS
    ]
    return "Share of plan gain, product less method: " + " · ".join(parts)


def of_traits(told: pd.DataFrame) -> str:
    """Write how often features truly matter that are said to, by the chance that is said."""
    by = told.groupby(pd.cut(told["said"], [0, 0.05, 0.2, 0.5, 0.95, 1.01], right=False), observed=True)
    lines = ["| chance that a feature matters | said | true | features |", "|---|---|---|---|"]
    for between, own in by:
        said, true = own.mean()
        lines.append(f"| {between.left}–{min(between.right, 1)} | {said:.2f} | {true:.2f} | {len(own)} |")
    return "\n".join(lines)


def report(shape: str, rows: pd.DataFrame, held: pd.DataFrame, planned: bool) -> str:
    """Write all that one shape of effects shows."""
    rows = rows.dropna(axis=1, how="all")
    columns = [*LESS_IS_BETTER, "bias", "slope", "rank", "rank at full strength"]
    parts = [f"\n### {shape}", table(rows, [*columns, *(["share of plan gain"] if planned else [])])]
    if shape != "none":
        if TUNED in set(rows["method"]):
            parts.append(against_tuned(rows.reindex(columns=[*rows.columns.union(["share of plan gain"])])))
        if planned and OURS in set(rows["method"]):
            parts.append(lead_in_plans(rows))
    lines = ["| 90 % intervals of the product | hold the truth | lowest and highest world |", "|---|---|---|"]
    for group, of in held.groupby("group", sort=False):
        share = of["inside"]
        lines.append(f"| {group} | {share.mean():.1%} | {share.min():.1%} – {share.max():.1%} ({len(share)}) |")
    return "\n\n".join([*parts, "\n".join(lines)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1500, help="people to learn from")
    parser.add_argument("--seeds", type=int, nargs="+", default=[51, 52, 53, 54, 55, 61, 62, 63, 64, 65])
    parser.add_argument("--shapes", nargs="+", choices=mock.SHAPES, default=list(mock.SHAPES))
    parser.add_argument("--test", type=int, default=300, help="people to ask about")
    parser.add_argument("--plans", type=int, default=30, help="of those, how many to plan for")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--rows", type=Path, metavar="FILE", help="write a CSV with a row for each world and method")
    parser.add_argument("--peer-seeds", type=int, nargs="*", help="seeds for the econml methods; default: all")
    chosen = parser.parse_args()
    peer_seeds = chosen.seeds if chosen.peer_seeds is None else chosen.peer_seeds
    started, everything, traits = time.perf_counter(), [], []
    with threadpool_limits(1):
        for shape in chosen.shapes:
            rows, held, found = [], [], []
            for seed in chosen.seeds:
                world = draw(shape, seed, chosen.clients, chosen.test)
                plans = Plans(world, chosen.plans) if chosen.plans and shape != "none" else None
                for key in chosen.methods:
                    method = METHODS[key]
                    if method.is_peer and seed not in peer_seeds:
                        continue
                    told = method.ask(world)
                    row = {"seed": seed, "method": method.name} | measure(world, told)
                    rows.append(row | ({"share of plan gain": plans.share(told)} if plans else {}))
                if plans:
                    rows.append({"seed": seed, "method": OWN_CHOICE, "share of plan gain": plans.own_choice()})
                traits += deciding(world)
                held += [{"group": group, "inside": share} for group, share in coverage(world).items()]
                if shape == "none":
                    found.append(discoveries(world))
            print(report(shape, pd.DataFrame(rows), pd.DataFrame(held), bool(chosen.plans) and shape != "none"))
            everything.append(pd.DataFrame(rows).assign(shape=shape, clients=chosen.clients))
            if chosen.rows:
                pd.concat(everything).to_csv(chosen.rows, index=False)
            if found:
                n, wrong = (sum(one[name] for one in found) for name in ("insatser", "found"))
                print(f"\nInsatser found to have an effect where none has any: {wrong:.0f} of {n} ({wrong / n:.1%})")
            print(f"\n{time.perf_counter() - started:.0f} s so far", flush=True)
    print(f"\n{of_traits(pd.DataFrame(traits))}")


if __name__ == "__main__":
    main()
