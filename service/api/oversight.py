"""Operations of those who watch over the service: trail, stop switch, keys, accounts, and its own state."""

# ruff: noqa: D103 - the words of each operation are in operations.toml

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from pathway import __version__
from service import inspection, keys, logins, state, stops
from service.access.roles import Permission
from service.api import shapes
from service.api.calls import Answer, Call, Paging, Repeatable, allowed, body, installation_of
from service.api.operations import route

router = APIRouter(tags=["oversight"])
Id = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$", description="Id.")]
RELEASED = "2026-11-22"


@router.get("/trail", **route("list_trail"))
def list_trail(
    page: Paging,
    call: Annotated[Call, allowed(Permission.READ_TRAIL)],
    suggestion: Annotated[
        str | None, Query(pattern="^[a-z0-9-]{1,40}$", description="Bara detta förslag. This suggestion only.")
    ] = None,
) -> Response:
    with call.visit() as visit:
        found, total = inspection.entries(visit, page.number, page.limit, suggestion)
        return Answer(page.of(found, total) | inspection.head(visit)).response()


@router.get("/trail/verification", **route("verify_trail"))
def verify_trail(call: Annotated[Call, allowed(Permission.READ_TRAIL)]) -> Response:
    checked = inspection.verify(call.installation, call.caller, call.trace)
    told = {"holds": not checked.faults, "faults": checked.faults[:100], "n_entries": checked.n_entries}
    return Answer(told | {"public_key": checked.public_key}).response()


@router.get("/stops", **route("list_stops"))
def list_stops(call: Annotated[Call, allowed(Permission.READ_STOPS)]) -> Response:
    with call.look() as look:
        return Answer({"data": stops.listed(look)}).response()


@router.post("/stops", **route("set_stop"))
def set_stop(
    once: Repeatable, call: Annotated[Call, allowed(Permission.STOP)], given: Annotated[Any, body(shapes.StopRequest)]
) -> Response:
    with call.visit() as visit:
        return once.do(visit, lambda: Answer(stops.set(visit, given), 201)).response()


@router.delete("/stops/{id}", **route("lift_stop"))
def lift_stop(id: Id, call: Annotated[Call, allowed(Permission.STOP)]) -> Response:
    with call.visit() as visit:
        return Answer(stops.lift(visit, id)).response()


@router.post("/keys", **route("create_key"))
def create_key(
    call: Annotated[Call, allowed(Permission.MANAGE_KEYS)], given: Annotated[Any, body(shapes.KeyRequest)]
) -> Response:
    with call.visit() as visit:
        return Answer(keys.create(visit, given), 201).response()


@router.get("/keys", **route("list_keys"))
def list_keys(page: Paging, call: Annotated[Call, allowed(Permission.MANAGE_KEYS)]) -> Response:
    with call.look() as look:
        return Answer(page.of(*keys.listed(look, page.number, page.limit))).response()


@router.delete("/keys/{id}", **route("revoke_key"))
def revoke_key(id: Id, call: Annotated[Call, allowed(Permission.MANAGE_KEYS)]) -> Response:
    with call.visit() as visit:
        return Answer(keys.revoke(visit, id)).response()


@router.get("/accounts", **route("list_accounts"))
def list_accounts(page: Paging, call: Annotated[Call, allowed(Permission.MANAGE_ACCOUNTS)]) -> Response:
    with call.look() as look:
        return Answer(page.of(*logins.listed(look, page.number, page.limit))).response()


@router.delete("/accounts/{id}", **route("close_account"))
def close_account(id: Id, call: Annotated[Call, allowed(Permission.MANAGE_ACCOUNTS)]) -> Response:
    with call.visit() as visit:
        return Answer(logins.close(visit, id)).response()


@router.delete("/accounts/{id}/logins", **route("end_logins"))
def end_logins(id: Id, call: Annotated[Call, allowed(Permission.MANAGE_ACCOUNTS)]) -> Response:
    with call.visit() as visit:
        return Answer(logins.end(visit, id)).response()


@router.delete("/logins", **route("end_all_logins"))
def end_all_logins(call: Annotated[Call, allowed(Permission.MANAGE_ACCOUNTS)]) -> Response:
    with call.visit() as visit:
        return Answer(logins.end_all(visit)).response()


@router.get("/api-info", **route("read_api_info"))
def read_api_info(request: Request) -> Response:
    address = installation_of(request).settings.public_url
    told = {
        "apiName": "pathway",
        "apiVersion": __version__,
        "apiReleased": RELEASED,
        "apiDocumentation": f"{address}/api/v1/openapi.json",
        "apiStatus": "active",
    }
    return JSONResponse(told)


@router.get("/health", **route("read_health"))
def read_health(request: Request) -> Response:
    return _told(state.health(installation_of(request)))


@router.get("/ready", **route("read_readiness"))
def read_readiness(request: Request) -> Response:
    return _told(state.readiness(installation_of(request)))


def _told(parts: dict[str, str]) -> Response:
    failing = any(told != state.OK for told in parts.values())
    told = {"status": "failing" if failing else "ok", "parts": parts}
    return JSONResponse(told, 503 if failing else 200)
