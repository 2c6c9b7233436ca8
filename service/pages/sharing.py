"""Sharing a case with another unit: the person's consents, a form for a new one, and how one is taken back."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from service import cases, consents
from service.access.roles import Permission
from service.api.calls import Answer
from service.pages.visitor import Errors, Visitor, allowed, sending
from service.store import units
from service.visits import Visit

router = APIRouter(include_in_schema=False)
_MOST_LETTERS = 500  # of the purpose, as the API takes it


@router.get("/cases/{number}/sharing")
def show_consents(number: str, guest: Annotated[Visitor, allowed(Permission.SHARE_CASE)], done: str = "") -> Response:
    """Show the case's consents, with a form for a new one."""
    with guest.visit() as visit:
        return _page(visit, guest, number, [], done)


@router.post("/cases/{number}/sharing")
def give_consent(number: str, guest: Annotated[Visitor, sending(Permission.SHARE_CASE)]) -> Response:
    """Record a consent, or say beside each field what is wrong with it; nothing that was typed is lost."""
    once = guest.once()
    with guest.visit() as visit:
        done = once.before(visit)
        if done is not None:
            return guest.go(done.body["address"])
        errors = _wrong(visit, guest)
        if errors:
            return _page(visit, guest, number, errors)

        def work() -> Answer:
            given = {name: guest.sent.get(name) for name in ("recipient", "purpose", "ends_on")}
            consents.give(visit, number, given)
            address = f"/cases/{number}/sharing?done=given"
            return Answer({"address": address}, case_id=cases.find(visit, number).id)

        return guest.go(once.do(visit, work).body["address"])


@router.post("/cases/{number}/sharing/{id}/revocation")
def revoke_consent(number: str, id: str, guest: Annotated[Visitor, sending(Permission.SHARE_CASE)]) -> Response:
    """Record that the person takes a consent back; sent twice, it changes nothing more."""
    with guest.visit() as visit:
        consents.revoke(visit, number, id)
    return guest.go(f"/cases/{number}/sharing?done=revoked")


def _wrong(visit: Visit, guest: Visitor) -> Errors:
    sent, texts = guest.sent, guest.texts
    errors: Errors = []
    if sent.get("recipient") not in _others(visit):
        errors.append(("recipient", texts("sharing.choose_unit")))
    if not sent.get("purpose"):
        errors.append(("purpose", texts("sharing.write_purpose")))
    elif len(sent.get("purpose")) > _MOST_LETTERS:
        errors.append(("purpose", texts("sharing.long_purpose", n=_MOST_LETTERS)))
    try:
        passed = date.fromisoformat(sent.get("ends_on")).isoformat() < visit.today
        if passed:
            errors.append(("ends_on", texts("sharing.passed")))
    except ValueError:
        errors.append(("ends_on", texts("sharing.no_day")))
    if not sent.get("agreed"):
        errors.append(("agreed", texts("sharing.not_agreed")))
    return errors


def _others(visit: Visit) -> list[str]:
    return [unit for unit in units.listed(visit.connection) if unit != visit.caller.unit]


def _page(visit: Visit, guest: Visitor, number: str, errors: Errors, done: str = "") -> Response:
    found = consents.listed(visit, number)
    day = guest.words.day

    def state(one: consents.Plain) -> str:
        if one["revoked_at"]:
            return guest.texts("sharing.revoked", date=day(date.fromisoformat(one["revoked_at"][:10])))
        return guest.texts("sharing.ended") if one["ends_on"] < visit.today else guest.texts("sharing.holds")

    return guest.show(
        "sharing.html",
        422 if errors else 200,
        number=number,
        consents=[
            one
            | {
                "state": state(one),
                "holds": not one["revoked_at"] and one["ends_on"] >= visit.today,
                "ends": day(date.fromisoformat(one["ends_on"])),
                "given": day(date.fromisoformat(one["given_at"][:10])),
            }
            for one in reversed(found)
        ],
        units=[(unit, unit) for unit in _others(visit)],
        typed=guest.sent.plain(),
        errors=errors,
        error_of=dict(reversed(errors)),
        done=done,
    )
