"""The form for a new measurement: the client's and the caseworker's answers of one day, any of them left out."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from service import cases
from service.access.roles import Permission
from service.api.calls import Answer
from service.errors import Changed, Conflict, Faulty
from service.pages import case as case_page
from service.pages.levels import RESPONDENTS
from service.pages.visitor import Sent, Visitor, allowed, sending

router = APIRouter(include_in_schema=False)
UNANSWERED = "-"  # asked, but not answered
Errors = list[tuple[str, str]]


@router.get("/cases/{number}/measurement")
def show_form(number: str, guest: Annotated[Visitor, allowed(Permission.CHANGE_CASE)]) -> Response:
    """Show an empty form, with the last answers beside."""
    return _form(number, guest, {"measured_on": guest.installation.now().date().isoformat()}, [])


@router.post("/cases/{number}/measurement")
def add_measurement(number: str, guest: Annotated[Visitor, sending(Permission.CHANGE_CASE)]) -> Response:
    """Store the answers, or say beside each field what is wrong with it; nothing that was typed is lost."""
    answers, errors = read_answers(guest)
    if not errors:
        once = guest.once()

        def work() -> Answer:
            done = cases.add_measurements(visit, number, list(answers), guest.sent.get("version") or None)
            told = "overtaken" if done.overtaken else "measured"
            return Answer({"address": f"/cases/{number}?done={told}"}, case_id=done.case_id)

        try:
            with guest.visit() as visit:
                return guest.go(once.do(visit, work).body["address"])
        except Changed:
            errors = [("measured_on", guest.texts("measurement.changed"))]
        except Conflict:
            errors = [("measured_on", guest.texts("measurement.already"))]
        except Faulty as fault:
            errors = [("measured_on", fault.message)]
    return _form(number, guest, guest.sent.plain(), errors)


def read_answers(guest: Visitor) -> tuple[list[dict[str, Any]], Errors]:
    """Read the form: answers as the contract has them, and what is wrong beside which field."""
    sent, texts = guest.sent, guest.texts
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
    if day > guest.installation.now().date():
        return typed, [("measured_on", guest.texts("measurement.future"))]
    return day.isoformat(), []


def _form(number: str, guest: Visitor, typed: dict[str, str], errors: Errors) -> Response:
    with guest.visit() as visit:
        found, case = case_page.own(visit, number)
        visit.tell("case.read", case=found.pseudonym, facts={"version": found.version})
        instrument = visit.planning.instrument
    latest: dict[tuple[str, str], int] = {}
    for one in sorted(case.measurements, key=lambda answer: answer.measured_on):
        if one.value is not None:
            latest[one.respondent, one.indicator] = one.value
    rows = [
        (
            guest.words.indicator(instrument, indicator.id),
            [(who, f"{who}.{indicator.id}", latest.get((who, indicator.id))) if who in indicator.respondents else None
             for who in RESPONDENTS],
        )
        for indicator in instrument.indicators
    ]  # fmt: skip
    return guest.show(
        "measurement.html",
        422 if errors else 200,
        found=found,
        version=typed.get("version") or cases.etag(found.version),
        typed=typed,
        rows=rows,
        scale=range(instrument.scale.min, instrument.scale.max + 1),
        errors=errors,
        error_of=dict(reversed(errors)),
        today=guest.installation.now().date().isoformat(),
        fresh_version=cases.etag(found.version),
    )
