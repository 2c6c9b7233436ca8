"""What goes over the wire beside cases and suggestions; the shapes are checked strictly and are the documentation."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from pathway.case import Answer, Goal, Limits, Profile, Wishes
from pathway.catalogue import Insats
from pathway.plan import NotChosen, Plan, Status, Suggestion
from pathway.questions.difference import Difference, Placed
from service.access.roles import Role
from service.cases import REGISTER_PSEUDONYM

STRICT = ConfigDict(extra="forbid", strict=True)
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
Id = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9.~-]{0,63}$")]
RegisterPseudonym = Annotated[str, Field(pattern=REGISTER_PSEUDONYM)]
Answered = Literal["accepted", "changed", "rejected"]


@dataclass(frozen=True)
class Problem:
    """What went wrong (RFC 9457). `instance` leads to the log and the trail."""

    type: str
    title: str
    title_sv: str
    status: int
    detail: str
    instance: str


@dataclass(frozen=True)
class Measurements:
    """Answers of one date, as the case has them."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    measurements: Annotated[list[Answer], Field(min_length=1, max_length=200)]


@dataclass(frozen=True)
class Measured:
    """What was taken down; the suggestions that it overtook; make a new one with `POST /suggestions`."""

    case_number: str
    version: int
    measurements: list[Answer]
    overtaken: list[str]


@dataclass(frozen=True, kw_only=True)
class SuggestionRequest:
    """A posted `case` or the `case_number` of a stored one; the rest goes before what the case says."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    case: dict[str, Any] = field(default_factory=dict)
    case_number: Number = ""
    as_of: date | None = None
    limits: Limits | None = None
    wishes: Wishes | None = None
    goal: Goal | None = None

    def __post_init__(self) -> None:
        if bool(self.case) == bool(self.case_number):
            raise ValueError("give either case or case_number")


@dataclass(frozen=True)
class Replaces:
    """The open suggestion that a new one comes after."""

    suggestion_id: str
    difference: Difference


@dataclass(frozen=True, kw_only=True)
class SuggestionShown(Suggestion):
    """A suggestion as it was shown. For an auditor, `case_id` is a pseudonym."""

    replaces: Replaces | None = None


@dataclass(frozen=True)
class State:
    """What has become of a suggestion."""

    suggestion_id: str
    pseudonym: str
    status: Status
    created_at: datetime
    model_version: str
    catalogue_version: str
    overtaken: bool
    answer: Answered | None


@dataclass(frozen=True)
class FullState(State):
    """The same, with the latest suggestion for the case, if it is another one."""

    newer: str | None


@dataclass(frozen=True)
class States:
    """One page of suggestions, newest first."""

    data: list[State]
    page: int
    limit: int
    total: int


@dataclass(frozen=True)
class Changes:
    """What would be different; `forbid` and `require` add to the wishes."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    limits: Limits | None = None
    wishes: Wishes | None = None
    goal: Goal | None = None
    profile: Profile | None = None
    as_of: date | None = None
    forbid: Annotated[list[Id], Field(max_length=200)] = field(default_factory=list)
    require: Annotated[list[Id], Field(max_length=200)] = field(default_factory=list)


@dataclass(frozen=True)
class WhatIf:
    """The plan that comes of changes, and what is different from the one that was shown.

    Where another model or catalogue made what was shown, the last note says so: some of the difference may be its.
    """

    based_on: str
    status: Status
    model_version: str
    notes: list[str]
    plan: Plan | None
    not_chosen: list[NotChosen]
    difference: Difference


@dataclass(frozen=True)
class WhyNotAnswer:
    """What was found when it was asked: one sentence a line, and what the plan loses; null where no plan was found."""

    text: str
    loss: float | None


@dataclass(frozen=True)
class WhyNot:
    """Why an insats is not in the plan, as it was shown and as it is found now, and the plan with it, if there is one.

    `answer` is null where the insats is in the plan, or the suggestion is another model's or catalogue's.
    """

    based_on: str
    insats_id: str
    in_plan: bool
    code: str | None
    text: str | None
    loss: float | None
    answer: WhyNotAnswer | None
    plan: Plan | None
    difference: Difference | None


@dataclass(frozen=True)
class Chosen:
    """An activity that was chosen instead."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    insats_id: Id
    start_on: date
    end_on: date
    hours_per_week: Annotated[float, Field(gt=0, le=60)]


@dataclass(frozen=True)
class DecisionRequest:
    """The caseworker's answer. Codes with words are at `/reason-codes`; an authority may use its own besides."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    answer: Answered
    reason_code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    reason: Words
    plan_rank: Annotated[int, Field(ge=1, le=10)] | None = None
    activities: Annotated[list[Chosen], Field(max_length=50)] | None = None
    caseworker: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")] | None = None


@dataclass(frozen=True)
class Decision:
    """The answer as it was taken down; an auditor does not see the own words."""

    suggestion_id: str
    answer: Answered
    reason_code: str
    reason: str | None
    activities: list[Placed]
    overtaken: bool
    decided_at: datetime
    decided_by: str


@dataclass(frozen=True)
class ReasonCode:
    """A reason code with its words, and the answers that it goes with."""

    code: str
    answers: list[Answered]
    sv: str
    en: str


@dataclass(frozen=True)
class ReasonCodes:
    """All reason codes that have words."""

    data: list[ReasonCode]


@dataclass(frozen=True)
class ConsentRequest:
    """Lets another unit see one case, for a purpose and until a day."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    recipient: Id
    purpose: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
    ends_on: date


@dataclass(frozen=True)
class Consent:
    """A consent; it ends after `ends_on`, or when it is revoked."""

    consent_id: str
    recipient: str
    purpose: str
    ends_on: date
    given_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Consents:
    """All consents of a case."""

    data: list[Consent]


@dataclass(frozen=True)
class StopRequest:
    """Turns suggestions off; without `target`, for the caller's unit or the model in use."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    scope: Literal["unit", "model"]
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
    target: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")] | None = None


@dataclass(frozen=True)
class Stop:
    """A stop; in force until it is lifted."""

    stop_id: str
    scope: Literal["unit", "model"]
    target: str
    reason: str
    set_at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True)
class Stops:
    """All stops in force that concern the caller."""

    data: list[Stop]


@dataclass(frozen=True)
class Insatser:
    """One page of the catalogue."""

    catalogue_version: str
    data: list[Insats]
    page: int
    limit: int
    total: int


@dataclass(frozen=True)
class ModelInUse:
    """The model in use, with its card (Markdown) and manifest."""

    version: str
    card: str
    manifest: dict[str, Any]


@dataclass(frozen=True)
class TrailEntry:
    """One entry; `hash` is SHA-256 of a zero byte, the previous hash and `body`."""

    seq: int
    hash: str
    previous: str
    body: str
    entry: dict[str, Any]


@dataclass(frozen=True)
class TrailPage:
    """One page of the trail, newest first, with its signed end."""

    data: list[TrailEntry]
    page: int
    limit: int
    total: int
    head: dict[str, Any]
    public_key: str


@dataclass(frozen=True)
class TrailCheck:
    """Whether the trail holds, and if not, why."""

    holds: bool
    faults: list[str]
    n_entries: int
    public_key: str


@dataclass(frozen=True)
class Export:
    """All that is stored about one client."""

    exported_at: datetime
    case_number: str
    pseudonym: str
    register_pseudonym: str | None
    unit: str
    case: dict[str, Any] | None
    suggestions: list[dict[str, Any]]
    also_shown_or_said: list[dict[str, Any]]
    consents: list[dict[str, Any]]


@dataclass(frozen=True)
class Erased:
    """What was erased; the trail knows the client only by this pseudonym."""

    pseudonym: str
    n_erased: int
    erased_at: datetime


@dataclass(frozen=True)
class KeyRequest:
    """A new account for a system, with its first key. Roles of a unit name it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    label: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    role: Role
    unit: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")] | None = None


@dataclass(frozen=True)
class Key:
    """A key, without what opens."""

    key_id: str
    label: str
    role: Role
    unit: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class NewKey(Key):
    """A key with its bearer text, which is shown this once."""

    bearer: str


@dataclass(frozen=True)
class Keys:
    """One page of keys, newest first."""

    data: list[Key]
    page: int
    limit: int
    total: int


@dataclass(frozen=True)
class Account:
    """An account. `known_as`: what a system is called, or what the provider of logins calls a person."""

    account_id: str
    kind: Literal["person", "machine"]
    role: Role
    unit: str | None
    known_as: str
    created_at: datetime
    closed_at: datetime | None
    n_logins: int
    used_at: datetime | None


@dataclass(frozen=True)
class Accounts:
    """One page of accounts, those of people who are logged in first."""

    data: list[Account]
    page: int
    limit: int
    total: int


@dataclass(frozen=True)
class LoginsEnded:
    """How many logins were ended."""

    n_ended: int


@dataclass(frozen=True)
class ApiInfo:
    """The API itself; the names are those that DIGG's profile asks for."""

    apiName: str
    apiVersion: str
    apiReleased: date
    apiDocumentation: str
    apiStatus: Literal["beta", "active", "deprecated", "retired"]


@dataclass(frozen=True)
class Health:
    """Whether the service can do its work, part by part (``ok``, or what is wrong)."""

    status: Literal["ok", "failing"]
    parts: dict[str, str]
