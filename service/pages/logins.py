"""Where somebody is logged in: people see and end the own logins; an administrator sees and ends anybody's."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from service import logins
from service.access import sessions
from service.access.roles import Permission
from service.pages.visitor import Anybody, Visitor, sending

router = APIRouter(include_in_schema=False)
_ACCOUNTS = 100  # more are for the API and the command


@router.get("/logins")
def list_logins(guest: Anybody, done: str = "") -> Response:
    """Show the own logins and, to an administrator, who else is logged in."""
    secret = guest.request.cookies.get(sessions.COOKIE, "")
    with guest.look() as look:
        own = logins.own(look, secret)
        people = logins.listed(look, 1, _ACCOUNTS)[0] if guest.may(Permission.MANAGE_ACCOUNTS) else []
    return guest.show(
        "logins.html",
        own=own,
        others=[one for one in people if one["n_logins"] and one["account_id"] != guest.known.account],
        done=done == "ended",
    )


@router.post("/logins/{account_id}/end")
def end_logins(account_id: str, guest: Annotated[Visitor, sending(Permission.MANAGE_ACCOUNTS)]) -> Response:
    """End all logins of somebody."""
    with guest.visit() as visit:
        logins.end(visit, account_id)
    return guest.go("/logins?done=ended")


@router.post("/logins/end")
def end_all_logins(guest: Annotated[Visitor, sending(Permission.MANAGE_ACCOUNTS)]) -> Response:
    """End everybody's logins, the own too."""
    with guest.visit() as visit:
        logins.end_all(visit)
    return guest.go("/")
