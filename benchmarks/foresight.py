"""Holds plans that are valued along their way against plans valued at today's state, in mock worlds with known truth.

    .venv/bin/python -m benchmarks.foresight --worlds 31 32 33 --cases 12

In each world 2,000 people are trained on and others, whom the model has not seen, are planned for a year ahead, with
what they have running taken as ended. The truth is rolled forward too: the set point that insatser move decides each
quarter how much they give, and time without any takes its loss. Every plan is worth what it truly brings by the end,
within the scale. Differences are paired over people; ± is a standard error over people, world by world allowed for.

Then the chance of reaching a level: what is said of the plans (valued along their way) against how often a simulated
rating a year later, by client and caseworker with their biases, is there.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.plan_against_truth import CLIENTS, trained
from benchmarks.thousand_plans import people
from pathway import case as cases
from pathway import explanation, features, foresight, mock, overlap, planner, reach
from pathway.case import Case
from pathway.effects.gain_model import NORMAL_90
from pathway.explanation import Amount
from pathway.foresight import Amounts, Expectation, Foreseen, Foresight
from pathway.mock import parameters
from pathway.mock.history import WEEKS_IN_QUARTER
from pathway.mock.people import wandering
from pathway.mock.truth import Truth
from pathway.overlap import Comparable
from pathway.planner.objective import targets_of, weights_of
from pathway.suggestion import Desk

Floats = npt.NDArray[np.float64]

CAUTIONS = (0.5, 1.0)
TARGETS = (3.0, 3.5, 4.0, 4.5)
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
WORK = planner.Work(effort=planner.Effort(deterministic=0.2))  # every way alike: less effort for proofs
SPARE = 400  # people that are not trained on
DRAWS = 200  # simulated ratings a person


@dataclass(frozen=True)
class TrueOutlook:
    """The outlook of somebody who knows the truth about one person; J indicators.

    Attributes
    ----------
    start
        Set points today, shape (J,).
    traits
        Shape (3,).
    """

    truth: Truth
    start: Floats
    traits: Floats
    n_quarters: int

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids of the J indicators."""
        return self.truth.indicators

    @property
    def scale(self) -> tuple[float, float]:
        """Lowest and highest level."""
        return self.truth.scale.min, self.truth.scale.max

    @property
    def now(self) -> Floats:
        """(J,) set points today."""
        return self.start

    @cached_property
    def course(self) -> Floats:
        """(Q + 1, J) set points at the start of each quarter, and at the end, with nothing at all."""
        course = [self.start]
        for _ in range(self.n_quarters):
            course.append(np.clip(course[-1] - self.truth.lost_in_gap(course[-1][None])[0], *self.scale))
        return np.array(course)

    @property
    def without(self) -> Floats:
        """(J,) set points at the end of the horizon without a plan."""
        end: Floats = self.course[-1]
        return end

    @property
    def gap(self) -> Floats:
        """(J,) steps that a quarter with any insats spares, as people are today."""
        lost: Floats = self.truth.lost_in_gap(self.start[None])[0]
        return lost

    def gains(self, quarter: int, added: Floats) -> tuple[Floats, Floats]:
        """Give true gains per quarter at dose 1, shape (n, K, J)."""
        setpoints = np.clip(self.course[quarter] + added, *self.scale)
        gains = self.truth.gains_at(np.repeat(self.traits[None], len(setpoints), axis=0), setpoints)
        return gains.alone, gains.beside

    def end(self, amounts: Amounts) -> Floats:
        """(J,) set points at the end of the horizon with a plan; its columns are those of the truth."""
        at = self.start
        for quarter in range(self.n_quarters):
            gains = self.truth.gains_at(self.traits[None], at[None])
            given = (
                amounts.dose[:, quarter] @ gains.alone[0, amounts.insats]
                + amounts.beside[:, quarter] @ gains.beside[0, amounts.insats]
            )
            uncovered = 1.0 - amounts.covering[:, quarter].sum()
            at = np.clip(at + given - uncovered * self.truth.lost_in_gap(at[None])[0], *self.scale)
        return at


@dataclass(frozen=True)
class Person:
    """Somebody to plan for, as the model and as the truth see the case."""

    case: Case
    model: Foresight
    truth: Foresight
    desk: Desk
    measured_on: date
    client_id: str

    def worth(self, plan: Foreseen | None) -> float:
        """Tell what a plan truly brings, in weighted steps up to the targets; 0 without one."""
        if plan is None:
            return 0.0
        outlook = self.truth.outlook
        reached = outlook.end(self.truth.amounts(plan.planned.placements))  # type: ignore[attr-defined]
        goal, ends = self.case.goal, self.truth.prospects(self.truth.roll([()])[0])
        weights, targets = weights_of(goal, outlook.indicators), targets_of(goal, ends)
        return float((np.minimum(reached, targets) - np.minimum(outlook.without, targets)) @ weights)


def with_today(own: Foresight) -> Foreseen | None:
    """Give the plan that is best if every insats brought all along what it is expected to bring today."""
    along = own.prospects(own.roll([()])[0])
    today = replace(along, alone=_first(along.alone), beside=_first(along.beside))
    plans = planner.propose(own.case, own.catalogue, today, work=own.work).plans
    return None if not plans else replace(own.value(plans[:1])[0], objective=plans[0].objective)


def _first(rows: object) -> dict[str, Floats]:
    return {id: np.atleast_2d(values)[:1] for id, values in dict(rows).items()}  # type: ignore[call-overload]


def along_the_way(own: Foresight) -> Foreseen | None:
    """Give the plan that is best when it is rolled forward."""
    return next(iter(own.propose().plans), None)


def population(package: Path, desk: Desk, truth: Truth, n: int, seed: int) -> Iterator[Person]:
    """Give people that the model has not seen, with cases without wishes or limits of their own."""
    for client_id, raw in people(package, n, seed, skip=CLIENTS):
        case = cases.shape(raw | {"limits": {}, "wishes": {}, "goal": {}}, desk.model.instrument)
        ended = tuple(
            replace(one, ended_on=case.as_of, ended_as="fullföljd") if one.ended_on is None else one
            for one in case.participations
        )
        case = replace(case, participations=ended)
        x = features.of_case(case, desk.model.insatser, desk.model.instrument)
        judged = overlap.judge(desk.model.gains, desk.model.support, x)
        spoken = [id for id in desk.catalogue.ids if isinstance(judged.get(id), Comparable)]
        if not spoken or not case.levels():
            continue
        seen = Foresight(
            Expectation.of(desk.model.gains, desk.model.instrument, case, x, desk.model.typical_levels),
            case, desk.catalogue, desk.model.insatser, {id: desk.model.gains.insatser_.index(id) for id in spoken},
            work=WORK,
        )  # fmt: skip
        measured_on = max(answer.measured_on for answer in case.measurements)
        known = TrueOutlook(
            truth, truth.at(truth.setpoints, [client_id], [measured_on])[0],
            truth.traits.loc[client_id].to_numpy(dtype=np.float64), seen.n_quarters,
        )  # fmt: skip
        true = replace(seen, outlook=known, columns={id: truth.insatser.index(id) for id in spoken})
        yield Person(case, seen, true, desk, measured_on, client_id)


def cautious(person: Person, caution: float) -> Foreseen | None:
    """Give the plan of somebody who takes `caution` standard deviations off what every activity is worth."""
    own, desk = person.model, person.desk
    x = features.of_case(own.case, desk.model.insatser, desk.model.instrument)
    weights = weights_of(own.case.goal, desk.model.instrument.ranking)
    return along_the_way(replace(own, doubts=foresight.doubts(desk.model.gains, x, own.columns, weights, caution)))


class Ratings:
    """What people of one world would be rated at a year later."""

    def __init__(self, package: Path, truth: Truth, seed: int) -> None:
        self.truth, self.rng, self.p = truth, np.random.default_rng(seed), parameters.read()
        self.bias = pd.read_csv(package / "truth" / "clients.csv").set_index("client_id")["bias"]
        self.staff = pd.read_csv(package / "truth" / "caseworkers.csv").set_index("respondent_id")
        answers = pd.read_csv(package / "measurements.csv", dtype=str)
        answers = answers[answers["respondent"] == "handläggare"].sort_values("measured_on")
        self.caseworker = answers.groupby("client_id")["respondent_id"].last()
        self.first_day = pd.read_csv(package / "clients.csv", parse_dates=["enrolled_on"])["enrolled_on"].min()

    def draw(self, person: Person, setpoints: Floats) -> Floats:
        """Draw levels as rated when the horizon is over, if set points are then these (J,): shape (DRAWS, J)."""
        p, weeks = self.p.levels, person.case.limits.horizon_weeks
        kept = (1 - p.pull_per_week) ** weeks
        at = [person.client_id], [person.measured_on]
        away = self.truth.at(self.truth.levels, *at)[0] - self.truth.at(self.truth.setpoints, *at)[0]
        shape = (DRAWS, len(setpoints))
        chance = np.sqrt(1 - kept**2) * wandering(self.rng, shape, p)
        levels = np.clip(setpoints + kept * away + chance, 1.0, 5.0)
        caseworker, noise = self.caseworker.get(person.client_id), self.p.answers.noise
        own = self.staff.mean() if caseworker is None else self.staff.loc[caseworker]
        years = (pd.Timestamp(person.case.as_of + timedelta(weeks=weeks)) - self.first_day).days / 365.25
        shifts = (self.bias[person.client_id], own["bias"] + own["drift_per_year"] * years)
        rated = [np.clip(np.rint(levels + shift + noise * self.rng.standard_normal(shape)), 1, 5) for shift in shifts]
        both = np.mean(rated, axis=0)
        by_both = [len(person.desk.model.instrument[id].respondents) > 1 for id in self.truth.indicators]
        return np.where(by_both, both, rated[1])


def chances(person: Person, plan: Foreseen, ratings: Ratings) -> list[tuple[float, float]]:
    """Give, per indicator and target above today's level, the chance said and how often it comes true."""
    model, own = person.desk.model, person.model
    half = model.spread.half_widths(own.case.limits.horizon_weeks / WEEKS_IN_QUARTER, own.outlook.indicators)
    given = plan.rolled.amounts
    amounts = [
        Amount(one.insats_id, given.dose[a], given.beside[a], given.covering[a], ())
        for a, one in enumerate(plan.planned.placements)
    ]
    x = own.outlook.along(plan.rolled)  # type: ignore[attr-defined]
    sd = np.hypot(half / NORMAL_90, list(explanation.total_sd(model.gains, x, amounts).values()))
    expected = own.outlook.without + reach.shown(model.evaluation) * plan.rolled.gains.sum(axis=0)
    outlook = person.truth.outlook
    drawn = ratings.draw(person, outlook.end(person.truth.amounts(plan.planned.placements)))  # type: ignore[attr-defined]
    pairs = []
    for target in TARGETS:
        said = reach.chances(expected, sd, np.full(len(sd), target))
        came = (drawn >= target - 1e-9).mean(axis=0)
        pairs += [pair for pair, now in zip(zip(said, came, strict=True), own.outlook.now, strict=True) if now < target]
    return pairs


def paired(differences: Sequence[Floats]) -> str:
    """Word the mean of paired differences, one array a world, with its standard error."""
    every = np.concatenate(differences)
    error = np.sqrt(sum(d.var(ddof=1) * len(d) for d in differences)) / len(every)
    between = np.std([d.mean() for d in differences], ddof=1) / np.sqrt(len(differences)) if len(differences) > 1 else 0
    return f"{every.mean():+.3f} ± {max(error, between):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, nargs="+", default=[31, 32, 33])
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--shape", default="smooth", choices=("smooth", "threshold", "same"))
    chosen = parser.parse_args()
    ways = {
        "today's state": lambda person: with_today(person.model),
        "along the way": lambda person: along_the_way(person.model),
        **{f"along the way, caution {kappa:g}": lambda person, k=kappa: cautious(person, k) for kappa in CAUTIONS},
        "truth known, today's state": lambda person: with_today(person.truth),
        "truth known, along the way": lambda person: along_the_way(person.truth),
    }
    said: dict[str, list[Floats]] = {name: [] for name in ways}
    brought: dict[str, list[Floats]] = {name: [] for name in ways}
    seconds = dict.fromkeys(ways, 0.0)
    pairs = []
    for world in chosen.worlds:
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder) / "package"
            mock.write(package, CLIENTS + SPARE, world, chosen.shape)
            truth, desk = Truth.read(package / "truth"), trained(package, Path(folder))
            ratings, rows = Ratings(package, truth, world), []
            for person in population(package, desk, truth, chosen.cases, world):
                row = []
                for name, way in ways.items():
                    started = time.process_time()
                    plan = way(person)
                    seconds[name] += time.process_time() - started
                    row.append((0.0 if plan is None else plan.objective, person.worth(plan)))
                    if name == "along the way" and plan is not None:
                        pairs += chances(person, plan, ratings)
                rows.append(row)
            for name, column in zip(ways, np.array(rows).transpose(1, 2, 0), strict=True):
                said[name].append(column[0])
                brought[name].append(column[1])
    _report(said, brought, seconds, np.array(pairs))


def _report(
    said: dict[str, list[Floats]], brought: dict[str, list[Floats]], seconds: dict[str, float], pairs: Floats
) -> None:
    n = sum(map(len, brought["along the way"]))
    print(f"{n} people, {len(brought['along the way'])} worlds; steps over a year, summed over indicators\n")
    print("| plans valued | said | truly brought | against today's state | CPU s |\n|---|---|---|---|---|")
    for name, worlds in brought.items():
        base = brought["truth known, today's state" if name.startswith("truth") else "today's state"]
        against = "" if worlds is base else paired([own - other for own, other in zip(worlds, base, strict=True)])
        mean = np.concatenate(worlds).mean()
        print(
            f"| {name} | {np.concatenate(said[name]).mean():.2f} | {mean:.2f} | {against} | {seconds[name] / n:.2f} |"
        )
    print("\n| chance said | said, mean | came true | indicators and targets |\n|---|---|---|---|")
    for low, high in pairwise(BINS):
        inside = (pairs[:, 0] >= low) & (pairs[:, 0] < high + (high == 1.0))
        if inside.any():
            told, came = pairs[inside].mean(axis=0)
            print(f"| {low:.1f}–{high:.1f} | {told:.2f} | {came:.2f} | {inside.sum()} |")


if __name__ == "__main__":
    main()
