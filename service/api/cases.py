"""Operations on cases, their measurements, consents, and what a person has a right to."""

# ruff: noqa: D103 - the words of each operation are in operations.toml

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from service import cases, consents, rights
from service.access.roles import Permission
from service.api import shapes
from service.api.calls import Answer, Call, IfMatch, Repeatable, allowed, body
from service.api.operations import CaseBody, route

router = APIRouter(tags=["cases"])
Number = Annotated[str, Path(pattern=cases.NUMBER, description="Ärendets nummer. The case's number.")]
Id = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$", description="Id.")]


def _case(found: cases.Found, status: int = 200) -> Answer:
    return Answer(found.plain, status, cases.etag(found.version), case_id=found.id)


@router.post("/cases", **route("create_case"))
def create_case(
    once: Repeatable, call: Annotated[Call, allowed(Permission.CREATE_CASE)], given: Annotated[Any, body(CaseBody)]
) -> Response:
    with call.visit() as visit:
        return once.do(visit, lambda: _case(cases.create(visit, given), 201)).response()


@router.get("/cases/{number}", **route("read_case"))
def read_case(number: Number, call: Annotated[Call, allowed(Permission.READ_CASE)]) -> Response:
    with call.visit() as visit:
        return _case(cases.read(visit, number)).response()


@router.put("/cases/{number}", **route("correct_case"))
def correct_case(
    number: Number,
    call: Annotated[Call, allowed(Permission.CHANGE_CASE)],
    given: Annotated[Any, body(CaseBody)],
    if_match: IfMatch = None,
) -> Response:
    with call.visit() as visit:
        return _case(cases.correct(visit, number, given, if_match)).response()


@router.delete("/cases/{number}", **route("erase_case"))
def erase_case(number: Number, call: Annotated[Call, allowed(Permission.ERASE_CASE)]) -> Response:
    with call.visit() as visit:
        return Answer(rights.erase(visit, number)).response()


@router.post("/cases/{number}/measurements", **route("add_measurements"))
def add_measurements(
    number: Number,
    once: Repeatable,
    call: Annotated[Call, allowed(Permission.CHANGE_CASE)],
    given: Annotated[Any, body(shapes.Measurements)],
    if_match: IfMatch = None,
) -> Response:
    def work() -> Answer:
        done = cases.add_measurements(visit, number, given["measurements"], if_match)
        told = {
            "case_number": number,
            "version": done.version,
            "measurements": done.answers,
            "overtaken": done.overtaken,
        }
        return Answer(told, 201, cases.etag(done.version), case_id=done.case_id)

    with call.visit() as visit:
        return once.do(visit, work).response()


@router.get("/cases/{number}/export", **route("export_case"))
def export_case(number: Number, call: Annotated[Call, allowed(Permission.EXPORT_CASE)]) -> Response:
    with call.visit() as visit:
        return Answer(rights.export(visit, number)).response()


@router.post("/cases/{number}/consents", **route("give_consent"))
def give_consent(
    number: Number,
    once: Repeatable,
    call: Annotated[Call, allowed(Permission.SHARE_CASE)],
    given: Annotated[Any, body(shapes.ConsentRequest)],
) -> Response:
    def work() -> Answer:
        return Answer(consents.give(visit, number, given), 201, case_id=cases.find(visit, number).id)

    with call.visit() as visit:
        return once.do(visit, work).response()


@router.get("/cases/{number}/consents", **route("list_consents"))
def list_consents(number: Number, call: Annotated[Call, allowed(Permission.SHARE_CASE)]) -> Response:
    with call.visit() as visit:
        return Answer({"data": consents.listed(visit, number)}).response()


@router.delete("/cases/{number}/consents/{id}", **route("revoke_consent"))
def revoke_consent(number: Number, id: Id, call: Annotated[Call, allowed(Permission.SHARE_CASE)]) -> Response:
    with call.visit() as visit:
        return Answer(consents.revoke(visit, number, id)).response()
