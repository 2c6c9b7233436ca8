"""Renders a page: the templates' environment, the headers that every page has, and the files that pages fetch."""

import gzip
import hashlib
import re
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",  # FKUI draws two marks with data: images
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers hide the Origin that changes are checked by
    "X-Frame-Options": "DENY",
}
KINDS = {".css": "text/css", ".js": "text/javascript", ".md": "text/plain", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"

ENVIRONMENT = Environment(
    loader=PackageLoader("service", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _share(value: float) -> str:
    return f"{100 * value:.2f}".rstrip("0").rstrip(".") + "%"


ENVIRONMENT.filters["share"] = _share


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a template as an answer."""
    return HTMLResponse(ENVIRONMENT.get_template(template).render(**values), status, HEADERS)


def document(written: str) -> Response:
    """Give a whole document that was written elsewhere, to be read, printed or saved: only its own styles apply."""
    styles = re.findall(r"<style>(.*?)</style>", written, re.DOTALL)
    marks = (b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles)
    allowed = " ".join(f"'sha256-{mark}'" for mark in marks) or "'none'"
    policy = f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return HTMLResponse(written, 200, HEADERS | {"Content-Security-Policy": policy})


def asset(name: str) -> str:
    """Give the address of a file, which changes when the file does, so that browsers may keep it."""
    return f"/static/{_mark(name)}/{name}"


@cache
def _mark(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]


@cache
def _content(name: str) -> bytes:
    return files("service").joinpath("static", *name.split("/")).read_bytes()


@cache
def _names() -> frozenset[str]:
    """Name the files that there are: an address is looked up among them, never put together to a path."""
    top = files("service").joinpath("static")
    inside = [f"{one.name}/{two.name}" for one in top.iterdir() if one.is_dir() for two in one.iterdir()]
    return frozenset([*inside, *(one.name for one in top.iterdir() if one.is_file())])


@cache
def _packed(name: str) -> bytes:
    """Compress a file as well as can be, once."""
    return gzip.compress(_content(name), 9, mtime=0)


def file(name: str, packed: bool) -> Response | None:
    """Answer with a file, `packed` with gzip where the browser takes that; ``None`` where there is none."""
    if name not in _names():
        return None
    kind = KINDS.get(name[name.rfind(".") :], "application/octet-stream")
    headers = HEADERS | {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if packed:
        return Response(_packed(name), media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(_content(name), media_type=kind, headers=headers)


ENVIRONMENT.globals["asset"] = asset
