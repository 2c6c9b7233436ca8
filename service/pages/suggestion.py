"""A suggestion: what it says and why, other plans, why not another insats, what if, and its printable rationale."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.wording import swedish
from pathway.wording.reasons import direction, name_of
from service import decisions, stops, suggestions
from service.access.roles import Permission
from service.errors import Faulty, NotFound
from service.pages import difference
from service.pages.opened import Opened, opened
from service.pages.visitor import Sent, Visitor, allowed, sending
from service.visits import Visit

router = APIRouter(include_in_schema=False)
NUMBERS: Mapping[str, tuple[float, float]] = {  # fields of the form, with the range that `case.Limits` allows
    "hours_per_week": (0.5, 60),
    "parallel": (1, 10),
    "horizon_weeks": (1, 156),
    "budget": (0, 10_000_000),
}
_WHOLE = ("parallel", "horizon_weeks")
Errors = list[tuple[str, str]]


@router.get("/suggestions/{id}")
def read_suggestion(
    id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)], done: str = ""
) -> Response:
    """Show a suggestion as it was shown the first time, with what has become of it."""
    with guest.visit() as visit:
        found = opened(visit, id, guest.words)
        decision = decision_on(visit, found)
        return guest.show("suggestion.html", **_shown(visit, guest, found), decision=decision, done=done)


@router.get("/suggestions/{id}/rationale")
def print_rationale(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)]) -> Response:
    """Show what is needed on paper: the plan, its reasons, its limits, and the caseworker's own words."""
    with guest.visit() as visit:
        found = opened(visit, id, guest.words)
        return guest.show("rationale.html", found=found, sheet=found.sheet, decision=decision_on(visit, found))


@router.get("/suggestions/{id}/numbers")
def read_numbers(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)]) -> Response:
    """Show every number behind the reasons."""
    with guest.visit() as visit:
        found = opened(visit, id, guest.words)
        return guest.show("numbers.html", found=found, sheet=found.sheet)


@router.get("/suggestions/{id}/why-not")
def why_not(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)], insats: str = "") -> Response:
    """Tell why an insats is not in the plan, and what comes of putting it in."""
    with guest.look() as look:
        row, shown, case, reason = suggestions.reason_against(look, id, insats)
    forced = None
    if reason["loss"] is not None and not reason["in_plan"]:
        forced = guest.installation.planning.force(case, insats, guest.installation.now()).suggestion
    told = suggestions.why_not(row, shown, reason, forced)
    with guest.visit() as visit:
        suggestions.tell_shown(visit, "suggestion.why_not", row, told, asked={"insats_id": insats})
        planning = visit.planning
    changed = told["difference"] if told["plan"] and not told["in_plan"] else None
    return guest.show(
        "why_not.html",
        id=id,
        name=name_of(insats, planning.catalogue),
        told=told,
        heading=guest.words.text(f"codes.{told['code']}") if told["code"] else "",
        difference=difference.rows(changed, planning.catalogue, planning.instrument, guest.words) if changed else None,
        loss=_loss(told["loss"], guest),
        choices=_choices(shown, planning.catalogue),
    )


@router.post("/suggestions/{id}/what-if")
def what_if(id: str, guest: Annotated[Visitor, sending(Permission.SUGGEST)]) -> Response:
    """Tell what would be different with other limits, without an insats or with another one."""
    changes, errors = read_changes(guest.sent, guest)
    told = row = None
    if not errors:
        try:
            with guest.look() as look:
                row, shown, case = suggestions.suppose(look, id, changes)
            told = suggestions.what_if(row, shown, guest.installation.planning.suggest(case, guest.installation.now()))
        except Faulty as fault:
            errors = [("hours_per_week", fault.message)]
    with guest.visit() as visit:
        if told is not None and row is not None:
            suggestions.tell_shown(visit, "suggestion.what_if", row, told, asked=changes)
        found = opened(visit, id, guest.words)
        planning = visit.planning
    return guest.show(
        "what_if.html",
        422 if errors else 200,
        found=found,
        sheet=found.sheet,
        told=told,
        difference=difference.rows(told["difference"], planning.catalogue, planning.instrument, guest.words)
        if told
        else None,
        direction=direction,
        asked=_asked(guest.sent),
        errors=errors,
        **form_values(found, planning.catalogue),
    )


def read_changes(sent: Sent, guest: Visitor) -> tuple[dict[str, Any], Errors]:
    """Read the form of *what if*: changes as the API takes them, and what is wrong beside which field."""
    limits: dict[str, Any] = {}
    errors: Errors = []
    for name, (low, high) in NUMBERS.items():
        typed = sent.get(name)
        if not typed:
            if name == "budget":
                limits["budget"] = None
            continue
        number = read_number(typed)
        if number is None or not low <= number <= high or (name in _WHOLE and number != int(number)):
            label = guest.words.text(f"what_if.{name}")
            key = "what_if.whole" if name in _WHOLE else "what_if.number"
            errors.append((name, guest.texts(key, field=label, low=f"{low:g}", high=f"{high:g}")))
        else:
            limits[name] = int(number) if name in _WHOLE else number
    return {"limits": limits, "forbid": sent.all("forbid"), "require": sent.all("require")}, errors


def read_number(typed: str) -> float | None:
    """Read a number as people type it, with a decimal comma or point and perhaps spaces; ``None``: it is none."""
    try:
        number = float(typed.replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


def form_values(found: Opened, catalogue: Any) -> dict[str, Any]:
    """Give what the form of *what if* offers: today's limits, the plan's insatser, all others."""
    limits = found.case.limits
    now = {name: getattr(limits, name) for name in NUMBERS}
    plan = found.suggestion.plans[0].activities if found.suggestion.plans else ()
    inside = {one.insats_id for one in plan}
    return {
        "now": {name: "" if value is None else f"{value:g}" for name, value in now.items()},
        "inside": [(one.insats_id, name_of(one.insats_id, catalogue)) for one in plan],
        "others": [(one.id, one.name) for one in catalogue.insatser if one.id not in inside],
    }


def _shown(visit: Visit, guest: Visitor, found: Opened) -> dict[str, Any]:
    planning = visit.planning
    reason = swedish().text("page.abstained")  # the language that notes are frozen in
    return {
        "none_because": [note for note in found.sheet.notes if note.startswith(reason)],
        "besides": [note for note in found.sheet.notes if not note.startswith(reason)],
        "found": found,
        "sheet": found.sheet,
        "not_known": guest.words.lists["fixed.not_known"],
        "abstained_help": guest.words.lists["page.abstained_help"],
        "choices": _choices(found.plain, planning.catalogue),
        "stops": stops.listed(visit),
        "replaces": found.plain.get("replaces"),
        "errors": [],
        "asked": {},
        **form_values(found, planning.catalogue),
    }


def decision_on(visit: Visit, found: Opened) -> dict[str, Any] | None:
    """Give the answer to a suggestion with names and words, if there is one that the visitor may see."""
    if found.open:
        return None
    try:
        taken = decisions.read(visit, found.id)
    except NotFound:
        return None
    catalogue = visit.planning.catalogue
    named = [one | {"name": name_of(one["insats_id"], catalogue)} for one in taken["activities"]]
    reason = next((one for one in decisions.reasons() if one["code"] == taken["reason_code"]), None)
    return taken | {"activities": named, "reason_words": reason}


def _choices(plain: Mapping[str, Any], catalogue: Any) -> list[tuple[str, str]]:
    """List what can be asked *why not* about, by name."""
    return sorted(((one["insats_id"], name_of(one["insats_id"], catalogue)) for one in plain["not_chosen"]),
                  key=lambda one: one[1])  # fmt: skip


def _asked(sent: Sent) -> dict[str, Any]:
    return sent.plain() | {"forbid": sent.all("forbid"), "require": sent.all("require")}


def _loss(loss: float | None, guest: Visitor) -> str:
    words = guest.words
    if loss is None:
        return words.text("why_not.never")
    way = direction(loss)
    if way == "up":
        return words.text("why_not.loss_down", size=words.amount(loss, "step", 2))
    return words.text("why_not.loss_same")
