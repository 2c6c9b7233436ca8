"""The suggestion and its parts: frozen shapes, and what is always true of them. Fields are the contract's section 4."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pydantic import TypeAdapter

Status = Literal["suggested", "abstained"]
NotChosenCode = Literal[
    "not_eligible", "prerequisite", "no_start_date", "hours", "excluded", "avoided", "too_little_data",
    "no_expected_gain", "less_gain",
]  # fmt: skip
ADDITIVITY = 1e-6  # base + contributions equals the gain's mean within this (contract, section 4)
_NOTICEABLE = 0.0005  # of a gap
_CERTAIN: frozenset[NotChosenCode] = frozenset({"not_eligible", "no_start_date", "hours", "too_little_data", "avoided"})


@dataclass(frozen=True)
class Interval:
    """A mean with the ends of its 90 % interval, in steps or levels of the scale."""

    mean: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.mean <= self.high:
            raise ValueError("low ≤ mean ≤ high must hold")


@dataclass(frozen=True)
class Contribution:
    """How many steps one known thing about the person adds to, or takes from, an expected gain."""

    feature: str
    value: float | str | bool | tuple[str, ...] | None
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """An expected gain split into a base, the same for everybody, and one contribution per feature."""

    base: float
    contributions: tuple[Contribution, ...]

    @property
    def total(self) -> float:
        """Base and contributions added up: the gain's mean."""
        return self.base + sum(part.contribution for part in self.contributions)


@dataclass(frozen=True)
class Reasons:
    """An activity's gains summed over indicators, each times its weight: a base, and steps per group of features.

    What is shown as reasons. Base and groups add up to the weighted sum of the gains' means; `Suggestion.groups` says
    which features a group holds.
    """

    base: float
    groups: dict[str, float]

    @property
    def total(self) -> float:
        """Base and groups added up."""
        return self.base + sum(self.groups.values())


@dataclass(frozen=True)
class Group:
    """Features that belong together in the eyes of a person, with their heading. Each is in one group only."""

    label: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Activity:
    """One insats placed in time, from `start_on` up to and not including `end_on`.

    `gain` and `explanation` are per indicator, `reasons` are of all together; `based_on` counts the past participations
    behind the estimate.
    """

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: float
    based_on: int
    gain: dict[str, Interval]
    explanation: dict[str, Explanation]
    text: str
    reasons: Reasons | None = None

    def __post_init__(self) -> None:
        if self.start_on >= self.end_on:
            raise ValueError("an activity must end after it starts")
        for indicator, gain in self.gain.items():
            if abs(self.explanation[indicator].total - gain.mean) > ADDITIVITY:
                raise ValueError(f"the explanation of {self.insats_id} on {indicator} does not add up to its gain")


@dataclass(frozen=True)
class Expected:
    """The level of one indicator: now, and at the end of the horizon with and without the plan."""

    now: float
    with_plan: Interval
    without_plan: Interval


@dataclass(frozen=True)
class Proof:
    """What the solver proved: ``optimal``, or ``feasible`` with the gap to the bound as a share of the objective."""

    status: Literal["optimal", "feasible"]
    gap: float

    @property
    def open(self) -> bool:
        """Whether another plan may be noticeably better: a tenth of a per cent, when rounded."""
        return self.gap >= _NOTICEABLE


@dataclass(frozen=True)
class Reach:
    """The chance, 0 to 1, that an indicator's level is at its target or above at the end of the horizon."""

    target: float
    chance: float


@dataclass(frozen=True)
class Differs:
    """Insatser that are in this plan only, and those that are in the first plan only."""

    only_here: tuple[str, ...]
    only_in_first: tuple[str, ...]


@dataclass(frozen=True)
class Costs:
    """What a plan gives up against the first: of the objective, and of each expected level (below 0: it is higher)."""

    objective: float
    expected: dict[str, float]


@dataclass(frozen=True)
class Plan:
    """Activities that keep every rule, what they are worth, and what is expected of them.

    Attributes
    ----------
    reach
        Per indicator that the goal names a target for.
    theme
        What the plan is better at than the first: one of the planner's themes; ``None`` for an alternative that is
        nothing but different. ``best``: the first itself.
    differs, costs
        Against the first plan; ``None`` for the first itself.
    """

    rank: int
    objective: float
    proof: Proof
    activities: tuple[Activity, ...]
    expected: dict[str, Expected]
    reach: dict[str, Reach] = field(default_factory=dict)
    theme: str | None = None
    differs: Differs | None = None
    costs: Costs | None = None


@dataclass(frozen=True)
class NotChosen:
    """Why an insats is not in the first plan, and what forcing it in would lose; ``None``: no plan was found."""

    insats_id: str
    code: NotChosenCode
    text: str
    loss: float | None

    @property
    def certain(self) -> bool:
        """Whether the rule by itself keeps it out of every plan; otherwise none was found in the time for all."""
        return self.code in _CERTAIN


@dataclass(frozen=True)
class Suggestion:
    """What is shown to the handläggare, who decides. Frozen when it is made.

    `groups` are those of the plans' features, by the names that reasons use.
    """

    suggestion_id: str
    case_id: str
    status: Status
    model_version: str
    catalogue_version: str
    created_at: datetime
    notes: tuple[str, ...]
    plans: tuple[Plan, ...]
    not_chosen: tuple[NotChosen, ...]
    groups: dict[str, Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.status == "abstained") != (not self.plans):
            raise ValueError("a suggestion has plans unless it abstains")
        if self.status == "abstained" and not self.notes:
            raise ValueError("a suggestion that abstains says why")


_ADAPTER = TypeAdapter(Suggestion)


def plain(suggestion: Suggestion) -> dict[str, Any]:
    """Turn a suggestion into plain data, as the contract's JSON has it."""
    data: dict[str, Any] = _ADAPTER.dump_python(suggestion, mode="json")
    return data


def shape(raw: Any) -> Suggestion:
    """Turn plain data back into a suggestion; raises pydantic's ``ValidationError``, a ``ValueError``."""
    return _ADAPTER.validate_python(raw)
