"""Walks the desk river once: case, features, overlap, gains, plan, explanation, suggestion. Is given the model."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from pathway import explanation, features, foresight, overlap, planner, reach, wording
from pathway.case import HELD_BACK, Case
from pathway.catalogue import Catalogue
from pathway.effects.gain_model import NORMAL_90
from pathway.episodes import DAYS_IN_QUARTER
from pathway.errors import FaultyCase, Mismatch
from pathway.explanation import Amount
from pathway.foresight import Expectation, Foreseen, Foresight, Outcome
from pathway.modelfolder import Model
from pathway.overlap import Comparable
from pathway.plan import (
    Activity,
    Costs,
    Differs,
    Expected,
    Explanation,
    Interval,
    NotChosen,
    Plan,
    Proof,
    Reach,
    Suggestion,
)
from pathway.planner.objective import JOB_ORIENTED, Array, weights_of

OLD_AFTER_DAYS = 2 * DAYS_IN_QUARTER  # a measurement that is older deserves a word
WORTH_TELLING = 0.0005  # of a gap: what rounds to a tenth of a per cent
THIN_BELOW = 30  # participations behind an estimate below which the suggestion says so
Aim = Literal["equal", "work"]  # what cases without weights of their own are planned for


class Desk:
    """A model and a catalogue that fit each other, ready for cases."""

    def __init__(self, model: Model, catalogue: Catalogue, goal: Aim = "equal") -> None:
        """Check that model and catalogue fit.

        Parameters
        ----------
        goal
            What cases without weights of their own are planned for: all indicators weigh the same, or as levels went
            together with work or studies before (`pathway.outcomelink`).

        Raises
        ------
        FaultyCatalogue
            A required level is none that the model's instrument can measure.
        Mismatch
            The model knows no insats of the catalogue, or cannot weigh indicators for the goal.
        """
        catalogue.check_against(model.instrument)
        if not set(catalogue.ids) & set(model.insatser.types):
            raise Mismatch(
                f"the model ({model.version}) knows no insats of the catalogue ({catalogue.version}); "
                "use a model trained with this catalogue, or the catalogue that the model was trained with"
            )
        self.model, self.catalogue = model, catalogue
        self.version = model.version
        self._weights = _weights_for(goal, model)

    def aimed(self, case: Case) -> Case:
        """Give the case the weights that it is planned with: its own, else the desk's goal."""
        if case.goal.weights or not self._weights:
            return case
        return replace(case, goal=replace(case.goal, weights=self._weights))

    def suggest(self, case: Case, created_at: datetime) -> Suggestion:
        """Make a suggestion, or abstain and say why.

        Raises
        ------
        FaultyCase
            The case is in a phase that must be held back, or names insatser that the catalogue does not have.
        """
        self._check(case)
        asked, case = case, self.aimed(case)
        client = _Client.of(self.model, self.catalogue, case)
        measured, speakable = client.measured, client.speakable
        outcome = client.foresight.propose()
        proposal, plans = outcome.proposal, client.plans(outcome)
        return Suggestion(
            suggestion_id=_id(case, self.version, self.catalogue, created_at),
            case_id=case.case_id,
            status="suggested" if plans else "abstained",
            model_version=self.version,
            catalogue_version=self.catalogue.version,
            created_at=created_at,
            notes=self._notes(asked, plans, proposal, speakable, measured),
            plans=plans,
            not_chosen=tuple(
                NotChosen(
                    one.insats_id,
                    one.code,
                    wording.not_chosen_text(one.code, [one.fact], self.catalogue, self.model.instrument),
                    one.loss,
                )
                for one in proposal.not_chosen
            ),
        )

    def foresee(self, case: Case) -> Foresight:
        """Give what is expected of one client, ready to be planned with; for rules and measurements, not for a case.

        Raises
        ------
        FaultyCase
            As `suggest`.
        """
        self._check(case)
        return _Client.of(self.model, self.catalogue, self.aimed(case)).foresight

    def _check(self, case: Case) -> None:
        if case.case_phase in HELD_BACK:
            raise FaultyCase(
                f"case_phase: {case.case_phase} must be held back: no suggestion is made before there is a case"
            )
        for wish in ("prefer", "avoid", "require"):
            for id in getattr(case.wishes, wish):
                if id not in self.catalogue.by_id:
                    raise FaultyCase(
                        f"wishes.{wish}: names an insats that is not in catalogue {self.catalogue.version}"
                    )

    def _notes(
        self,
        case: Case,
        plans: Sequence[Plan],
        proposal: planner.Proposal,
        speakable: dict[str, int],
        measured: bool,
    ) -> tuple[str, ...]:
        words = wording.swedish()
        notes = [words.text("fixed.decides")]
        if self.model.training.mock:
            notes.append(wording.note("mock"))
        if not plans:
            notes += self._abstention(proposal, speakable, measured)
        else:
            if plans[0].proof.gap >= WORTH_TELLING:
                notes.append(wording.note("not_proven", gap=plans[0].proof.gap))
            if case.goal.caution:
                notes.append(wording.note("cautious"))
            if case.wishes.prefer:
                notes.append(wording.note("wished"))
            for activity in plans[0].activities:
                name = self.catalogue.by_id[activity.insats_id].name
                if activity.based_on < THIN_BELOW:
                    notes.append(
                        wording.note("few_comparable", insats=name, n=words.amount(activity.based_on, "participation"))
                    )
                notes += wording.doubt_notes(name, self._explained_by(activity.insats_id), self.model.instrument)
        answered_on = [a.measured_on for a in case.measurements if a.value is not None and a.measured_on <= case.as_of]
        if answered_on and max(answered_on) < case.as_of - timedelta(days=OLD_AFTER_DAYS):
            notes.append(wording.note("old_measurement", date=max(answered_on)))
        aimed = self.aimed(case)
        if aimed is not case:
            notes.append(wording.weights_note(aimed.goal.weights, self.model.instrument))
        return (*notes, *wording.case_notes(aimed, self.model.instrument))

    def _explained_by(self, insats_id: str) -> dict[str, float]:
        """Give how many times as strong as measured features what explains the whole mean gain would be, if a rise."""
        known = self.model.evaluation.get("checks", {}).get("robustness", {}).get(insats_id)
        return known["times"] if known and known["gain"]["mean"] > 0 else {}

    def _abstention(self, proposal: planner.Proposal, speakable: dict[str, int], measured: bool) -> list[str]:
        if not measured:
            return [wording.note("no_measurement")]
        if proposal.infeasible:
            return list(wording.conflict_notes(proposal.infeasible, self.catalogue, self.model.instrument))
        if not speakable:
            return [wording.note("too_few_comparable")]
        codes = {one.code for one in proposal.not_chosen}
        return [wording.note("no_expected_gain" if codes & {"no_expected_gain", "less_gain"} else "nothing_possible")]


def _weights_for(goal: Aim, model: Model) -> dict[str, float]:
    """Give the weights that the goal lends to cases without their own; none where all weigh the same."""
    if goal == "equal":
        return {}
    link = model.outcome_link
    if link is None or link.weights is None:
        reason = link.reason if link else "it was trained without one"
        raise Mismatch(
            f"the model ({model.version}) has no link from levels to work: {reason}; "
            "leave out --goal work, or give the cases goal.weights"
        )
    return {indicator: weight.mean for indicator, weight in link.weights.items()}


class _Client:
    """What the model expects for one client: once per case, for the planner and for the words."""

    @classmethod
    def of(cls, model: Model, catalogue: Catalogue, case: Case) -> "_Client":
        """Find out what may be said of which insats."""
        x = features.of_case(case, model.insatser, model.instrument)
        measured = _is_measured(case, model)
        judged = overlap.judge(model.gains, model.support, x)
        speakable = {
            id: verdict.n_participations
            for id, verdict in judged.items()
            if isinstance(verdict, Comparable) and measured and id in catalogue.by_id
        }
        return cls(model, catalogue, case, x, speakable)

    def __init__(
        self, model: Model, catalogue: Catalogue, case: Case, x: pd.DataFrame, speakable: dict[str, int]
    ) -> None:
        self.measured = _is_measured(case, model)
        self.model, self.catalogue, self.case, self.speakable = model, catalogue, case, speakable
        self.indicators = model.instrument.ranking
        self.quarters = case.limits.horizon_weeks * 7 / DAYS_IN_QUARTER
        self.expectation = Expectation.of(model.gains, model.instrument, case, x, model.typical_levels)
        columns = {id: model.gains.insatser_.index(id) for id in speakable}
        weights = weights_of(case.goal, self.indicators)
        self.foresight = Foresight(
            outlook=self.expectation,
            case=case,
            catalogue=catalogue,
            insatser=model.insatser,
            columns=columns,
            doubts=foresight.doubts(model.gains, x, columns, weights, case.goal.caution),
        )

    def plans(self, outcome: Outcome) -> tuple[Plan, ...]:
        """Give the plans, best first, with proofs and with what sets alternatives apart from the first."""
        made: list[Plan] = []
        for rank, foreseen in enumerate(outcome.plans, start=1):
            plan = replace(self._plan(foreseen), rank=rank, proof=outcome.proof(foreseen))
            made.append(_against(made[0], plan) if made else replace(plan, theme="best"))
        return tuple(made)

    def _plan(self, foreseen: Foreseen) -> Plan:
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
            text = wording.activity_text(activity, self.catalogue, self.model.instrument, self.case.goal)
            activities.append(replace(activity, text=text))
        spoken = [amount for amount in amounts if amount.insats_id in self.speakable]
        gained = np.array([[one.gain[id].mean for id in self.indicators] for one in activities]).sum(axis=0)
        sd = explanation.total_sd(self.model.gains, x, spoken) if spoken else dict.fromkeys(self.indicators, 0.0)
        doubt = np.array([sd[id] for id in self.indicators])
        return Plan(
            rank=foreseen.planned.rank,
            objective=foreseen.objective,
            proof=Proof(foreseen.planned.status, foreseen.planned.gap),
            activities=tuple(activities),
            expected=self._expected(gained, doubt),
            reach=self._reach(gained, doubt),
            theme=None if foreseen.planned.theme == "best" else foreseen.planned.theme,
        )

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


def _is_measured(case: Case, model: Model) -> bool:
    return bool(set(case.levels()) & set(model.instrument.ranking))


def _against(first: Plan, plan: Plan) -> Plan:
    """Tell which insatser set an alternative apart from the first plan, and what it gives up."""
    here, there = ([one.insats_id for one in own.activities] for own in (plan, first))
    lost = {id: first.expected[id].with_plan.mean - own.with_plan.mean for id, own in plan.expected.items()}
    return replace(
        plan,
        differs=Differs(tuple(id for id in here if id not in there), tuple(id for id in there if id not in here)),
        costs=Costs(first.objective - plan.objective, lost),
    )


def _id(case: Case, model_version: str, catalogue: Catalogue, created_at: datetime) -> str:
    """Name a suggestion after all that it is made of, so that two are the same exactly when these are."""
    parts = [repr(case), model_version, catalogue.version, created_at.isoformat()]
    return "f-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
