"""The rules that every plan keeps, each with an id, and the facts that say how a rule stands in the way."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pathway.plan import NotChosenCode

Code = NotChosenCode


class Rule(StrEnum):
    """Every rule of the planner; `DESCRIPTIONS` has one English line for each."""

    MUNICIPALITY = "municipality"
    AGE = "age"
    INCOME_SOURCE = "income_source"
    SWEDISH_LEVEL = "swedish_level"
    AVOIDED = "avoided"
    COMPARABLE = "comparable"
    PLACES = "places"
    VALIDITY = "validity"
    INTAKE_DATES = "intake_dates"
    HORIZON = "horizon"
    LEGAL_LENGTH = "legal_length"
    ONCE = "once"
    HOURS_LIMIT = "hours_limit"
    WEEKLY_LOAD = "weekly_load"
    PARALLEL = "parallel"
    BUDGET = "budget"
    REQUIRED_INSATS = "required_insats"
    REQUIRED_LEVEL = "required_level"
    EXCLUSION = "exclusion"
    GROUP = "group"
    WORTH = "worth"
    MAX_ACTIVITIES = "max_activities"
    JOB_EARLY = "job_early"
    GAP = "gap"
    LOCKED = "locked"
    REQUIRED_WISH = "required_wish"
    BEST = "best"
    DIFFERENCE = "difference"


DESCRIPTIONS: dict[Rule, str] = {
    Rule.MUNICIPALITY: "The insats is offered in the person's municipality.",
    Rule.AGE: "The person's age (by year) is within the insats's limits, on the day of the suggestion and at start.",
    Rule.INCOME_SOURCE: "The insats is open to people with the person's source of income.",
    Rule.SWEDISH_LEVEL: "The person's Swedish is at the level that the insats needs.",
    Rule.AVOIDED: "No insats that the person wants to avoid is in a plan.",
    Rule.COMPARABLE: "There are enough comparable people in the register to say what the insats would bring.",
    Rule.PLACES: "The insats has at least one place.",
    Rule.VALIDITY: "The whole activity lies within the insats's period of validity.",
    Rule.INTAKE_DATES: "An activity starts on an intake date (a Monday, where intake is continuous), after the queue.",
    Rule.HORIZON: "An activity has a length within the insats's range and ends within the horizon.",
    Rule.LEGAL_LENGTH: "An activity is no longer than the law lets one period of the insats last.",
    Rule.ONCE: "An insats is at most once in a plan, and not while the same insats is already running.",
    Rule.HOURS_LIMIT: "An activity's hours a week are within the insats's range and within the weekly limit.",
    Rule.WEEKLY_LOAD: "All hours in any week, running insatser included, are within the weekly limit, or the ramp.",
    Rule.PARALLEL: "Insatser in any week, running ones included, are no more than the limit.",
    Rule.BUDGET: "Weeks times cost per week, over all activities, is within the budget.",
    Rule.REQUIRED_INSATS: "Insatser that must come first have been completed, earlier in life or earlier in the plan.",
    Rule.REQUIRED_LEVEL: "Levels that the insats requires are reached now, or expected to be when it starts.",
    Rule.EXCLUSION: "Insatser that exclude each other do not overlap in time.",
    Rule.GROUP: "At most one of the insatser that are variants of one another, and no steps of one way, is in a plan.",
    Rule.WORTH: "An activity adds something worth its while, itself or beside others, unless the person requires it.",
    Rule.MAX_ACTIVITIES: "A plan has no more activities than the case, or else good practice, allows.",
    Rule.JOB_EARLY: "A job-oriented insats starts early, where one can (a rule of good practice that can be switched).",
    Rule.GAP: "No stretch without any insats is too long (a rule of good practice that can be switched).",
    Rule.LOCKED: "Activities that are promised or decided are in the plan as they stand.",
    Rule.REQUIRED_WISH: "Every insats that the person requires is in the plan.",
    Rule.BEST: "Among plans that keep all rules, the one with the highest objective is chosen.",
    Rule.DIFFERENCE: "Of any two plans, a third of the longer is not in the other, and each has an insats of its own.",
}


@dataclass(frozen=True)
class Fact:
    """How one rule stands in the way of one insats: numbers and ids that words can be made from.

    Fields that a rule has no use for are ``None``. Per code of `NotChosen` (each line: rule: meaning of the fields):

    ``not_eligible``
        * MUNICIPALITY, INCOME_SOURCE: `needed` allowed values (tuple of str), `found` the person's.
        * AGE: `needed` (age_min, age_max), either may be ``None``; `found` age in years.
        * SWEDISH_LEVEL: `needed` lowest level, `found` the person's.
        * In all of these `missing` is true, and `found` is ``None``, when the profile does not say.
    ``avoided``
        * AVOIDED: no fields.
    ``too_little_data``
        * COMPARABLE: no fields.
    ``no_start_date``
        * PLACES: `needed` 1, `found` 0.
        * VALIDITY: `on` the day it stops (or starts, if that is beyond the horizon) being offered.
        * INTAKE_DATES: `on` the earliest day after the queue; no intake date lies on or after it, or none is left.
        * HORIZON: `needed` shortest length in weeks, `found` whole weeks left from the first start to the end of the
          horizon (or of validity), `on` that first start (``None`` if there is none within the horizon).
        * LEGAL_LENGTH: `needed` shortest length in weeks, `found` the most weeks that the law allows.
        * ONCE: `other` is the insats itself, `on` the day it is taken to end.
        * AGE: as above: the age at the earliest start does not fit.
    ``hours``
        * HOURS_LIMIT: `needed` least hours a week, `found` the weekly limit.
        * WEEKLY_LOAD: `needed` least hours a week, `found` most hours that what is already running leaves.
        * PARALLEL: `needed` 1, `found` 0: running insatser take all parallel places (`on` until when, if known).
        * BUDGET: `needed` least cost in kronor (with what must come with it), `found` the budget.
        * MAX_ACTIVITIES: `needed` activities (with what must come with it), `found` the most allowed.
    ``prerequisite``
        * REQUIRED_INSATS: `other` the insats that must come first and cannot.
        * REQUIRED_LEVEL: `indicator`, `needed` level, `found` level now (``None``: not measured).
    ``excluded``
        * EXCLUSION, GROUP: `other` the insats that stands in the way: running, required, or in the first plan.
        * REQUIRED_WISH: `other` a required insats that leaves no room.
    ``no_expected_gain``
        * WORTH: `needed` least worth, `found` the most it could add at its best place; both in steps of the indicator
          that weighs most.
    ``less_gain``
        * BEST: no fields; the loss says it.
    """

    rule: Rule
    needed: float | str | tuple[str | int | None, ...] | None = None
    found: float | str | None = None
    missing: bool = False
    other: str | None = None
    indicator: str | None = None
    on: date | None = None
