"""The doors beside the API: tokens for systems, login and logout for people, and in the demo a login without proof."""

# ruff: noqa: D103 - what each does stands in docs/SERVICE.md

from hmac import compare_digest
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, unquote_plus, urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from service.access import sessions, tokens
from service.access.callers import Caller
from service.errors import Forbidden, NotFound, Unauthenticated
from service.store import accounts
from service.visits import Installation

if TYPE_CHECKING:
    from service.access.provider import Provider

router = APIRouter(include_in_schema=False)
BEGUN, BEGUN_SECONDS = "__Host-pathway-login", 600  # the browser that a login was begun in
Text = Annotated[str, Form(max_length=500)]


def _installation(request: Request) -> Installation:
    installation: Installation = request.app.state.installation
    return installation


def _provider(request: Request) -> "Provider":
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound("people cannot log in here; no provider is set")
    return provider


@router.post("/oauth/token")
def make_token(
    request: Request,
    credentials: Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))],
    grant_type: Text = "",
    client_id: Text = "",
    client_secret: Text = "",
) -> Response:
    if credentials is not None:
        client_id, client_secret = unquote_plus(credentials.username), unquote_plus(credentials.password)
    if not (grant_type and client_id and client_secret):
        return JSONResponse({"error": "invalid_request"}, 400)  # RFC 6749, 5.2
    if grant_type != "client_credentials":
        return JSONResponse({"error": "unsupported_grant_type"}, 400)
    try:
        return JSONResponse(tokens.exchange(_installation(request), client_id, client_secret))
    except Unauthenticated:
        headers = {"WWW-Authenticate": "Basic"} if credentials is not None else {}
        return JSONResponse({"error": "invalid_client"}, 401, headers)


@router.get("/login")
def begin_login(request: Request, again: bool = False) -> Response:
    to = _provider(request).begin(_installation(request), again)
    answer = RedirectResponse(to, 303)
    begun = parse_qs(urlsplit(to).query)["state"][0]
    answer.set_cookie(BEGUN, begun, path="/", max_age=BEGUN_SECONDS, secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/login/callback")
def finish_login(request: Request, state: str = "", code: str = "") -> Response:
    provider = _provider(request)
    if not compare_digest(request.cookies.get(BEGUN, "").encode(), state.encode()):
        raise Unauthenticated(
            "this login was begun in another browser; log in again"
        )  # or by another site, for its own
    entered = provider.finish(_installation(request), state, code)
    answer = _entered(request, entered.caller, entered.again)
    answer.delete_cookie(BEGUN, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.post("/login/demo")
def enter_demo(request: Request, role: Text, again: Annotated[bool, Form()] = False) -> Response:
    installation = _installation(request)
    check_same_origin(request)
    if not installation.settings.demo:
        raise NotFound("there is nothing at this address")
    with installation.store.reading() as connection:
        row = accounts.account_of(connection, "demo", role)
    if row is None:
        raise Forbidden("the demo has nobody of this role")
    return _entered(request, Caller(str(row["id"]), "person", row["role"], row["unit_id"]), again)


@router.post("/logout")
def leave(request: Request) -> Response:
    check_same_origin(request)
    with _installation(request).store.writing() as connection:
        sessions.end(connection, request.cookies.get(sessions.COOKIE, ""))
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(sessions.COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def _entered(request: Request, caller: Caller, again: bool) -> Response:
    """Begin a session and send the browser on; a session from before ends, and `again`, all others of the account."""
    installation = _installation(request)
    with installation.visit(caller, request.state.trace) as visit:
        sessions.end(visit.connection, request.cookies.get(sessions.COOKIE, ""))
        facts = {"n_ended": accounts.end_sessions(visit.connection, account_id=caller.account)} if again else {}
        secret = sessions.begin(visit.connection, caller.account, installation.settings, visit.moment)
        visit.tell("login.made", facts=facts)
    answer = RedirectResponse("/logins" if again else "/", 303)
    answer.set_cookie(sessions.COOKIE, secret, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def check_same_origin(request: Request) -> None:
    """Refuse a change that another site asks a browser for (Fetch Metadata, else Origin against Host).

    Raises
    ------
    Forbidden
        It comes from another site.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Forbidden("this comes from another site")
    elif origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Forbidden("this comes from another site")


def caller_in_session(request: Request) -> Caller:
    """Tell who is logged in.

    Raises
    ------
    Unauthenticated
        Nobody, or no longer.
    TooMany
        Somebody who calls too fast.
    """
    installation = _installation(request)
    secret = request.cookies.get(sessions.COOKIE)
    if secret:
        with installation.store.writing() as connection:
            caller = sessions.caller_of(connection, secret, installation.settings, installation.now())
        if caller is not None:
            installation.pace.take(caller.account, installation.settings.calls_per_minute)
            return caller
    raise Unauthenticated("log in")
