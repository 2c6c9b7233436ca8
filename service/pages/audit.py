"""For those who review: find a suggestion, see what was shown and decided, verify the trail, read the model's card."""

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from service import inspection, stops, suggestions
from service.access.roles import Permission
from service.errors import NotFound, WrongVersion
from service.pages import frame
from service.pages.opened import opened
from service.pages.suggestion import decision_on
from service.pages.visitor import Visitor, allowed, sending
from service.replay import Replayed, replay
from service.store import trail as rows

router = APIRouter(include_in_schema=False)
_A_PAGE, _ENTRIES = 20, 50
_PSEUDONYM = "k-"
_REPORT = "audit.html"  # as `pathway audit` names it


@router.get("/audit")
def find_suggestion(guest: Annotated[Visitor, allowed(Permission.READ_TRAIL)], q: str = "", page: int = 1) -> Response:
    """Find suggestions by their id or by the pseudonym of their case."""
    sought = q.strip()[:64]
    page = max(1, min(page, 10_000))
    with guest.visit() as visit:
        if sought and not sought.startswith(_PSEUDONYM):
            try:
                found = [suggestions.state(visit, sought)]
            except NotFound:
                found = []
            total = len(found)
        else:
            found, total = suggestions.listed(visit, page, _A_PAGE, pseudonym=sought or None)
        head = rows.head(visit.connection)
    return guest.show(
        "audit.html", found=found, total=total, page=page, n_pages=max(1, -(-total // _A_PAGE)), q=sought,
        n_entries=head["seq"], checked=None,
    )  # fmt: skip


@router.post("/audit/verification")
def verify_trail(guest: Annotated[Visitor, sending(Permission.READ_TRAIL)]) -> Response:
    """Walk through the whole trail and say whether it holds."""
    checked = inspection.verify(guest.installation, guest.known, guest.request.state.trace)
    with guest.visit() as visit:
        found, total = suggestions.listed(visit, 1, _A_PAGE)
    return guest.show(
        "audit.html", found=found, total=total, page=1, n_pages=max(1, -(-total // _A_PAGE)), q="",
        n_entries=checked.n_entries, checked=checked,
    )  # fmt: skip


@router.get("/audit/suggestions/{id}")
def read_file(id: str, guest: Annotated[Visitor, allowed(Permission.READ_TRAIL)], page: int = 1) -> Response:
    """Show what became of a suggestion: versions, hashes, answer, and every entry of the trail about it."""
    return _file(id, guest, page=max(1, min(page, 10_000)))


@router.post("/audit/suggestions/{id}/replay")
def replay_suggestion(id: str, guest: Annotated[Visitor, sending(Permission.READ_TRAIL)]) -> Response:
    """Work a suggestion out again, and say whether anything differs from what was shown."""
    try:
        return _file(id, guest, replay(guest.installation, id, guest.known))
    except WrongVersion:
        return _file(id, guest, gone=True)


def _file(id: str, guest: Visitor, replayed: Replayed | None = None, gone: bool = False, page: int = 1) -> Response:
    with guest.visit() as visit:
        found = opened(visit, id, guest)
        decision = decision_on(visit, found, guest.words)
        entries, total = inspection.entries(visit, page, _ENTRIES, id)
    told = [one["entry"] | {"seq": one["seq"], "hash": one["hash"]} for one in entries]
    return guest.show(
        "audit_suggestion.html",
        found=found,
        row=found.row,
        decision=decision,
        entries=told,
        total=total,
        page=page,
        n_pages=max(1, -(-total // _ENTRIES)),
        replayed=replayed,
        gone=gone,
    )


@router.get("/model")
def read_model(guest: Annotated[Visitor, allowed(Permission.READ_MODEL)], error: str = "") -> Response:
    """Show the card of the model in use, and what it was made from."""
    planning = guest.installation.planning
    with guest.look() as look:
        set_now = stops.listed(look)
    manifest = planning.manifest()
    training = manifest["training"]
    return guest.show(
        "model.html",
        version=planning.version,
        training=training,
        first=guest.words.day(date.fromisoformat(training["first_measured_on"])),
        last=guest.words.day(date.fromisoformat(training["last_measured_on"])),
        libraries=manifest.get("libraries", {}),
        card=html_of(planning.card()),
        stops=set_now,
        error=error == "reason",
        may_stop=guest.may(Permission.STOP) and not guest.known.unit,
        reported=(_folder(guest) / _REPORT).is_file(),
    )


@router.get("/model/report")
def read_report(guest: Annotated[Visitor, allowed(Permission.READ_MODEL)]) -> Response:
    """Show the model's audit report, where one lies in the model folder's `audit`."""
    try:
        return frame.document((_folder(guest) / _REPORT).read_text(encoding="utf-8"))
    except OSError:
        raise NotFound("there is no audit report with the model") from None


def _folder(guest: Visitor) -> Path:
    """Say where `pathway audit --out` is to write for the report to be read here."""
    return guest.installation.settings.model / "audit"


def html_of(markdown: str) -> Markup:
    """Turn Markdown into HTML without any of its own, its headings one level below the page's."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        if token.type == "table_open":
            token.attrSet("class", "plain-table")
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 the parser lets no HTML through
