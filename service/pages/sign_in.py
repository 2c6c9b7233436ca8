"""The front door: who are you, and in which language; each role is sent on to its own first page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service import doors
from service.access.roles import ROLES, Role
from service.pages import speech, visitor
from service.pages.visitor import LANGUAGE_COOKIE, Anybody, Sent, read_sent

router = APIRouter(include_in_schema=False)
HOMES: dict[Role, str] = {
    "handläggare": "/cases",
    "enhetschef": "/caseload",
    "data_scientist": "/model",
    "auditor": "/audit",
    "administrator": "/model",
}
_A_YEAR = 31_536_000


@router.get("/")
def enter(guest: Anybody) -> Response:
    """Send on who is logged in; let others choose how to log in."""
    if guest.caller is not None:
        return guest.go(HOMES[guest.caller.role])
    return guest.show("sign_in.html", roles=ROLES, provider=bool(guest.installation.settings.oidc_issuer))


@router.post("/language")
def choose_language(request: Request, sent: Annotated[Sent, Depends(read_sent)]) -> Response:
    """Speak another language from now on."""
    doors.check_same_origin(request)
    back = sent.get("back", "/")
    own = back.startswith("/") and not back.startswith(("//", "/\\"))
    answer = visitor.of_request(request).go(back if own else "/")
    if sent.get("language") in speech.LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, sent.get("language"), max_age=_A_YEAR, secure=True, httponly=True, samesite="lax"
        )
    return answer
