"""What every operation begins with: who calls, may they, what did they send, and did they send it before."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from pathway.case import Case
from pathway.reading import without_nulls
from service import clock
from service.access import callers
from service.access.callers import Caller
from service.access.roles import Permission
from service.api.operations import CaseBody
from service.api.problems import worded
from service.errors import Faulty, Malformed, Unauthenticated, WrongMedia
from service.store import repeats
from service.trail.verify import canonical
from service.visits import Installation, Visit

_bearer = HTTPBearer(
    auto_error=False, scheme_name="bearer", description="API-nyckel eller åtkomsttoken. API key or access token."
)


@dataclass(frozen=True)
class Answer:
    """What an operation answers.

    Attributes
    ----------
    body
        Plain data; a text is JSON already.
    case_id
        The stored case that it says something about, so that erasing that case erases it too.
    """

    body: Any
    status: int = 200
    etag: str | None = None
    location: str | None = None
    case_id: str | None = None

    def response(self) -> Response:
        """Write it as HTTP."""
        named = {"ETag": self.etag, "Location": self.location}
        headers = {name: value for name, value in named.items() if value is not None}
        if isinstance(self.body, str):
            return Response(self.body, self.status, headers, media_type="application/json")
        return JSONResponse(self.body, self.status, headers)


@dataclass(frozen=True)
class Call:
    """One call of a caller who may make it."""

    installation: Installation
    caller: Caller
    trace: str

    def visit(self) -> AbstractContextManager[Visit]:
        """Do things, all or nothing."""
        return self.installation.visit(self.caller, self.trace)

    def look(self) -> AbstractContextManager[Visit]:
        """Prepare something."""
        return self.installation.look(self.caller, self.trace)


def installation_of(request: Request) -> Installation:
    """Give the installation that the application serves."""
    return cast(Installation, request.app.state.installation)


def allowed(permission: Permission) -> Any:
    """Let a call through whose caller's role has the permission; the endpoint is given a `Call`."""

    def call(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Call:
        installation = installation_of(request)
        if credentials is None:
            raise Unauthenticated("send Authorization: Bearer with a key or token")
        with installation.store.reading() as connection:
            caller = callers.by_bearer(connection, credentials.credentials, installation.now())
        request.state.account = caller.account
        installation.pace.take(caller.account, installation.settings.calls_per_minute)
        caller.must(permission)
        return Call(installation, caller, request.state.trace)

    call.permission = permission  # type: ignore[attr-defined]
    return Depends(call)


def body(shape: type) -> Any:
    """Read the body, strictly as a shape; the endpoint is given plain data that has it."""
    adapter: TypeAdapter[Any] = TypeAdapter(Case if shape is CaseBody else shape)

    async def read(request: Request) -> Any:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise WrongMedia("send JSON, with Content-Type: application/json")
        return parsed(await request.body(), adapter, shape is CaseBody)

    return Depends(read)


def parsed(sent: bytes, adapter: TypeAdapter[Any], is_case: bool) -> Any:
    """Read JSON as a shape.

    Raises
    ------
    Malformed
        It is no JSON.
    Faulty
        It does not have the shape.
    """
    try:
        raw = from_json(sent, allow_inf_nan=False)
    except ValueError:
        raise Malformed("the body is not JSON") from None
    try:
        whole = canonical(_as_read(raw) if is_case else raw)
    except ValueError:
        raise Faulty("body: a number is too large") from None
    try:
        adapter.validate_json(whole, strict=True)
    except ValidationError as error:
        raise Faulty(worded(error.errors(include_input=False, include_url=False, include_context=False))) from None
    if isinstance(raw, dict) and isinstance(raw.get("case"), dict):
        parsed(canonical(raw["case"]).encode(), TypeAdapter(Case), is_case=True)
    return raw


def _as_read(raw: Any) -> Any:
    """Leave out what `pathway.case.shape` leaves out before it looks: nulls, and fields that nobody can send."""
    if not isinstance(raw, dict):
        return raw
    kept = {name: value for name, value in raw.items() if value is not None and name not in ("defaulted", "ignored")}
    return kept | {name: without_nulls(kept[name]) for name in ("wishes", "limits", "goal") if name in kept}


@dataclass(frozen=True)
class Page:
    """Which page of a list; the first is 1."""

    number: int
    limit: int

    def of(self, data: list[Any], total: int) -> dict[str, Any]:
        """Put a page's rows into the envelope that all lists have."""
        return {"data": data, "page": self.number, "limit": self.limit, "total": total}


def page(
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Sida, från 1. Page, from 1.")] = 1,
    limit: Annotated[int, Query(ge=1, le=100, description="Poster per sida. Rows a page.")] = 20,
) -> Page:
    """Read which page is asked for."""
    return Page(page, limit)


Paging = Annotated[Page, Depends(page)]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="ETag för den version som ändras. ETag of the version changed.")
]


@dataclass(frozen=True)
class Once:
    """Lets a request that is sent twice be done once (Idempotency-Key)."""

    key: str | None
    fingerprint: str = field(repr=False)

    def before(self, visit: Visit) -> Answer | None:
        """Give the answer that the same request had before.

        Raises
        ------
        Faulty
            The key was used for another request.
        """
        if self.key is None:
            return None
        row = repeats.find(visit.connection, visit.caller.account, self.key, self._oldest(visit))
        if row is None:
            return None
        if row["fingerprint"] != self.fingerprint:
            raise Faulty("Idempotency-Key: was used for another request; use a new one")
        return Answer(**visit.vault.open(row["sealed"], self._place(visit)))

    def do(self, visit: Visit, work: Callable[[], Answer]) -> Answer:
        """Do the work and keep its answer, or give the answer that was given before; all in one transaction."""
        done = self.before(visit)
        if done is not None:
            return done
        made = work()
        if self.key is not None:
            repeats.keep(
                visit.connection,
                self._oldest(visit),
                account_id=visit.caller.account,
                key=self.key,
                fingerprint=self.fingerprint,
                case_id=made.case_id,
                sealed=visit.vault.seal(_plain(made), self._place(visit)),
                created_at=visit.at,
            )
        return made

    def _oldest(self, visit: Visit) -> str:
        hours = visit.installation.settings.idempotency_hours
        return clock.text(visit.moment - timedelta(hours=hours))

    def _place(self, visit: Visit) -> str:
        return f"answer {visit.caller.account} {self.key}"


def _plain(made: Answer) -> dict[str, Any]:
    return {
        "body": made.body, "status": made.status, "etag": made.etag, "location": made.location, "case_id": made.case_id,
    }  # fmt: skip


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Samma nyckel och anrop ger samma svar i ett dygn. Same key and call, same answer for a day.",
        ),
    ] = None,
) -> Once:
    """Read whether a request may be sent twice."""
    told = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return Once(idempotency_key, hashlib.sha256(told).hexdigest())


Repeatable = Annotated[Once, Depends(once)]
