"""A suggestion: what it says and why, other plans, why not another insats, and its printable rationale."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.wording import Words, swedish
from pathway.wording.reasons import direction, name_of
from service import clock, decisions, stops, suggestions
from service.access.roles import Permission
from service.errors import NotFound
from service.pages import difference, what_if
from service.pages.activity_rows import rows_of_plan
from service.pages.opened import Opened, opened
from service.pages.visitor import Sent, Visitor, allowed
from service.store.rows import Row
from service.visits import Visit

router = APIRouter(include_in_schema=False)
_MOST_SHOWN = 3  # levels that are named in brief


@router.get("/suggestions/{id}")
def read_suggestion(
    id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)], done: str = ""
) -> Response:
    """Show a suggestion as it was shown the first time, with what has become of it."""
    with guest.visit() as visit:
        found = opened(visit, id, guest)
        decision = decision_on(visit, found, guest.words)
        return guest.show("suggestion.html", **_shown(visit, guest, found), decision=decision, done=done)


@router.get("/suggestions/{id}/rationale")
def print_rationale(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)]) -> Response:
    """Show what is needed on paper: the plan, its reasons, its limits, and the caseworker's own words."""
    with guest.visit() as visit:
        found = opened(visit, id, guest)
        return guest.show(
            "rationale.html", found=found, sheet=found.sheet, decision=decision_on(visit, found, guest.words)
        )


@router.get("/suggestions/{id}/numbers")
def read_numbers(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)]) -> Response:
    """Show every number behind the reasons."""
    with guest.visit() as visit:
        found = opened(visit, id, guest)
        return guest.show("numbers.html", found=found, sheet=found.sheet)


@router.get("/suggestions/{id}/why-not")
def why_not(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)], insats: str = "") -> Response:
    """Tell why an insats is not in the plan, and what comes of putting it in."""
    with guest.look() as look:
        row, shown, case, reason = suggestions.reason_against(look, id, insats)
    planner = guest.installation.planning
    against = None if reason["in_plan"] else planner.why_not(shown, case, insats, guest.words)
    told = suggestions.why_not(row, shown, reason, against)
    with guest.visit() as visit:
        suggestions.tell_shown(visit, "suggestion.why_not", row, told, asked={"insats_id": insats})
        planning = visit.planning
    changed = told["difference"] if told["plan"] and not told["in_plan"] else None
    return guest.show(
        "why_not.html",
        id=id,
        mock=planning.model.training.mock,
        name=name_of(insats, planning.catalogue),
        told=told,
        heading=guest.words.text(f"codes.{told['code']}") if told["code"] else "",
        difference=difference.rows(changed, planning.catalogue, planning.instrument, guest.words) if changed else None,
        rows=rows_of_plan(told["plan"], planning.catalogue, guest.words) if _may_answer(guest, row) else (),
        loss=_loss(told["loss"], guest),
        choices=_choices((one["insats_id"] for one in shown["not_chosen"]), planning.catalogue),
    )


def _shown(visit: Visit, guest: Visitor, found: Opened) -> dict[str, Any]:
    planning = visit.planning
    reason = swedish().text("page.abstained")  # the language that notes are frozen in
    return {
        "none_because": [note for note in found.sheet.notes if note.startswith(reason)],
        "besides": [note for note in found.sheet.notes if not note.startswith(reason)],
        "found": found,
        "sheet": found.sheet,
        "most": sorted(found.sheet.levels, key=lambda level: level.without_plan.at - level.with_plan.at)[:_MOST_SHOWN],
        "not_known": guest.words.lists["fixed.not_known"],
        "abstained_help": guest.words.lists["page.abstained_help"],
        "choices": _choices((one.insats_id for one in found.suggestion.not_chosen), planning.catalogue),
        "stops": stops.listed(visit),
        "replaces": found.laid.replaces,
        "errors": [],
        "asked": Sent(),
        **what_if.form_values(found, planning.catalogue, guest.words),
    }


def decision_on(visit: Visit, found: Opened, words: Words) -> dict[str, Any] | None:
    """Give the answer to a suggestion with names and words, if there is one that the visitor may see."""
    if found.open:
        return None
    try:
        taken = decisions.read(visit, found.id)
    except NotFound:
        return None
    catalogue = visit.planning.catalogue
    day = words.day
    named = [
        one
        | {
            "name": name_of(one["insats_id"], catalogue),
            "start": day(date.fromisoformat(one["start_on"])),
            "last": day(date.fromisoformat(one["end_on"]) - timedelta(days=1)),
        }
        for one in taken["activities"]
    ]
    reason = next((one for one in decisions.reasons() if one["code"] == taken["reason_code"]), None)
    decided = day(clock.read(taken["decided_at"]).date())
    return taken | {"activities": named, "reason_words": reason, "decided": decided}


def _choices(ids: Iterable[str], catalogue: Any) -> list[tuple[str, str]]:
    """List what can be asked *why not* about, by name."""
    return sorted(((id, name_of(id, catalogue)) for id in ids), key=lambda one: one[1])


def _may_answer(guest: Visitor, row: Row) -> bool:
    return guest.may(Permission.DECIDE) and row["answer"] is None and row["unit_id"] == guest.known.unit


def _loss(loss: float | None, guest: Visitor) -> str:
    words = guest.words
    if loss is None:
        return words.text("why_not.never")
    way = direction(loss)
    if way == "up":
        return words.text("why_not.loss_down", size=words.amount(loss, "step", 2))
    return words.text("why_not.loss_same")
