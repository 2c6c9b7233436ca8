"""Finds the plan that is worth most when it is rolled forward: solves, rolls forward, and solves again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil

import numpy as np

from pathway import planner
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.episodes import DAYS_IN_QUARTER, Insatser
from pathway.foresight.outlook import Array, Outlook
from pathway.foresight.rolling import Amounts, Rolled, dose_at_typical_hours, measure, roll
from pathway.plan import Proof
from pathway.planner import Fact, NotChosen, Placement, Planned, Proposal, Prospects, Rule
from pathway.planner.objective import targets_of, value, weights_of
from pathway.planner.practice import shipped as good_practice

ROUNDS = 3  # solves at most; most plans are stable by then
SKETCHES = (0.0, 0.5, 1.0)  # how far towards the way of the best plan so far gains are told before the first solve
SKETCHED = planner.Work(effort=planner.Effort(deterministic=1e-3), first_only=True)
NOTICED = 1e-3  # share of a plan's worth
_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Foreseen:
    """A plan with what it is worth when it is rolled forward.

    Attributes
    ----------
    objective
        As the contract has it, from the rolled-forward gains, without caution or bonus.
    worth
        What plans are compared by: with caution, and a bonus for preferred insatser. Minus infinity where the plan
        breaks a rule at its rolled-forward gains.
    """

    planned: Planned
    rolled: Rolled
    objective: float
    worth: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is proposed: the planner's proposal, and its plans rolled forward, best first. No plans: none is possible.

    Attributes
    ----------
    stable
        Whether the first plan was held against what the planner finds when it is told gains along that plan's way.
    """

    proposal: Proposal
    plans: tuple[Foreseen, ...]
    stable: bool

    def proof(self, plan: Foreseen) -> Proof:
        """Tell what is proven of one of the plans: ``optimal`` only of the first, at the gains along its own way.

        The gap is the solver's own, of plan and bound at the gains that it was told, caution taken off. What a plan is
        worth along its own way holds what the bound does not: time that would else be a gap, and gains by then. An
        alternative's is no smaller than what it lacks to the first plan.
        """
        first = self.plans[0]
        if plan is first and self.stable and plan.planned.status == "optimal":
            return Proof("optimal", 0.0)
        return Proof("feasible", max(plan.planned.gap, (first.worth - plan.worth) / max(abs(plan.worth), _SLACK)))


@dataclass(frozen=True, eq=False)
class Foresight:
    """One client's case, ready to be planned with what is expected along the way.

    Attributes
    ----------
    insatser
        The outlook's insatser: typical hours that a dose of 1 stands for.
    columns
        Column in the outlook of each insats that something may be said about.
    doubts
        What caution takes off gains per quarter at dose 1, alone and beside, shape (K + 1, J) each.
    prices
        What a place of each insats costs per quarter, in weighted steps.
    work
        How hard the planner tries in each solve; its own default where none is given.
    """

    outlook: Outlook
    case: Case
    catalogue: Catalogue
    insatser: Insatser
    columns: Mapping[str, int]
    doubts: tuple[Array, Array] | None = None
    prices: Mapping[str, Sequence[float]] | None = None
    work: planner.Work | None = None

    @property
    def n_quarters(self) -> int:
        """Quarters that are told apart."""
        return ceil(self.case.limits.horizon_weeks * 7 / DAYS_IN_QUARTER)

    def propose(self, rounds: int = ROUNDS, before: Sequence[Placement] = ()) -> Outcome:
        """Solve, roll forward and solve again until the plan stays the same; keep the best.

        Where to look is first sketched: with a plan that is found fast and without proof.

        Parameters
        ----------
        before
            A plan that was made for a like case. If it is worth more than what is found, it is gone on from.
        """
        found = self._from(self._sketch(), rounds)
        resumed = self._resumed(before)
        if resumed and found.plans and _is_better(resumed, found.plans[0]):
            again = self._from(resumed, rounds)
            return again if again.plans else found
        return found

    def _from(self, known: Foreseen | None, rounds: int) -> Outcome:
        """Go on from a plan in hand."""
        tried: list[tuple[Proposal, tuple[Foreseen, ...]]] = []
        stable = False
        for _ in range(rounds):
            proposal, plans = self._along(known)
            tried.append((proposal, plans))
            stable = known is not None and bool(plans) and _same(_best(plans).planned, known.planned)
            if not plans or stable:
                break
            known = _best(plans)
        proposal, plans = max(reversed(tried), key=lambda one: max(map(_worth, one[1]), default=-np.inf))
        if not plans:
            return Outcome(tried[0][0], (), False)
        best = _best(plans)
        if best.worth == -np.inf:
            return self._without(self._too_low(best.planned.placements, best.rolled.gains), rounds)
        if best is not plans[0]:
            proposal = _promote(proposal, best, plans[0], self.catalogue)
        others = [plan for plan in plans if plan is not best and plan.worth > -np.inf]
        stable = stable and plans is tried[-1][1] and best is plans[0]
        return Outcome(proposal, (best, *sorted(others, key=_worth, reverse=True)), stable)

    def _sketch(self) -> Foreseen | None:
        """Find a good plan fast and without proof; ``None`` if none keeps the rules along its way.

        Along the way of a plan, what is not in it seems to add little, so that a plan may be found again there though
        others are worth more. Gains are told along the course first, then ever more along the best plan's way so far.
        """
        course, best = self.prospects(self.roll([()])[0]), None
        for share in SKETCHES:
            prospects = course if best is None else _between(course, self.prospects(best.rolled), share)
            _, plans = self._solved(prospects, best, SKETCHED)
            best = max((plan for plan in (*plans, best) if plan and plan.worth > -np.inf), key=_worth, default=None)
        return best

    def _resumed(self, before: Sequence[Placement]) -> Foreseen | None:
        """Take up a plan that was made for a like case; ``None`` if this one does not allow it."""
        offered = [one for one in before if one.insats_id in self.catalogue.by_id]
        if not offered:
            return None
        prospects = self.prospects(self.roll([offered])[0])
        ways = self.value(planner.resume(self.case, self.catalogue, prospects, offered, prices=self.prices))
        return max((plan for plan in ways if plan.worth > -np.inf), key=_worth, default=None)

    def _along(self, known: Foreseen | None) -> tuple[Proposal, tuple[Foreseen, ...]]:
        """Solve with what is expected along a known plan's way; that plan stays first unless a better one is found."""
        prospects = self.prospects(self.roll([()])[0] if known is None else known.rolled)
        proposal, plans = self._solved(prospects, known, self.work)
        if known is None or proposal.start is None or not plans or not _is_better(known, _best(plans)):
            return proposal, plans
        kept = replace(known, planned=proposal.start)
        others = [plan for plan in plans if planner.unlike(plan.planned, kept.planned)]
        shown = (kept, *others)[: 1 + good_practice().n_alternatives]
        return _promote(proposal, kept, plans[0], self.catalogue), shown

    def _solved(
        self, prospects: Prospects, known: Foreseen | None, work: planner.Work | None
    ) -> tuple[Proposal, tuple[Foreseen, ...]]:
        start = None if known is None else known.planned
        proposal = planner.propose(self.case, self.catalogue, prospects, work=work, prices=self.prices, start=start)
        return proposal, self.value(proposal.plans)

    def value(self, plans: Sequence[Planned]) -> tuple[Foreseen, ...]:
        """Roll plans forward and tell what they are worth, in the order given."""
        goal = self.case.goal
        weights = weights_of(goal, self.outlook.indicators)
        ends = self._prospects({}, {})
        targets = targets_of(goal, ends)
        bonus = good_practice().prefer_bonus_steps * float(weights.max(initial=0.0))
        foreseen = []
        for planned, rolled in zip(plans, self.roll([plan.placements for plan in plans]), strict=True):
            added, lowered = rolled.gains.sum(axis=0), self._lowered(rolled).sum(axis=0)
            preferred = {one.insats_id for one in planned.placements} & set(self.case.wishes.prefer)
            worth = float(value(lowered, ends, weights, targets)) + bonus * len(preferred)
            if self._too_low(planned.placements, rolled.gains):  # planned with larger gains than it leads to
                worth = -np.inf
            foreseen.append(Foreseen(planned, rolled, float(value(added, ends, weights, targets)), worth))
        return tuple(foreseen)

    def prospects(self, rolled: Rolled) -> Prospects:
        """Give what is expected along a plan's way, less caution, in the catalogue's own typical hours."""
        alone, beside = rolled.alone, rolled.beside
        if self.doubts is not None:
            shares = self._shares(rolled)[:, :, None]
            alone, beside = alone - shares * self.doubts[0], beside - shares * self.doubts[1]
        doses = {id: dose_at_typical_hours(id, self.catalogue, self.insatser) for id in self.columns}
        return self._prospects(
            {id: doses[id] * alone[:, column] for id, column in self.columns.items()},
            {id: doses[id] * beside[:, column] for id, column in self.columns.items()},
        )

    def amounts(self, placements: Sequence[Placement]) -> Amounts:
        """Measure what a plan gives of each insats in each quarter."""
        return measure(placements, self.case, self.catalogue, self.insatser, self.columns, self.n_quarters)

    def roll(self, plans: Sequence[Sequence[Placement]]) -> list[Rolled]:
        """Roll placements forward; none at all are the course without a plan."""
        return roll(self.outlook, [self.amounts(placements) for placements in plans], self.n_quarters) if plans else []

    def _prospects(self, alone: dict[str, Array], beside: dict[str, Array]) -> Prospects:
        outlook = self.outlook
        return Prospects(
            outlook.indicators, outlook.scale, outlook.now, outlook.without, alone, beside, frozenset(alone)
        )

    def _lowered(self, rolled: Rolled) -> Array:
        """Give each activity's gain less caution, shape (A, J)."""
        if self.doubts is None:
            return rolled.gains
        plan, (alone, beside) = rolled.amounts, self.doubts
        shares = self._shares(rolled)[:, plan.insats].T
        taken = (plan.dose * shares).sum(axis=1, keepdims=True) * alone[plan.insats]
        lowered: Array = rolled.gains - taken - (plan.beside * shares).sum(axis=1, keepdims=True) * beside[plan.insats]
        return lowered

    def _shares(self, rolled: Rolled) -> Array:
        """Give the share of today's gain that is left of each insats in each quarter, shape (Q, K + 1).

        What is uncertain about a gain shrinks with it as levels rise.
        """
        worth = (rolled.alone + rolled.beside) @ weights_of(self.case.goal, self.outlook.indicators)
        today = np.where(worth[0] > 0, worth[0], np.inf)
        return np.where(worth[0] > 0, np.clip(worth / today, 0.0, 1.0), 1.0)

    def _too_low(self, placements: Sequence[Placement], gains: Array) -> dict[str, Fact]:
        """Name the insatser whose required levels the gains before them do not reach."""
        known, found = self.case.levels(), {}
        for one in placements:
            before = [number for number, other in enumerate(placements) if other.end_on <= one.start_on]
            for indicator, needed in self.catalogue.by_id[one.insats_id].requires.levels.items():
                gained = gains[before][:, [id == indicator for id in self.outlook.indicators]].sum()
                level = known.get(indicator, -np.inf)
                if not one.locked and level < needed and level + gained < needed - _SLACK:
                    found[one.insats_id] = Fact(
                        Rule.REQUIRED_LEVEL, needed=needed, found=known.get(indicator), indicator=indicator
                    )
        return found

    def _without(self, facts: Mapping[str, Fact], rounds: int) -> Outcome:
        """Propose without what can only be begun if gains were larger than they are along the way."""
        rest = {id: column for id, column in self.columns.items() if id not in facts}
        outcome = replace(self, columns=rest).propose(rounds)
        reasons = tuple(
            NotChosen(one.insats_id, "prerequisite", facts[one.insats_id], None) if one.insats_id in facts else one
            for one in outcome.proposal.not_chosen
        )
        return replace(outcome, proposal=replace(outcome.proposal, not_chosen=reasons))


def _same(one: Planned, other: Planned) -> bool:
    def placed(planned: Planned) -> set[tuple[str, date, date, float]]:
        return {(a.insats_id, a.start_on, a.end_on, a.hours_per_week) for a in planned.placements}

    return placed(one) == placed(other)


def _worth(plan: Foreseen) -> float:
    return plan.worth


def _best(plans: Sequence[Foreseen]) -> Foreseen:
    """Give the plan that is worth most: the first, unless another is so by more than anybody would notice."""
    best = max(plans, key=_worth)
    return best if _is_better(best, plans[0]) else plans[0]


def _is_better(plan: Foreseen, known: Foreseen | None) -> bool:
    """Tell whether a plan is worth more than another, by more than anybody would notice."""
    return known is None or plan.worth > known.worth + NOTICED * abs(plan.worth)


def _between(course: Prospects, way: Prospects, share: float) -> Prospects:
    """Give gains so far from those along the course towards those along a plan's way."""
    alone, beside = (
        {id: (1 - share) * gains + share * there[id] for id, gains in here.items()}
        for here, there in ((course.alone, way.alone), (course.beside, way.beside))
    )
    return replace(course, alone=alone, beside=beside)


def _promote(proposal: Proposal, best: Foreseen, first: Foreseen, catalogue: Catalogue) -> Proposal:
    """Tell why the rest was not chosen when an alternative turns out to be worth more than the first plan.

    What was lost against the first plan is lost besides what the first plan itself falls short of the best. What only
    the first plan holds is found in no better plan than that, and stands in nobody's way.
    """
    chosen = {one.insats_id for one in best.planned.placements}
    short = max(best.worth - first.worth, 0.0) if first.worth > -np.inf else None
    reasons = {}
    for reason in proposal.not_chosen:
        kept = reason
        if kept.loss is not None and kept.fact.other is not None and kept.fact.other not in chosen:
            kept = replace(kept, code="less_gain", fact=Fact(Rule.BEST))
        reasons[kept.insats_id] = kept if kept.loss is None or short is None else replace(kept, loss=kept.loss + short)
    for one in first.planned.placements:
        reasons[one.insats_id] = NotChosen(one.insats_id, "less_gain", Fact(Rule.BEST), short)
    return replace(
        proposal, not_chosen=tuple(reasons[id] for id in catalogue.ids if id in reasons and id not in chosen)
    )
