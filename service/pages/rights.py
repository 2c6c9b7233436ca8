"""The rights of the person: what is stored given out to be read, and erased after a confirmation."""

import json
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from service import cases, personpage, rights
from service.access.roles import Permission
from service.api.calls import Answer
from service.pages import frame
from service.pages.visitor import Errors, Visitor, allowed, sending
from service.store import cases as stored_cases
from service.store import suggestions as stored
from service.visits import Visit

router = APIRouter(include_in_schema=False)


@router.get("/cases/{number}/rights")
def show_rights(number: str, guest: Annotated[Visitor, allowed(Permission.EXPORT_CASE)]) -> Response:
    """Show what the person may ask for, and where it is done."""
    with guest.visit() as visit:
        found = cases.own(visit, number, posted_too=True)
        visit.tell("case.read", case=found.pseudonym, facts={"version": found.version})
    days = sorted({str(one["measured_on"]) for one in found.plain.get("measurements", ())}, reverse=True)
    return guest.show(
        "rights.html",
        number=number,
        stored=bool(found.plain),
        days=[(day, guest.words.day(date.fromisoformat(day))) for day in days],
    )


@router.get("/cases/{number}/export.html")
def read_export(number: str, guest: Annotated[Visitor, allowed(Permission.EXPORT_CASE)]) -> Response:
    """Show all that is stored about the person as a page of its own, in Swedish: to read, print or save."""
    with guest.visit() as visit:
        written = personpage.write(rights.export(visit, number), visit.planning)
    return frame.document(written)


@router.get("/cases/{number}/export.json")
def take_export(number: str, guest: Annotated[Visitor, allowed(Permission.EXPORT_CASE)]) -> Response:
    """Give all that is stored about the person as a file for another system."""
    with guest.visit() as visit:
        told = rights.export(visit, number)
    named = {"Content-Disposition": f'attachment; filename="{number}.json"'}
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    return Response(text, media_type="application/json", headers=frame.HEADERS | named)


@router.get("/cases/{number}/erasure")
def ask_before_erasing(number: str, guest: Annotated[Visitor, allowed(Permission.ERASE_CASE)]) -> Response:
    """Say what would be erased, and ask for a confirmation."""
    with guest.visit() as visit:
        return _confirmation(visit, guest, number, [])


@router.post("/cases/{number}/erasure")
def erase(number: str, guest: Annotated[Visitor, sending(Permission.ERASE_CASE)]) -> Response:
    """Erase all about the person, if the number was typed to confirm it; sent twice, it is done once."""
    once = guest.once()
    with guest.visit() as visit:
        done = once.before(visit)
        if done is not None:
            return guest.go(done.body["address"])
        if guest.sent.get("confirmed") != number:
            return _confirmation(visit, guest, number, [("confirmed", guest.texts("erasure.other_number"))])

        def work() -> Answer:
            rights.erase(visit, number)
            guest.shelf.clear()
            return Answer({"address": "/caseload?done=erased"})

        return guest.go(once.do(visit, work).body["address"])


def _confirmation(visit: Visit, guest: Visitor, number: str, errors: Errors) -> Response:
    found = cases.own(visit, number, posted_too=True)
    visit.tell("case.read", case=found.pseudonym, facts={"version": found.version})
    return guest.show(
        "erasure.html",
        422 if errors else 200,
        number=number,
        n_measurements=len({one["measured_on"] for one in found.plain.get("measurements", ())}),
        n_suggestions=len(stored.all_of(visit.connection, found.id)),
        n_consents=len(stored_cases.consents(visit.connection, found.id)),
        typed=guest.sent.plain(),
        errors=errors,
        error_of=dict(errors),
    )
