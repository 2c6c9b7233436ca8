"""Lays out the client's own page: what was used, for what, what is suggested, who decides, how to object and correct.

It answers to the right to an explanation (AI Act art. 86; GDPR arts. 13-16) as far as a suggestion can: the decision
itself, and how to appeal against it, belong to whoever decides.
"""

from dataclasses import dataclass, fields
from datetime import timedelta

from pathway.case import Case, Profile
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Activity, Explanation, Plan, Suggestion
from pathway.printout.shapes import clean
from pathway.wording.moments import swedish_day
from pathway.wording.reasons import cases_of_ten, direction, grouped, name_of, weigh, weights_of
from pathway.wording.words import Words

_INDICATORS_NAMED = 3
_REASONS_NAMED = 3
_MOST_LINES = 10  # of insatser; the others are counted, so that the page stays one
_ONE_ROW = 28  # letters of a name that stay on one row; and rows that leave room for large letters
_ROOMY = 6
_LONGEST_NAME = 70  # letters of an insats's name, so that a plan fits on a page


@dataclass(frozen=True)
class Line:
    """One insats of the plan: what, when, how many hours a week."""

    name: str
    when: str
    hours: str


@dataclass(frozen=True)
class Leaflet:
    """All that the page says of one suggestion; `lines` and the texts about a plan are empty where there is none.

    `density` says how tightly it must be set to stay one page: empty, ``long`` or ``longest``.
    """

    case_id: str
    mock: bool
    lines: tuple[Line, ...]
    density: str
    more: str
    expects: str
    chance: str
    data: str
    reasons: str
    foot: str


def lay_out(suggestion: Suggestion, case: Case, catalogue: Catalogue, instrument: Instrument, words: Words) -> Leaflet:
    """Lay out the page of one suggestion; raises `ValueError` if suggestion and case are not of the same case."""
    if suggestion.case_id != case.case_id:
        raise ValueError("the suggestion is for another case")
    plan = suggestion.plans[0] if suggestion.plans else None
    activities = sorted(plan.activities, key=lambda one: (one.start_on, one.end_on)) if plan else []
    known = _known(case, words)
    expects, chance = _expects(plan, case, instrument, words) if plan else ("", "")
    mark = words.text("fixed.mock_mark").casefold()
    lines = tuple(_line(activity, catalogue, words) for activity in activities[:_MOST_LINES])
    return Leaflet(
        case_id=clean(case.case_id),
        mock=any(mark in note.casefold() for note in suggestion.notes),
        lines=lines,
        density=_density(lines),
        more=_more(len(activities) - _MOST_LINES, words),
        expects=expects,
        chance=chance,
        data=words.text("client.data", parts=words.listed(known)) if known else words.text("client.data_none"),
        reasons=_reasons(activities, case, instrument, words),
        foot=words.text(
            "client.foot",
            suggestion=clean(suggestion.suggestion_id),
            date=words.day(swedish_day(suggestion.created_at)),
            model=clean(suggestion.model_version),
        ),
    )


def _density(lines: tuple[Line, ...]) -> str:
    n_rows = sum(2 if len(line.name) > _ONE_ROW else 1 for line in lines)
    return "" if n_rows <= _ROOMY else "long" if n_rows <= 2 * _ROOMY else "longest"


def _more(n: int, words: Words) -> str:
    return words.text("client.more", n=words.amount(n, "insats")) if n > 0 else ""


def _line(activity: Activity, catalogue: Catalogue, words: Words) -> Line:
    name = clean(name_of(activity.insats_id, catalogue))
    last = activity.end_on - timedelta(days=1)
    return Line(
        name=name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…",
        when=words.text("client.span", start=words.day(activity.start_on), last=words.day(last)),
        hours=words.quantity(activity.hours_per_week, "hour"),
    )


def _expects(plan: Plan, case: Case, instrument: Instrument, words: Words) -> tuple[str, str]:
    """Name the indicators that the plan is expected to raise most, and how surely it raises the first of them."""
    weights = weights_of(case.goal, instrument)
    raised = {
        indicator: level.with_plan.mean - level.without_plan.mean
        for indicator, level in plan.expected.items()
        if weights.get(indicator, 0.0) and direction(level.with_plan.mean - level.without_plan.mean, 1) == "up"
    }
    named = sorted(raised, key=lambda indicator: -weights[indicator] * raised[indicator])[:_INDICATORS_NAMED]
    if not named:
        return "", ""
    labels = words.listed(words.in_sentence(words.indicator(instrument, indicator)) for indicator in named)
    surest = max(
        (activity.gain[named[0]] for activity in plan.activities if named[0] in activity.gain),
        key=lambda gain: gain.mean,
    )
    n = cases_of_ten(surest)
    return words.text("client.expects", indicators=labels), words.text("client.chance", n=str(n)) if n < 10 else ""


def _reasons(activities: list[Activity], case: Case, instrument: Instrument, words: Words) -> str:
    """Name what weighed most in the whole plan, whichever way."""
    weights = weights_of(case.goal, instrument)
    weighed = [weigh(activity, weights) for activity in activities]
    parts = Explanation(0.0, tuple(part for one in weighed for part in one.contributions))
    groups = [group for group in grouped(parts, instrument, words) if direction(group.contribution) != "same"]
    phrases = dict.fromkeys(words.group(group.group, instrument).phrase for group in groups)
    named = list(phrases)[:_REASONS_NAMED]
    return words.text("client.reasons", reasons=words.listed(named)) if named else ""


def _known(case: Case, words: Words) -> list[str]:
    """List what the case says that the model or the rules use."""
    measured = [a.measured_on for a in case.measurements if a.value is not None and a.measured_on <= case.as_of]
    known = [words.text("client_data.ratings", date=words.day(max(measured)))] if measured else []
    known += [
        words.text(f"client_data.{part.name}")
        for part in fields(Profile)
        if part.name != "gender" and getattr(case.profile, part.name) is not None
    ]
    wishes = case.wishes.prefer or case.wishes.avoid or case.wishes.require
    given = {"participations": case.participations, "wishes": wishes, "limits": "limits" not in case.defaulted}
    return known + [words.text(f"client_data.{name}") for name, there in given.items() if there]
