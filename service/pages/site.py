"""Puts the pages together: every room's addresses, the files beside them, and what is shown when something is wrong."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from pathway.errors import PathwayError
from service import errors
from service.api import problems
from service.errors import NotFound, Refusal, Unavailable
from service.pages import (
    answer,
    audit,
    case,
    caseload,
    catalogue,
    client,
    frame,
    logins,
    measurement,
    my_cases,
    rights,
    sharing,
    sign_in,
    suggestion,
    tour,
    visitor,
    what_if,
)  # fmt: skip
from service.pages.shelf import Shelf
from service.pages.visitor import Sent
from service.visits import Installation

_files = APIRouter(include_in_schema=False)
_SAID = frozenset({"not_found", "forbidden", "stopped", "already_decided", "changed", "too_large", "too_many"})
# refusals that the page's words say all of; a message, which is in English, stands beside the others only


@_files.get("/static/{mark}/{name:path}")
def read_file(request: Request, mark: str, name: str) -> Response:
    """Give a file that pages fetch; the mark only keeps browsers from using an old one."""
    found = frame.file(name, "gzip" in request.headers.get("accept-encoding", ""))
    if found is None:
        raise NotFound("there is nothing at this address")
    return found


def create(installation: Installation) -> FastAPI:
    """Make the pages of an installation, to be mounted at the root."""
    pages = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    pages.state.installation, pages.state.shelf = installation, Shelf()
    for room in (
        sign_in, my_cases, case, measurement, sharing, rights, suggestion, what_if, answer, catalogue, caseload, audit,
        client, tour, logins,
    ):  # fmt: skip
        pages.include_router(room.router)
    pages.include_router(_files)
    for kind in (Refusal, PathwayError, RequestValidationError, HTTPException):
        pages.add_exception_handler(kind, show_refusal)
    pages.add_exception_handler(Exception, show_mistake)  # the gate logs it
    return pages


def mount_on(app: FastAPI, installation: Installation) -> None:
    """Put the pages at the root of the application; what its own doors refuse is shown to browsers as a page too."""
    app.add_exception_handler(Refusal, _at_the_door)
    app.mount("/", create(installation))


def _at_the_door(request: Request, error: Any) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return show_refusal(request, error)
    return problems.of_refusal(error, request.state.trace)


def show_refusal(request: Request, error: Any) -> Response:
    """Show what is wrong, in words, with the way on; what was typed is given back."""
    refusal = _refusal(error)
    if request.url.path.startswith("/api/"):  # no version of the API that there is
        return problems.of_refusal(refusal, request.state.trace)
    guest = visitor.of_request(request) if refusal.status != 503 else visitor.of_nobody(request)
    sent: Sent = getattr(request.state, "sent", Sent())
    if refusal.status == 401:
        path = request.url.path
        return guest.show("signed_out.html", 401, sent=sent.pairs, target=path, typed=_typed(sent))
    status = refusal.status if isinstance(refusal, Refusal) else 500
    detail = "" if refusal.code in _SAID and guest.texts.language != "en" else refusal.message
    return guest.show(
        "refused.html", status, code=refusal.code, detail=detail, typed=_typed(sent), trace=request.state.trace
    )


def show_mistake(request: Request, error: Any) -> Response:
    """Show that something went wrong that is nobody's doing but ours."""
    guest = visitor.of_nobody(request)  # the mistake may lie in telling who it is
    return guest.show("refused.html", 500, code="mistake", detail="", typed=[], trace=request.state.trace)


def _refusal(error: Any) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, PathwayError):
        return Unavailable(error.message)
    if isinstance(error, HTTPException) and error.status_code == 404:
        return NotFound("there is nothing at this address")
    return errors.Malformed("the address or the form is not as it should be")


def _typed(sent: Sent) -> list[str]:
    """Give the own words that were typed: what nobody wants to write again."""
    return [value for name, value in sent.pairs if name in ("reason", "words", "note") and value.strip()]
