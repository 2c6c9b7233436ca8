"""Who is at a page, in which language, and what was typed there."""

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from pathway.wording import Words
from pathway.wording import spoken as library_words
from service import doors
from service.access.callers import Caller
from service.access.roles import Permission
from service.api.calls import Once
from service.errors import Unauthenticated
from service.pages import frame, speech
from service.pages.shelf import Shelf
from service.pages.speech import Texts
from service.visits import Installation, Visit

LANGUAGE_COOKIE = "__Host-pathway-language"
Errors = list[tuple[str, str]]  # what is wrong, beside which field


@dataclass(frozen=True)
class Sent:
    """What was typed into a form: names and values in the order of the page."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, otherwise: str = "") -> str:
        """Give the last value of a field, without space around it."""
        return next((value.strip() for key, value in reversed(self.pairs) if key == name), otherwise)

    def all(self, name: str) -> list[str]:
        """Give all values of a field that are not empty, each once."""
        return list(dict.fromkeys(value.strip() for key, value in self.pairs if key == name and value.strip()))

    def plain(self) -> dict[str, str]:
        """Give the last value of each field."""
        return dict(self.pairs)


async def read_sent(request: Request) -> Sent:
    """Read what was typed; it stays with the request, so that an error page can give it back."""
    sent = Sent(tuple((name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)))
    request.state.sent = sent
    return sent


@dataclass(frozen=True)
class Visitor:
    """Somebody at a page; `caller` is ``None`` where nobody is logged in."""

    request: Request
    installation: Installation
    caller: Caller | None
    sent: Sent = Sent()

    @property
    def known(self) -> Caller:
        """Who it is; raises `Unauthenticated` where nobody is logged in."""
        if self.caller is None:
            raise Unauthenticated("log in")
        return self.caller

    @property
    def texts(self) -> Texts:
        """The pages' texts, in the visitor's language."""
        return speech.spoken(self.request.cookies.get(LANGUAGE_COOKIE, ""))

    @property
    def words(self) -> Words:
        """The library's words, in the same language."""
        return library_words(self.texts.language)

    @property
    def shelf(self) -> Shelf:
        """Suggestions that were opened lately, at these pages."""
        return cast(Shelf, self.request.app.state.shelf)

    def may(self, permission: Permission) -> bool:
        """Tell whether somebody is logged in whose role allows it."""
        return self.caller is not None and self.caller.may(permission)

    def visit(self) -> AbstractContextManager[Visit]:
        """Do or read things, all or nothing, and tell the trail."""
        return self.installation.visit(self.known, self.request.state.trace)

    def look(self) -> AbstractContextManager[Visit]:
        """Prepare something that is not shown yet."""
        return self.installation.look(self.known, self.request.state.trace)

    def once(self) -> Once:
        """Let a form that is sent twice be done once: by the key that was drawn when it was shown."""
        told = f"{self.request.url.path}\n{self.sent.pairs}".encode()
        return Once(
            f"page-{self.sent.get('once')}" if self.sent.get("once") else None, hashlib.sha256(told).hexdigest()
        )

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """Answer with a page."""
        return frame.page(template, status, **self._around(), **values)

    def go(self, address: str) -> Response:
        """Send the browser on, after something was done."""
        return RedirectResponse(address, 303, frame.HEADERS)

    def _around(self) -> Mapping[str, Any]:
        words = self.words
        here = self.request.url.path
        return {
            "t": self.texts,
            "w": words.text,
            "words": words,
            "language": self.texts.language,
            "caller": self.caller,
            "may": self.may,
            "Permission": Permission,
            "path": here,
            "back": here if self.request.method == "GET" else "/",
            "demo": self.installation.settings.demo,
            "new_once": lambda: secrets.token_urlsafe(16),
        }


def _visitor(request: Request, caller: Caller | None, sent: Sent = Sent()) -> Visitor:
    if caller is not None:
        request.state.account = caller.account
    return Visitor(request, cast(Installation, request.app.state.installation), caller, sent)


def _caller(request: Request) -> Caller | None:
    try:
        return doors.caller_in_session(request)
    except Unauthenticated:
        return None


def of_request(request: Request) -> Visitor:
    """Tell who asks for a page that anybody may see."""
    return _visitor(request, _caller(request))


def of_nobody(request: Request) -> Visitor:
    """Treat whoever asks as nobody, without a look at the database: for pages that say that something is wrong."""
    return _visitor(request, None)


def allowed(permission: Permission) -> Any:
    """Let somebody see a page whose role has the permission."""

    def visitor(request: Request) -> Visitor:
        caller = doors.caller_in_session(request)
        caller.must(permission)
        return _visitor(request, caller)

    return Depends(visitor)


def sending(permission: Permission) -> Any:
    """Let somebody send a form of our own whose role has the permission."""

    def visitor(request: Request, sent: Annotated[Sent, Depends(read_sent)]) -> Visitor:
        doors.check_same_origin(request)
        caller = doors.caller_in_session(request)
        caller.must(permission)
        return _visitor(request, caller, sent)

    return Depends(visitor)


Anybody = Annotated[Visitor, Depends(of_request)]
