"""What every question rests on: a suggestion that belongs to the case and the desk, and the desk's own planner."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pathway import planner
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.errors import Mismatch, PathwayError
from pathway.foresight import Foreseen
from pathway.instrument import Instrument
from pathway.plan import Plan, Suggestion
from pathway.suggestion import Client, Desk, placements_of
from pathway.wording.reasons import weigh, weights_of
from pathway.wording.words import Words, swedish

_NAMED = 12  # ids in a message; the rest are counted


class FaultyQuestion(PathwayError):
    """A question that cannot be answered; the message names the field, the rule and what is allowed."""

    code = "faulty_question"


@dataclass(frozen=True)
class Outline:
    """Which insatser a plan has, and which is first.

    The first is the one that starts first, of several the one worth most by itself; ``None`` where there is no plan.
    """

    insatser: frozenset[str]
    first: str | None

    @classmethod
    def of(cls, placed: Sequence[tuple[date, float, str]]) -> "Outline":
        """Read it off starts, worths in weighted steps, and insatser."""
        first = min(placed, key=lambda one: (one[0], -one[1], one[2]), default=None)
        return cls(frozenset(id for *_, id in placed), first[2] if first else None)


@dataclass(frozen=True)
class Basis:
    """A suggestion with the case and the desk that it came from, and the words to answer in."""

    desk: Desk
    case: Case
    suggestion: Suggestion
    words: Words

    @classmethod
    def of(cls, desk: Desk, case: Case, suggestion: Suggestion, words: Words | None = None) -> "Basis":
        """Put them together, if they belong together.

        Raises
        ------
        Mismatch
            The suggestion is for another case, or from another model or catalogue than the desk's.
        """
        if suggestion.case_id != case.case_id:
            raise Mismatch("suggestion: it is for another case; ask with the case that it was made for")
        for name, found, wanted in (
            ("model", suggestion.model_version, desk.version),
            ("catalogue", suggestion.catalogue_version, desk.catalogue.version),
        ):
            if found != wanted:
                raise Mismatch(
                    f"suggestion: it is from another {name} version than this one ({wanted}); make a new suggestion"
                )
        return cls(desk, desk.aimed(case), suggestion, words or swedish())

    @property
    def catalogue(self) -> Catalogue:
        """The desk's catalogue."""
        return self.desk.catalogue

    @property
    def instrument(self) -> Instrument:
        """The model's instrument."""
        return self.desk.model.instrument

    @property
    def plan(self) -> Plan | None:
        """The first plan; ``None`` if the suggestion abstains."""
        return self.suggestion.plans[0] if self.suggestion.plans else None

    def suggest(self, case: Case, desk: Desk | None = None, before: Plan | None = None) -> Suggestion:
        """Let the desk answer for a changed case, as of the moment of the suggestion."""
        return (desk or self.desk).suggest(case, self.suggestion.created_at, before)

    def best(self, case: Case) -> Plan | None:
        """Give the first plan that the desk would suggest for a changed case, without alternatives and without reasons.

        Found and valued as the desk does, and sooner: nobody asks about the rest. ``None``: there is no plan.
        """
        client = self.desk.client(case)
        found = self._propose(client)
        return client.plan(found) if found else None

    def _propose(self, client: Client) -> Foreseen | None:
        """Search without alternatives, of which one may be better: the plan in hand makes up for that."""
        before = placements_of(self.plan, client.case) if self.plan else ()
        outcome = replace(client.foresight, work=planner.Work(first_only=True)).propose(before=before)
        return outcome.plans[0] if outcome.plans else None

    def confined(self, case: Case, insatser: Collection[str]) -> Case:
        """Give the case with a choice of these insatser only: all others are avoided, and the answer comes sooner."""
        kept = {*insatser, *case.wishes.require, *(locked.insats_id for locked in case.locked)}
        wishes = replace(
            case.wishes,
            avoid=tuple(id for id in self.catalogue.ids if id not in kept or id in case.wishes.avoid),
            prefer=tuple(id for id in case.wishes.prefer if id in kept),
        )
        return replace(case, wishes=wishes)

    def check_insats(self, insats_id: str, place: str) -> None:
        """Raise `FaultyQuestion` if the catalogue does not have the insats."""
        if insats_id not in self.catalogue.by_id:
            ids = self.catalogue.ids
            more = f" … ({len(ids)} in all)" if len(ids) > _NAMED else ""
            raise FaultyQuestion(
                f"{place}: not in catalogue {self.catalogue.version}; use one of {', '.join(ids[:_NAMED])}{more}"
            )

    def outline(self, plan: Plan | None) -> Outline:
        """Tell which insatser a plan has, and which is first."""
        weights = weights_of(self.case.goal, self.instrument)
        activities = plan.activities if plan else ()
        return Outline.of([(one.start_on, weigh(one, weights).total, one.insats_id) for one in activities])

    def outline_for(self, case: Case) -> Outline:
        """Tell the same of the first plan that the desk would suggest for a changed case, without explaining it."""
        found = self._propose(self.desk.client(case))
        if found is None:
            return Outline.of([])
        weights = weights_of(self.case.goal, self.instrument)
        worth = found.rolled.gains @ [weights.get(id, 0.0) for id in self.instrument.ranking]
        placed = zip(found.planned.placements, worth.tolist(), strict=True)
        return Outline.of([(one.start_on, added, one.insats_id) for one, added in placed])

    def with_what_it_needs(self, insats_id: str) -> frozenset[str]:
        """Give an insats and all that must be completed before it, by the catalogue."""
        found, queue = set(), [insats_id]
        while queue:
            id = queue.pop()
            if id not in found:
                found.add(id)
                queue += self.catalogue.by_id[id].requires.insatser
        return frozenset(found)
