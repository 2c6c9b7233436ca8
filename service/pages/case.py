"""One case: levels over time, profile, earlier insatser, its suggestions, and the question for a new one."""

from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.case import Case, Profile
from pathway.wording import Words
from pathway.wording.reasons import name_of
from service import cases, clock, stops, suggestions
from service.access.roles import Permission
from service.api.calls import Answer
from service.cases import Found
from service.pages import levels, speech
from service.pages.opened import lay_out_once
from service.pages.visitor import Visitor, allowed, sending
from service.visits import Visit

router = APIRouter(include_in_schema=False)
_VIEWS = ("course", "web")
_SUGGESTIONS_SHOWN = 10


@router.get("/cases/{number}")
def read_case(
    number: str, guest: Annotated[Visitor, allowed(Permission.READ_CASE)], view: str = "course", done: str = ""
) -> Response:
    """Show a case."""
    view = view if view in _VIEWS else _VIEWS[0]
    with guest.visit() as visit:
        found = cases.read(visit, number)
        case = visit.planning.read_case(found.plain)
        made, n_made = suggestions.listed(visit, 1, _SUGGESTIONS_SHOWN, number)
        expected = _expected(visit, made) if view == "web" else {}
        stopped = stops.listed(visit)
        instrument, catalogue = visit.planning.instrument, visit.planning.catalogue
    words = guest.words
    return guest.show(
        "case.html",
        found=found,
        done=done,
        view=view,
        chart=levels.chart(case, instrument, words) if view == "course" else None,
        web=levels.web(case, expected, instrument, words) if view == "web" else None,
        profile=_profile(case, words),
        participations=[
            (name_of(one.insats_id, catalogue), one) for one in sorted(case.participations, key=lambda p: p.started_on)
        ],
        made=[
            one | {"created": words.day(created.date()), "time": f"{created:%H.%M}"}
            for one in made
            for created in [clock.read(one["created_at"])]
        ],
        n_made=n_made,
        stops=stopped,
        measured=words.day(levels.days_of(case)[-1]) if case.measurements else "",
        limits=_limits(case, words),
    )


@router.post("/cases/{number}/suggestions")
def ask_for_suggestion(number: str, guest: Annotated[Visitor, sending(Permission.SUGGEST)]) -> Response:
    """Make a suggestion for a case; sent twice, it is made once."""
    once = guest.once()
    with guest.look() as look:
        done = once.before(look)
        asked = None if done else suggestions.ask(look, {"case_number": number})
    if asked is not None:
        made = suggestions.make(guest.installation, asked)
        with guest.visit() as visit:
            done = once.do(visit, lambda: _kept(visit, guest, suggestions.keep(visit, asked, made)))
    return guest.go(done.body["address"] if done else "/")


def _kept(visit: Visit, guest: Visitor, shown: suggestions.Shown) -> Answer:
    lay_out_once(visit, shown, suggestions.find(visit, shown.id), guest)  # the next page shows it
    return Answer({"address": f"/suggestions/{shown.id}"}, case_id=shown.case_id)


def _expected(visit: Visit, made: list[dict[str, Any]]) -> dict[str, float]:
    """Give the levels expected with the latest plan, where that plan is of what the case now says."""
    if not made or made[0]["overtaken"] or made[0]["status"] != "suggested":
        return {}
    row = suggestions.find(visit, made[0]["suggestion_id"])
    plan = visit.kept(row["output_sha256"])["plans"][0]
    return {id: level["with_plan"]["mean"] for id, level in plan["expected"].items()}


def _profile(case: Case, words: Words) -> list[tuple[str, str]]:
    """Write what is known of the person, in the profile's order."""
    return [(words.text(f"profile.{one.name}"), written(getattr(case.profile, one.name), one.name, words))
            for one in fields(Profile)]  # fmt: skip


def written(value: Any, name: str, words: Words) -> str:
    """Write one part of a profile."""
    if value is None:
        return words.language.missing
    if isinstance(value, bool):
        return words.language.yes if value else words.language.no
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    if name == "months_without_work":
        return words.amount(value, "month")
    return speech.municipalities().get(str(value), str(value)) if name == "municipality" else str(value)


def _limits(case: Case, words: Words) -> list[tuple[str, str]]:
    limits = case.limits
    return [
        (words.text("what_if.hours_per_week"), words.short(limits.hours_per_week)),
        (words.text("what_if.parallel"), str(limits.parallel)),
        (words.text("what_if.horizon_weeks"), str(limits.horizon_weeks)),
        (words.text("what_if.budget"), "–" if limits.budget is None else words.number(limits.budget)),
    ]


def own(visit: Visit, number: str) -> tuple[Found, Case]:
    """Find a case of the visitor's own unit, to change it."""
    found = cases.own(visit, number)
    return found, visit.planning.read_case(found.plain)
