"""One person's case as a suggestion is asked for: profile, measurements, earlier insatser, wishes, limits and goal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.catalogue import IncomeSource, Municipality, SwedishLevel
from pathway.errors import FaultyCase
from pathway.instrument import Instrument, Respondent
from pathway.reading import shaped, without_nulls

CasePhase = Literal["aktuell", "avslutad", "förhandsbedömning", "anmälan"]
CASE_PHASES: tuple[CasePhase, ...] = ("aktuell", "avslutad", "förhandsbedömning", "anmälan")
HELD_BACK: tuple[CasePhase, ...] = ("förhandsbedömning", "anmälan")  # never taken in, never suggested for

LIGHTEST = 1e-6  # weight
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

Gender = Literal["kvinna", "man", "annat", "okänt"]
Education = Literal["förgymnasial", "gymnasial", "eftergymnasial", "okänd"]
EndedAs = Literal["fullföljd", "avbruten", "pågår"]


@dataclass(frozen=True)
class Profile:
    """What is known of the person; ``None`` is not known."""

    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    gender: Gender | None = None
    municipality: Municipality | None = None
    education: Education | None = None
    income_source: IncomeSource | None = None
    months_without_work: Annotated[int, Field(ge=0, le=900)] | None = None
    swedish_level: SwedishLevel | None = None
    children_at_home: bool | None = None
    health_codes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Answer:
    """One respondent's rating of one indicator on one day; ``value`` is ``None`` when asked but not answered."""

    measured_on: date
    respondent: Respondent
    indicator: str
    value: int | None


@dataclass(frozen=True)
class Participation:
    """A period in an insats; ``ended_on`` is ``None`` while it runs."""

    insats_id: str
    started_on: date
    hours_per_week: Annotated[float, Field(gt=0, le=100)]
    ended_on: date | None = None
    ended_as: EndedAs = "pågår"

    def __post_init__(self) -> None:
        if self.ended_on is not None and self.ended_on < self.started_on:
            raise ValueError("ended_on must not be before started_on")

    def runs_on(self, day: date) -> bool:
        """Tell whether the insats is running on this day."""
        return self.started_on <= day and (self.ended_on is None or day < self.ended_on)


@dataclass(frozen=True)
class Locked:
    """An activity that is promised or decided: it is in every plan as it stands, and is never moved.

    It may lie outside what the catalogue now allows, and eligibility is not asked again. From `start_on` up to and not
    including `end_on`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: Annotated[float, Field(gt=0, le=100)]

    def __post_init__(self) -> None:
        if self.end_on <= self.start_on:
            raise ValueError("end_on must be after start_on")


@dataclass(frozen=True)
class HoursFrom:
    """Hours a week that hold from a week (0: the week of the suggestion) until the next such step."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    from_week: Annotated[int, Field(ge=0, le=156)]
    hours_per_week: Annotated[float, Field(gt=0, le=60)]


@dataclass(frozen=True)
class Wishes:
    """Insatser that the person would rather have, would rather not, or that must be in the plan (ids)."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    prefer: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    require: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if set(self.avoid) & (set(self.require) | set(self.prefer)):
            raise ValueError("the same insats is both avoided and wished for; choose one")


@dataclass(frozen=True)
class Limits:
    """What the plan must keep within.

    Attributes
    ----------
    budget
        In kronor; ``None`` is no limit.
    activities
        Most activities in the plan, locked ones included; ``None``: as many as good practice allows.
    hours_by_week
        A ramp: hours a week from some weeks on, in weeks of seven days after `Case.as_of`. Before the first, and where
        a step lies above it, `hours_per_week` holds.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    hours_per_week: Annotated[float, Field(gt=0, le=60)] = 20.0
    parallel: Annotated[int, Field(ge=1, le=10)] = 3
    horizon_weeks: Annotated[int, Field(ge=1, le=156)] = 52
    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    activities: Annotated[int, Field(ge=1, le=20)] | None = None
    hours_by_week: tuple[HoursFrom, ...] = ()

    def __post_init__(self) -> None:
        weeks = [step.from_week for step in self.hours_by_week]
        if weeks != sorted(set(weeks)):
            raise ValueError("hours_by_week must have from_week in ascending order, each once")


@dataclass(frozen=True)
class Goal:
    """What the plan is for.

    Attributes
    ----------
    weights
        Worth of one step, per indicator that may drive ranking; empty: each weighs 1; given: the others weigh 0. The
        heaviest, unless all are 0, at least `LIGHTEST`: the planner cannot tell plans apart by less.
    targets
        Level up to which steps count; where none is given, the top of the scale.
    caution
        Standard deviations of an activity's worth that are taken off it when plans are compared, 0 to 2: above 0, a
        sure gain is chosen before an unsure one. What is shown is never lowered.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    caution: Annotated[float, Field(ge=0, le=2)] = 0.0

    def __post_init__(self) -> None:
        if 0 < max(self.weights.values(), default=0) < LIGHTEST:
            raise ValueError(f"the heaviest of the weights must be at least {LIGHTEST:f}, or all must be 0")


@dataclass(frozen=True)
class Case:
    """All that a suggestion is made from.

    Attributes
    ----------
    as_of
        The day the suggestion is made for; nothing dated later is used.
    locked
        Activities that are in every plan as they stand.
    instrument
        Name of the instrument that the answers were given with (``bip-2026-1``); ``None``: the model's own.
    defaulted
        Parts that the case did not give, so that defaults apply: dotted paths such as ``limits.parallel``.
    ignored
        Fields that the case gave and that are not known here: dotted paths.
    """

    case_id: Annotated[str, Field(min_length=1, max_length=200)]
    as_of: date
    measurements: tuple[Answer, ...]
    case_phase: CasePhase = "aktuell"
    profile: Profile = Profile()
    participations: tuple[Participation, ...] = ()
    wishes: Wishes = Wishes()
    limits: Limits = Limits()
    goal: Goal = Goal()
    locked: tuple[Locked, ...] = ()
    instrument: str | None = None
    defaulted: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def levels(self) -> dict[str, float]:
        """Level of each indicator at its latest measurement on or before `as_of`: the mean of those who answered.

        Indicators that nobody ever answered are left out.
        """
        latest: dict[str, date] = {}
        answers: dict[tuple[str, date], list[int]] = {}
        for answer in self.measurements:
            if answer.value is None or answer.measured_on > self.as_of:
                continue
            answers.setdefault((answer.indicator, answer.measured_on), []).append(answer.value)
            latest[answer.indicator] = max(answer.measured_on, latest.get(answer.indicator, answer.measured_on))
        return {
            indicator: sum(answers[indicator, day]) / len(answers[indicator, day]) for indicator, day in latest.items()
        }


_ADAPTER = TypeAdapter(Case)
_DEFAULTABLE = ("case_phase", "participations", "wishes", "limits", "goal")


def shape(raw: Any, instrument: Instrument, place: str = "case") -> Case:
    """Check plain data as a case.

    Parameters
    ----------
    raw
        A case as the contract's section 4 has it. Unknown fields are noted in `Case.ignored`, except in ``wishes``,
        ``limits`` and ``goal``, where a misspelt one would silently change the plan: there they are refused.
    place
        Names the case in errors (``case 3``): never the case number, which may be somebody's personnummer.

    Raises
    ------
    FaultyCase
        The case breaks a rule; the message names the field and the rule.
    """
    if not isinstance(raw, Mapping):
        raise FaultyCase(f"{place}: a case must be a JSON object")
    known = {f.name for f in fields(Case)} - {"defaulted", "ignored"}
    given = {key: value for key, value in raw.items() if key in known and value is not None}
    given |= {part: without_nulls(given[part]) for part in ("wishes", "limits", "goal") if part in given}
    case = shaped(
        _ADAPTER,
        given | {"defaulted": _defaulted(given), "ignored": _ignored(raw, known)},
        lambda message: FaultyCase(f"{place}: {message}"),
    )
    _check_days(case, place)
    _check_against(case, instrument, place)
    _check_locked(case, place)
    return case


def _defaulted(given: Mapping[str, Any]) -> tuple[str, ...]:
    missing = [name for name in _DEFAULTABLE if name not in given]
    for name, parts in (("profile", Profile), ("limits", Limits), ("goal", Goal)):
        inside = given.get(name, {})
        if name in missing or not isinstance(inside, Mapping):
            continue
        optional = {"budget", "activities", "hours_by_week", "targets", "caution"}
        absent = [f.name for f in fields(parts) if inside.get(f.name) in (None, {})]  # empty weights are none
        missing += [f"{name}.{part}" for part in absent if part not in optional]
    return tuple(missing)


def _ignored(raw: Mapping[str, Any], known: set[str]) -> tuple[str, ...]:
    unknown = [str(key) for key in raw if key not in known]
    for name, parts in (("profile", Profile), ("measurements", Answer), ("participations", Participation)):
        inside = raw.get(name) or ()
        rows = [inside] if isinstance(inside, Mapping) else inside if isinstance(inside, list) else []
        names = {f.name for f in fields(parts)}
        keys = {str(key): None for row in rows if isinstance(row, Mapping) for key in row if key not in names}
        unknown += [f"{name}.{key}" for key in keys]
    return tuple(unknown)


def _check_days(case: Case, place: str) -> None:
    """Refuse days that plans cannot be counted from: as far off as nobody means."""
    if case.as_of < EARLIEST:
        raise FaultyCase(f"{place}: as_of: must not be before {EARLIEST}")
    days = {"as_of": case.as_of}
    days |= {f"participations.{number}.started_on": one.started_on for number, one in enumerate(case.participations)}
    days |= {f"locked.{number}.start_on": one.start_on for number, one in enumerate(case.locked)}
    for where, day in days.items():
        if day > LATEST:
            raise FaultyCase(f"{place}: {where}: must not be after {LATEST}")


def _check_locked(case: Case, place: str) -> None:
    """Refuse a locked activity that overlaps itself: the same insats locked twice with days in common."""
    for number, one in enumerate(case.locked):
        for earlier, other in enumerate(case.locked[:number]):
            if one.insats_id == other.insats_id and one.start_on < other.end_on and other.start_on < one.end_on:
                raise FaultyCase(
                    f"{place}: locked.{number}: overlaps locked.{earlier}, the same insats, from "
                    f"{max(one.start_on, other.start_on)}; lock each period once"
                )


def _check_against(case: Case, instrument: Instrument, place: str) -> None:
    if case.instrument not in (None, instrument.name):
        raise FaultyCase(
            f"{place}: instrument: the answers are from another instrument than the model's ({instrument.name}); "
            "use a model trained on that instrument"
        )
    scale = instrument.scale
    answered: dict[tuple[date, str, str], int] = {}
    for number, answer in enumerate(case.measurements):
        where = f"{place}: measurements.{number}"
        same = answered.setdefault((answer.measured_on, answer.respondent, answer.indicator), number)
        if same != number:
            raise FaultyCase(
                f"{where}: the same is answered in measurements.{same}; give one answer a day by each respondent to "
                "each indicator"
            )
        if answer.indicator not in instrument:
            raise FaultyCase(
                f"{where}.indicator: not an indicator of {instrument.name}; allowed: "
                + ", ".join(indicator.id for indicator in instrument.indicators)
            )
        if answer.respondent not in instrument[answer.indicator].respondents:
            raise FaultyCase(f"{where}.respondent: {answer.indicator} is not answered by {answer.respondent}")
        if answer.value is not None and not scale.min <= answer.value <= scale.max:
            raise FaultyCase(f"{where}.value: outside the scale {scale.min}–{scale.max} of {instrument.name}")
    for part, named in (("weights", case.goal.weights), ("targets", case.goal.targets)):
        for indicator in named:
            if indicator not in instrument.ranking:
                raise FaultyCase(
                    f"{place}: goal.{part}: not an indicator that may drive ranking; allowed: "
                    + ", ".join(instrument.ranking)
                )
    for indicator, target in case.goal.targets.items():
        if not scale.min <= target <= scale.max:
            raise FaultyCase(f"{place}: goal.targets.{indicator}: outside the scale {scale.min}–{scale.max}")
