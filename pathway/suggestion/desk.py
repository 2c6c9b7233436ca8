"""A model and a catalogue that fit each other, and the suggestions made with them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pathway import planner, wording
from pathway.case import HELD_BACK, Case
from pathway.catalogue import Catalogue
from pathway.errors import FaultyCase, Mismatch
from pathway.explanation import order
from pathway.modelfolder import Model
from pathway.plan import NotChosen, Plan, Suggestion
from pathway.suggestion.client import Client, Prices, placements_of
from pathway.suggestion.notes import notes
from pathway.wording.places import is_too_late, level_text

Aim = Literal["equal", "work"]  # what cases without weights of their own are planned for


class Desk:
    """A model and a catalogue that fit each other, ready for cases."""

    def __init__(
        self,
        model: Model,
        catalogue: Catalogue,
        goal: Aim = "equal",
        *,
        prices: Prices | None = None,
        language: str = "sv",
    ) -> None:
        """Check that model, catalogue and words fit.

        Parameters
        ----------
        goal
            What cases without weights of their own are planned for: all indicators weigh the same, or as levels went
            together with work or studies before (`pathway.outcomelink`).
        prices
            What scarce places cost, published after a caseload was planned; nothing by default.
        language
            Of all texts: ``sv`` or ``en``.

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
        self.model, self.catalogue, self.prices = model, catalogue, prices
        self.words = wording.spoken(language)
        self.words.check_features(model.gains.feature_names_in_, model.instrument)
        self.version = model.version
        self._weights = _weights_for(goal, model)

    def aimed(self, case: Case) -> Case:
        """Give the case the weights that it is planned with: its own, else the desk's goal."""
        if case.goal.weights or not self._weights:
            return case
        return replace(case, goal=replace(case.goal, weights=self._weights))

    def suggest(self, case: Case, created_at: datetime, before: Plan | None = None) -> Suggestion:
        """Make a suggestion, or abstain and say why.

        Parameters
        ----------
        before
            A plan that was suggested for a like case. It is gone on from where this case allows it and nothing found
            afresh is worth more.

        Raises
        ------
        FaultyCase
            The case is in a phase that must be held back, or names insatser that the catalogue does not have.
        """
        client = self.client(case)
        outcome = client.foresight.propose(before=placements_of(before, case) if before else ())
        plans = client.plans(outcome)
        return Suggestion(
            suggestion_id=self._id(client.case, created_at, before),
            case_id=case.case_id,
            status="suggested" if plans else "abstained",
            model_version=self.version,
            catalogue_version=self.catalogue.version,
            created_at=created_at,
            notes=notes(case, client, plans, outcome.proposal),
            plans=plans,
            not_chosen=tuple(
                NotChosen(
                    one.insats_id,
                    one.code,
                    self._why_not(one, client.case, plans),
                    one.loss,
                )
                for one in outcome.proposal.not_chosen
            ),
            groups=wording.groups_of(plans, self.model.instrument, self.words),
        )

    def _why_not(self, one: planner.NotChosen, case: Case, plans: Sequence[Plan]) -> str:
        """Say which rule keeps an insats out; of a level that it requires also what the plan brings it to."""
        instrument = self.model.instrument
        if one.fact.rule is planner.Rule.REQUIRED_LEVEL and plans:
            needs = order.reach(self.catalogue.by_id[one.insats_id], plans[0], case, instrument.scale)
            need = next((need for need in needs if need.indicator == one.fact.indicator), None)
            if need is not None and need.level is not None:
                told = level_text(need, instrument, self.words)
                unexplained = need.on is not None and not is_too_late(need)
                return f"{told} {self.words.text('why_not.not_found')}" if unexplained else told
        return wording.not_chosen_text(one.code, [one.fact], self.catalogue, instrument, self.words)

    def client(self, case: Case) -> Client:
        """Give what is expected of one client, ready to be planned with and worded.

        Raises
        ------
        FaultyCase
            As `suggest`.
        """
        self.check(case)
        return Client(self.model, self.catalogue, self.aimed(case), self.words, self.prices)

    def check(self, case: Case) -> None:
        """Tell whether the case may be planned for.

        Raises
        ------
        FaultyCase
            As `suggest`.
        """
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

    def _id(self, case: Case, created_at: datetime, before: Plan | None) -> str:
        """Name a suggestion after all that it is made of, so that two are the same exactly when these are."""
        parts = [repr(case), self.version, self.catalogue.version, created_at.isoformat()]
        parts += [repr(self.prices)] if self.prices else []
        parts += [repr(before)] if before else []
        parts += [self.words.language.code] if self.words.language.code != "sv" else []
        return "f-" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


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
