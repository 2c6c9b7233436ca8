"""What the model expects for one client: once per case, for the planner and for the words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd

from pathway import explanation, features, foresight, overlap, reach, wording
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.effects.gain_model import NORMAL_90
from pathway.episodes import DAYS_IN_QUARTER
from pathway.explanation import Amount, order
from pathway.foresight import Expectation, Foreseen, Foresight, Outcome
from pathway.modelfolder import Model
from pathway.overlap import Comparable
from pathway.plan import Activity, Costs, Differs, Expected, Explanation, Interval, Plan, Proof, Reach
from pathway.planner import Placement, is_better_at
from pathway.planner.objective import JOB_ORIENTED, Array, weights_of
from pathway.planner.practice import shipped as good_practice
from pathway.wording import Words
from pathway.wording.places import lifted_text, place_text

CLEARLY = 0.9  # of the first plan's hours, say: an alternative with fewer may be named after that


class Prices(Protocol):
    """What places cost, because others could have them too; see `pathway.caseload.pricefile`."""

    def per_quarter(self, as_of: date, horizon_weeks: int, heaviest: float = 1.0) -> Mapping[str, Sequence[float]]:
        """Give the prices of each insats per quarter of a case's horizon, in its own weighted steps."""


class Client:
    """What the model expects for one client, and what it may say of which insats.

    Attributes
    ----------
    measured
        Whether any indicator that may drive ranking has a level.
    speakable
        Past participations in each insats that something may be said about.
    """

    def __init__(self, model: Model, catalogue: Catalogue, case: Case, words: Words, prices: Prices | None) -> None:
        x = features.of_case(case, model.insatser, model.instrument)
        self.model, self.catalogue, self.case, self.words = model, catalogue, case, words
        self.measured = bool(set(case.levels()) & set(model.instrument.ranking))
        self.speakable = {
            id: verdict.n_participations
            for id, verdict in overlap.judge(model.gains, model.support, x).items()
            if isinstance(verdict, Comparable) and self.measured and id in catalogue.by_id
        }
        self.indicators = model.instrument.ranking
        self.quarters = case.limits.horizon_weeks * 7 / DAYS_IN_QUARTER
        self.expectation = Expectation.of(model.gains, model.instrument, case, x, model.typical_levels)
        columns = {id: model.gains.insatser_.index(id) for id in self.speakable}
        weights = weights_of(case.goal, self.indicators)
        self.foresight = Foresight(
            outlook=self.expectation,
            case=case,
            catalogue=catalogue,
            insatser=model.insatser,
            columns=columns,
            doubts=foresight.doubts(model.gains, x, columns, weights, case.goal.caution),
            prices=_of_case(prices, case, float(weights.max(initial=0.0))),
        )

    def plans(self, outcome: Outcome) -> tuple[Plan, ...]:
        """Give the plans, best first, with proofs and with what sets alternatives apart from the first."""
        made: list[Plan] = []
        for rank, foreseen in enumerate(outcome.plans, start=1):
            plan = replace(self.plan(foreseen), rank=rank, proof=outcome.proof(foreseen))
            made.append(against(made[0], plan) if made else plan)
        return named(made, self.case, self.catalogue)

    def plan(self, foreseen: Foreseen) -> Plan:
        """Give a plan its explained gains and expected levels."""
        x = self.expectation.along(foreseen.rolled)
        amounts = self._amounts(foreseen)
        activities = []
        for one, amount in zip(foreseen.planned.placements, amounts, strict=True):
            gains, explanations = self._explained(one.insats_id, x, amount)
            activity = Activity(
                insats_id=one.insats_id,
                start_on=one.start_on,
                end_on=one.end_on,
                hours_per_week=one.hours_per_week,
                based_on=self.speakable.get(one.insats_id, 0),
                gain=gains,
                explanation=explanations,
                text="",
            )
            text = wording.activity_text(activity, self.catalogue, self.model.instrument, self.case.goal, self.words)
            activities.append(replace(activity, text=text))
        spoken = [amount for amount in amounts if amount.insats_id in self.speakable]
        gained = np.array([[one.gain[id].mean for id in self.indicators] for one in activities]).sum(axis=0)
        sd = explanation.total_sd(self.model.gains, x, spoken) if spoken else dict.fromkeys(self.indicators, 0.0)
        doubt = np.array([sd[id] for id in self.indicators])
        plan = Plan(
            rank=foreseen.planned.rank,
            objective=foreseen.objective,
            proof=Proof(foreseen.planned.status, foreseen.planned.gap),
            activities=tuple(activities),
            expected=self._expected(gained, doubt),
            reach=self._reach(gained, doubt),
            theme=None if foreseen.planned.theme == "best" else foreseen.planned.theme,
        )
        return replace(plan, activities=self._placed(plan))

    def _placed(self, plan: Plan) -> tuple[Activity, ...]:
        """Give the plan's activities the words for their places, after the first line, and their reasons in groups."""
        instrument, goal, words = self.model.instrument, self.case.goal, self.words
        found = order.places(plan, self.case, self.catalogue, instrument.scale)
        told = {one.insats_id: one for one in found}
        activities = []
        for one in plan.activities:
            when, *rest = one.text.splitlines()
            place = place_text(told[one.insats_id], one, self.catalogue, instrument, words)
            lifted = lifted_text(one.insats_id, plan, goal, instrument, words)
            text = "\n".join((when, " ".join(filter(None, (place, lifted))), *rest))
            activities.append(replace(one, text=text, reasons=wording.in_groups(one, goal, instrument, words)))
        return tuple(activities)

    def _amounts(self, foreseen: Foreseen) -> list[Amount]:
        """Tell how much of each insats there is in each quarter, and what it runs beside."""
        placements, given = foreseen.planned.placements, foreseen.rolled.amounts
        jobs = [one for one in placements if self.catalogue.by_id[one.insats_id].type == JOB_ORIENTED]
        return [
            Amount(
                one.insats_id, given.dose[number], given.beside[number], given.covering[number],
                tuple(job.insats_id for job in jobs if job.start_on < one.end_on and one.start_on < job.end_on)
                if given.beside[number].any() else (),
            )
            for number, one in enumerate(placements)
        ]  # fmt: skip

    def _explained(
        self, insats_id: str, x: pd.DataFrame, amount: Amount
    ) -> tuple[dict[str, Interval], dict[str, Explanation]]:
        if insats_id in self.speakable:
            return explanation.explain(self.model.gains, x, amount)
        nothing = Interval(0.0, 0.0, 0.0), Explanation(0.0, ())  # locked, and nothing may be said about it
        return dict.fromkeys(self.indicators, nothing[0]), dict.fromkeys(self.indicators, nothing[1])

    def _expected(self, gained: Array, doubt: Array) -> dict[str, Expected]:
        scale, without = self.model.instrument.scale, self.expectation.without
        half = self.model.spread.half_widths(self.quarters, self.indicators)
        reached, wider = np.clip(without + gained, scale.min, scale.max), np.hypot(half, NORMAL_90 * doubt)

        def interval(mean: float, half_width: float) -> Interval:
            return Interval(mean, max(mean - half_width, scale.min), min(mean + half_width, scale.max))

        return {
            indicator: Expected(
                float(self.expectation.now[j]),
                interval(float(reached[j]), float(wider[j])),
                interval(float(without[j]), float(half[j])),
            )
            for j, indicator in enumerate(self.indicators)
        }

    def _reach(self, gained: Array, doubt: Array) -> dict[str, Reach]:
        """Give the chance of each target that the goal names."""
        targets = np.array([self.case.goal.targets.get(id, np.nan) for id in self.indicators])
        half = self.model.spread.half_widths(self.quarters, self.indicators)
        expected = self.expectation.without + reach.shown(self.model.evaluation) * gained
        chance = reach.chances(expected, np.hypot(half / NORMAL_90, doubt), targets)
        return {
            id: Reach(float(targets[j]), float(chance[j]))
            for j, id in enumerate(self.indicators)
            if not np.isnan(targets[j])
        }


def _of_case(prices: Prices | None, case: Case, heaviest: float) -> Mapping[str, Sequence[float]] | None:
    return None if prices is None else prices.per_quarter(case.as_of, case.limits.horizon_weeks, heaviest)


def placements_of(plan: Plan, case: Case) -> tuple[Placement, ...]:
    """Give a plan's activities as the planner has them."""
    locked = {(one.insats_id, one.start_on) for one in case.locked}
    return tuple(
        Placement(
            one.insats_id, one.start_on, one.end_on, one.hours_per_week, locked=(one.insats_id, one.start_on) in locked
        )
        for one in plan.activities
    )


def against(first: Plan, plan: Plan) -> Plan:
    """Tell which insatser set an alternative apart from the first plan, and what it gives up."""
    here, there = ([one.insats_id for one in own.activities] for own in (plan, first))
    lost = {id: first.expected[id].with_plan.mean - own.with_plan.mean for id, own in plan.expected.items()}
    return replace(
        plan,
        differs=Differs(tuple(id for id in here if id not in there), tuple(id for id in there if id not in here)),
        costs=Costs(first.objective - plan.objective, lost),
    )


def named(plans: Sequence[Plan], case: Case, catalogue: Catalogue) -> tuple[Plan, ...]:
    """Name each alternative after what it is better at than the first plan, as both are shown.

    That is what it was looked for, if it is: that was held against another plan, as the grid had it. Else something
    that it is clearly better at, if possible not what another is named after.
    """
    if not plans:
        return ()

    def better(theme: str, plan: Plan, share: float = 1.0) -> bool:
        return is_better_at(theme, plan.activities, plans[0].activities, case, catalogue, share)

    first, *others = plans
    themes = [plan.theme if plan.theme and better(plan.theme, plan) else None for plan in others]
    for at, plan in enumerate(others):
        if themes[at] is None:
            clear = [theme for theme in good_practice().themes if better(theme, plan, CLEARLY)]
            themes[at] = min(clear, key=themes.count, default=None)
    return (replace(first, theme="best"), *(replace(plan, theme=one) for plan, one in zip(others, themes, strict=True)))
