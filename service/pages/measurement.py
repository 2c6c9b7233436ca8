"""The forms for a measurement, new or corrected: both respondents' answers of one day, any of them left out."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from service import cases, clock
from service.access.roles import Permission
from service.api.calls import Answer
from service.errors import Changed, Conflict, Faulty, NotFound
from service.pages import case as case_page
from service.pages.levels import RESPONDENTS
from service.pages.visitor import Errors, Sent, Visitor, allowed, sending
from service.visits import Visit

router = APIRouter(include_in_schema=False)
UNANSWERED = "-"  # asked, but not answered
Answers = list[dict[str, Any]]


@router.get("/cases/{number}/measurement")
def show_form(number: str, guest: Annotated[Visitor, allowed(Permission.CHANGE_CASE)]) -> Response:
    """Show an empty form, with the last answers beside."""
    return _form(number, guest, {"measured_on": clock.day(guest.installation.now()).isoformat()}, [])


@router.post("/cases/{number}/measurement")
def add_measurement(number: str, guest: Annotated[Visitor, sending(Permission.CHANGE_CASE)]) -> Response:
    """Store the answers, or say beside each field what is wrong with it; nothing that was typed is lost."""

    def work(visit: Visit, answers: Answers) -> Answer:
        done = cases.add_measurements(visit, number, list(answers), guest.sent.get("version") or None)
        told = "overtaken" if done.overtaken else "measured"
        return Answer({"address": f"/cases/{number}?done={told}"}, case_id=done.case_id)

    return _stored(number, guest, work)


@router.get("/cases/{number}/measurements/{day}")
def show_answers(number: str, day: date, guest: Annotated[Visitor, allowed(Permission.CHANGE_CASE)]) -> Response:
    """Show the answers of one day, to be corrected."""
    return _form(number, guest, None, [], day.isoformat())


@router.post("/cases/{number}/measurements/{day}")
def correct_measurement(number: str, day: date, guest: Annotated[Visitor, sending(Permission.CHANGE_CASE)]) -> Response:
    """Put corrected answers in the place of one day's, or take them all away."""
    was = day.isoformat()

    def work(visit: Visit, answers: Answers) -> Answer:
        found = cases.own(visit, number)
        corrected = _corrected(found.plain, was, answers)
        done = cases.correct(visit, number, corrected | {"case_id": number}, guest.sent.get("version") or "-")
        return Answer({"address": f"/cases/{number}?done=corrected"}, case_id=done.id)

    return _stored(number, guest, work, was)


def _stored(number: str, guest: Visitor, work: Any, day: str = "") -> Response:
    """Read the form and do the work with its answers once; what is wrong is said in the form."""
    answers, errors = read_answers(guest)
    if not errors:
        once = guest.once()
        try:
            with guest.visit() as visit:
                return guest.go(once.do(visit, lambda: work(visit, answers)).body["address"])
        except Changed:
            errors = [("measured_on", guest.texts("measurement.changed"))]
        except Conflict:
            errors = [("measured_on", guest.texts("measurement.already"))]
        except Faulty:
            errors = [("measured_on", guest.texts("measurement.refused"))]
    return _form(number, guest, guest.sent.plain(), errors, day)


def _corrected(plain: Mapping[str, Any], was: str, answers: Answers) -> dict[str, Any]:
    """Put answers in the place of a day's.

    Raises
    ------
    Conflict
        Another measurement has some of them on the same day already.
    """
    others = [one for one in plain["measurements"] if one["measured_on"] != was]
    taken = {(one["measured_on"], one["respondent"], one["indicator"]) for one in others}
    if taken & {(one["measured_on"], one["respondent"], one["indicator"]) for one in answers}:
        raise Conflict("some of this was answered on that date already")
    as_of = max([str(plain["as_of"]), *(one["measured_on"] for one in answers)])
    return {**plain, "measurements": [*others, *answers], "as_of": as_of}


def read_answers(guest: Visitor) -> tuple[Answers, Errors]:
    """Read the form: answers as the contract has them, and what is wrong beside which field."""
    sent, texts = guest.sent, guest.texts
    if sent.get("remove"):
        return [], []
    instrument = guest.installation.planning.instrument
    day, errors = _day(sent, guest)
    answers = []
    for indicator in instrument.indicators:
        for who in indicator.respondents:
            name = f"{who}.{indicator.id}"
            typed = sent.get(name)
            if not typed:
                continue
            if typed != UNANSWERED and not (
                typed.isdecimal() and instrument.scale.min <= int(typed) <= instrument.scale.max
            ):
                label = guest.words.indicator(instrument, indicator.id)
                errors.append((name, texts("measurement.outside", field=label)))
                continue
            value = None if typed == UNANSWERED else int(typed)
            answers.append({"measured_on": day, "respondent": who, "indicator": indicator.id, "value": value})
    if not errors and not any(one["value"] is not None for one in answers):
        first = instrument.indicators[0]
        errors.append((f"{first.respondents[0]}.{first.id}", texts("measurement.nothing")))
    return answers, errors


def _day(sent: Sent, guest: Visitor) -> tuple[str, Errors]:
    typed = sent.get("measured_on")
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return "", [("measured_on", guest.texts("measurement.no_day"))]
    if day > clock.day(guest.installation.now()):
        return typed, [("measured_on", guest.texts("measurement.future"))]
    return day.isoformat(), []


def _form(number: str, guest: Visitor, typed: Mapping[str, str] | None, errors: Errors, day: str = "") -> Response:
    """Show the form; `day` is the measurement that is corrected, `typed` is ``None`` where its answers are to stand."""
    with guest.visit() as visit:
        found, case = case_page.own(visit, number)
        visit.tell("case.read", case=found.pseudonym, facts={"version": found.version})
        instrument = visit.planning.instrument
    stored = {
        f"{one.respondent}.{one.indicator}": UNANSWERED if one.value is None else str(one.value)
        for one in case.measurements
        if one.measured_on.isoformat() == day
    }
    if day and not stored:
        raise NotFound("the case has no measurement of that day")
    latest = {
        (one.respondent, one.indicator): one.value
        for one in sorted(case.measurements, key=lambda answer: answer.measured_on)
        if one.value is not None and not day
    }
    rows = [
        (
            guest.words.indicator(instrument, indicator.id),
            [(who, f"{who}.{indicator.id}", latest.get((who, indicator.id))) if who in indicator.respondents else None
             for who in RESPONDENTS],
        )
        for indicator in instrument.indicators
    ]  # fmt: skip
    fresh = cases.etag(found.version)
    values = {"measured_on": day} | stored if typed is None else typed
    return guest.show(
        "measurement.html",
        422 if errors else 200,
        found=found,
        day=day,
        day_written=guest.words.day(date.fromisoformat(day)) if day else "",
        version=fresh if errors else values.get("version") or fresh,
        typed=values,
        rows=rows,
        scale=range(instrument.scale.min, instrument.scale.max + 1),
        errors=errors,
        error_of=dict(reversed(errors)),
        today=clock.day(guest.installation.now()).isoformat(),
    )
