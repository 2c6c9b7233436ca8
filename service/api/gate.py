"""The gate that every call passes: trace, limits, headers, log and metrics; a mistake of ours ends here, in words."""

import asyncio
import re
import secrets
import time
import traceback
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import deadline
from service.api import problems
from service.errors import TooLarge, Unavailable
from service.metrics import Metrics
from service.settings import Settings

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_LAST_SECONDS = 2  # for what was written in time to be answered
_log = structlog.get_logger("service.calls")


class Gate:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._max_body_bytes, self._call_seconds = settings.max_body_bytes, settings.call_seconds
        self._late: set[asyncio.Task[None]] = set()  # asyncio alone would forget them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a call through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace, parent = _trace(Headers(scope=scope).get("traceparent", ""))
        state = scope.setdefault("state", {})
        state["trace"] = trace
        began, answered, complete, too_late = time.perf_counter(), 0, False, False

        async def sending(message: Message) -> None:
            nonlocal answered, complete
            if message["type"] == "http.response.start":
                answered = message["status"]
                headers = MutableHeaders(scope=message)
                headers["traceparent"] = parent
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)
            complete = message["type"] == "http.response.body" and not message.get("more_body", False)

        async def sending_in_time(message: Message) -> None:
            if not too_late:
                await sending(message)

        try:
            with deadline.within(self._call_seconds):
                work = asyncio.create_task(self._guarded(scope, receive, sending_in_time, trace))
            try:
                await asyncio.wait({work}, timeout=self._call_seconds + _LAST_SECONDS)
            except asyncio.CancelledError:  # the server stops
                work.cancel()
                raise
            too_late = not (work.done() or answered)
            if too_late:
                self._let_end(work)
                await problems.of_refusal(_too_late(self._call_seconds), trace)(scope, receive, sending)
            else:
                await work
        except Exception as error:
            _log.error("mistake", kind=type(error).__name__, at=_places(error), trace=trace)
            if answered and not complete:
                raise  # the answer has begun; the server cuts it off
            if not answered:
                await problems.of_mistake(trace)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            place = getattr(scope.get("route"), "path", "") or "elsewhere"
            self._metrics.saw(scope["method"], place, answered, seconds)
            _log.info(
                "call",
                method=scope["method"],
                route=place,
                status=answered,
                milliseconds=round(1000 * seconds, 1),
                trace=trace,
                account=state.get("account"),
            )

    def _let_end(self, work: "asyncio.Task[None]") -> None:
        """Let what nobody waits for any more come to its end: a thread cannot be stopped, but it writes nothing."""
        self._late.add(work)
        work.add_done_callback(self._late.discard)
        work.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, trace: str) -> None:
        limit = self._max_body_bytes
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            await problems.of_refusal(_too_large(limit), trace)(scope, receive, send)
            return
        n_bytes = 0

        async def receiving() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receiving, send)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes; send less at a time")


def _too_late(seconds: int) -> Unavailable:
    return Unavailable(
        f"the call took longer than {seconds} seconds; look whether it was done before you send it again, "
        "or send it with the same Idempotency-Key"
    )


def _trace(parent: str) -> tuple[str, str]:
    """Give the call's trace, taken over or begun, and the header that names this step of it (W3C Trace Context)."""
    known = _PARENT.fullmatch(parent)
    trace = known["trace"] if known else secrets.token_hex(16)
    return trace, f"00-{trace}-{secrets.token_hex(8)}-{known['flags'] if known else '00'}"


def _places(error: BaseException) -> list[str]:
    """Name where a mistake lies, without what it was about."""
    frames: Any = traceback.extract_tb(error.__traceback__)
    return [f"{frame.name}:{frame.lineno}" for frame in frames[-4:]]
