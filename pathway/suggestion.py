"""Walks the desk river once: case, features, overlap, gains, plan, explanation, suggestion. Is given the model."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from pathway import course, explanation, features, overlap, planner, wording
from pathway.case import HELD_BACK, Case
from pathway.catalogue import Catalogue
from pathway.effects.gain_model import NORMAL_90
from pathway.episodes import DAYS_IN_QUARTER
from pathway.errors import FaultyCase, Mismatch
from pathway.explanation import Amount
from pathway.modelfolder import Model
from pathway.overlap import Comparable
from pathway.plan import Activity, Expected, Interval, NotChosen, Plan, Proof, Suggestion
from pathway.planner import Planned, Prospects

OLD_AFTER_DAYS = 2 * DAYS_IN_QUARTER  # a measurement that is older deserves a word
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
        x = features.of_case(case, self.model.insatser, self.model.instrument)
        measured = bool(set(case.levels()) & set(self.model.instrument.ranking))
        judged = overlap.judge(self.model.gains, self.model.support, x)
        speakable = {
            id: verdict.n_participations
            for id, verdict in judged.items()
            if isinstance(verdict, Comparable) and measured and id in self.catalogue.by_id
        }
        client = _Client(self.model, self.catalogue, case, x, speakable)
        proposal = planner.propose(case, self.catalogue, client.prospects())
        plans = tuple(client.plan(planned) for planned in proposal.plans)
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
            if plans[0].proof.status != "optimal":
                notes.append(wording.note("not_proven", gap=plans[0].proof.gap))
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

    def __init__(
        self, model: Model, catalogue: Catalogue, case: Case, x: pd.DataFrame, speakable: dict[str, int]
    ) -> None:
        self.model, self.catalogue, self.case, self.x, self.speakable = model, catalogue, case, x, speakable
        self.indicators = model.instrument.ranking
        levels = case.levels()
        self.now = np.array([levels.get(id, model.typical_levels[id]) for id in self.indicators])
        self.quarters = case.limits.horizon_weeks * 7 / DAYS_IN_QUARTER
        scale = model.instrument.scale
        change = course.roll(model.gains, x, np.array([self.quarters]), model.instrument)[0]
        self.without = np.clip(self.now + change, scale.min, scale.max)

    def prospects(self) -> Prospects:
        """Word the expectations in the catalogue's own typical hours."""
        # What a gap costs is part of the course without plan; that a plan spares it is not counted.
        gains = self.model.gains.predict_added(self.x)[0]
        interplay = self.model.gains.predict_interplay(self.x)[0]
        column = {id: k for k, id in enumerate(self.model.gains.insatser_)}
        scale = self.model.instrument.scale
        return Prospects(
            indicators=self.indicators,
            scale=(scale.min, scale.max),
            now=self.now,
            without=self.without,
            alone={id: self._dose(id) * gains[column[id]] for id in self.speakable},
            beside={id: self._dose(id) * interplay[column[id]] for id in self.speakable},
            speakable=frozenset(self.speakable),
        )

    def plan(self, planned: Planned) -> Plan:
        """Give a plan its explained gains and expected levels, and hold them against what the planner counted with."""
        job_spans = {
            one.insats_id: (one.start_on, one.end_on)
            for one in planned.placements
            if self.catalogue.by_id[one.insats_id].type == "jobb"
        }
        amounts, activities = [], []
        for one in planned.placements:
            beside = tuple(
                id for id, (start, end) in job_spans.items() if start < one.end_on and one.start_on < end
            ) if one.quarters_beside else ()  # fmt: skip
            ratio = self._dose(one.insats_id)
            amount = Amount(one.insats_id, one.quarters * ratio, one.quarters_beside * ratio, beside)
            gains, explanations = explanation.explain(self.model.gains, self.x, amount)
            activity = Activity(
                insats_id=one.insats_id,
                start_on=one.start_on,
                end_on=one.end_on,
                hours_per_week=one.hours_per_week,
                based_on=self.speakable[one.insats_id],
                gain=gains,
                explanation=explanations,
                text="",
            )
            text = wording.activity_text(activity, self.catalogue, self.model.instrument, self.case.goal)
            activities.append(replace(activity, text=text))
            amounts.append(amount)
        return Plan(
            rank=planned.rank,
            objective=planned.objective,
            proof=Proof(planned.status, planned.gap),
            activities=tuple(activities),
            expected=self._expected(activities, amounts),
        )

    def _dose(self, insats_id: str) -> float:
        """Dose at the catalogue's typical hours: the model's own typical hours are those it was trained with."""
        return self.catalogue.by_id[insats_id].hours_per_week.typical / self.model.insatser.typical_hours[insats_id]

    def _expected(self, activities: Sequence[Activity], amounts: Sequence[Amount]) -> dict[str, Expected]:
        scale = self.model.instrument.scale
        half = self.model.spread.half_widths(self.quarters, self.indicators)
        sd = explanation.total_sd(self.model.gains, self.x, amounts)

        def interval(mean: float, half_width: float) -> Interval:
            return Interval(mean, max(mean - half_width, scale.min), min(mean + half_width, scale.max))

        expected = {}
        for j, indicator in enumerate(self.indicators):
            without = float(self.without[j])
            added = sum(activity.gain[indicator].mean for activity in activities)
            with_plan = float(np.clip(without + added, scale.min, scale.max))
            wider = float(np.hypot(half[j], NORMAL_90 * sd[indicator]))
            expected[indicator] = Expected(
                float(self.now[j]), interval(with_plan, wider), interval(without, float(half[j]))
            )
        return expected


def _id(case: Case, model_version: str, catalogue: Catalogue, created_at: datetime) -> str:
    """Name a suggestion after all that it is made of, so that two are the same exactly when these are."""
    parts = [repr(case), model_version, catalogue.version, created_at.isoformat()]
    return "f-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
