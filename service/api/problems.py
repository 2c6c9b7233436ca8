"""Answers with a problem (RFC 9457): every refusal, FastAPI's and Starlette's own too; never what was sent."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pathway.errors import PathwayError
from pathway.reading import rule
from service import errors
from service.errors import Refusal, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
_OTHERS = {
    404: (errors.NotFound.title, errors.NotFound.title_sv, "there is nothing at this address"),
    405: ("Method not allowed", "Metoden stöds inte", "this address does not know the method; see Allow"),
    500: ("A mistake of ours", "Ett fel hos oss", "something went wrong that is not your doing; it has been logged"),
}


def answer(
    status: int,
    code: str,
    title: str,
    title_sv: str,
    detail: str,
    trace: str,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Make a problem.

    Parameters
    ----------
    code
        What kind of problem, the same each time; the end of `type`.
    trace
        Id of the call; the end of `instance`.
    """
    body = {
        "type": f"urn:pathway:problem:{code}",
        "title": title,
        "title_sv": title_sv,
        "status": status,
        "detail": detail,
        "instance": f"urn:pathway:call:{trace}",
    }
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def of_refusal(refusal: Refusal, trace: str) -> JSONResponse:
    """Make the problem that a refusal is answered with."""
    headers = {}
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    if isinstance(refusal, errors.TooMany):
        headers["Retry-After"] = str(refusal.seconds)
    return answer(
        refusal.status, refusal.code, refusal.title, refusal.title_sv, refusal.message, trace, headers
    )  # fmt: skip


def of_mistake(trace: str) -> JSONResponse:
    """Make the problem that a mistake of ours is answered with."""
    return answer(500, "mistake", *_OTHERS[500], trace)


def handle_in(app: FastAPI) -> None:
    """Let an application answer with problems."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(PathwayError, _library)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _mistake)  # the gate logs it


def _trace(request: Request) -> str:
    return str(getattr(request.state, "trace", "0" * 32))


def _refusal(request: Request, error: Any) -> JSONResponse:
    return of_refusal(error, _trace(request))


def _library(request: Request, error: Any) -> JSONResponse:
    return of_refusal(Unavailable(error.message), _trace(request))


def _invalid(request: Request, error: Any) -> JSONResponse:
    return of_refusal(errors.Faulty(worded(error.errors())), _trace(request))


def _http(request: Request, error: Any) -> JSONResponse:
    title, title_sv, detail = _OTHERS.get(error.status_code, (HTTPStatus(error.status_code).phrase, "", ""))
    headers = dict(error.headers or {})
    return answer(error.status_code, f"http-{error.status_code}", title, title_sv, detail, _trace(request), headers)


def _mistake(request: Request, error: Any) -> JSONResponse:
    return of_mistake(_trace(request))


def worded(faults: Any) -> str:
    """Word the first of pydantic's faults: place and rule, not what was there."""
    first = faults[0]
    place = ".".join(str(part) for part in first["loc"]) or "body"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{place}: {rule(first)}{more}"
