"""*What if*: the plan that comes of other limits, other wishes, without an insats or with another one."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.catalogue import Catalogue
from pathway.wording import Words
from pathway.wording.reasons import direction, name_of
from service import suggestions
from service.access.roles import Permission
from service.errors import Faulty
from service.pages import difference
from service.pages.activity_rows import read_number, rows_of_plan, write_number
from service.pages.opened import Opened, opened
from service.pages.visitor import Errors, Sent, Visitor, allowed, sending

router = APIRouter(include_in_schema=False)
NUMBERS: Mapping[str, tuple[float, float]] = {  # fields of the form, with the range that `case.Limits` allows
    "hours_per_week": (0.5, 60),
    "parallel": (1, 10),
    "horizon_weeks": (1, 156),
    "budget": (0, 10_000_000),
}
_WHOLE = ("parallel", "horizon_weeks")
_WISHES = ("prefer", "avoid")
_MORE_FIELDS = {"prefer": 1, "avoid": 1, "require": 2}  # empty ones, beside those that hold a wish already


@router.get("/suggestions/{id}/what-if")
def show_form(id: str, guest: Annotated[Visitor, allowed(Permission.SUGGEST)]) -> Response:
    """Send on to the form, which is part of the suggestion's page: for who comes back, or logs in again."""
    return guest.go(f"/suggestions/{id}#what-if")


@router.post("/suggestions/{id}/what-if")
def tell(id: str, guest: Annotated[Visitor, sending(Permission.SUGGEST)]) -> Response:
    """Tell what would be different."""
    changes, errors = read_changes(guest.sent, guest)
    told = row = None
    if not errors:
        try:
            with guest.look() as look:
                row, shown, case = suggestions.suppose(look, id, changes)
            made = guest.installation.planning.suggest(case, guest.installation.now(), shown)
            told = suggestions.what_if(row, shown, made)
        except Faulty:
            errors = [("hours_per_week", guest.texts("what_if.refused"))]
    with guest.visit() as visit:
        if told is not None and row is not None:
            suggestions.tell_shown(visit, "suggestion.what_if", row, told, asked=changes)
        found = opened(visit, id, guest)
        planning = visit.planning
    return guest.show(
        "what_if.html",
        422 if errors else 200,
        found=found,
        sheet=found.sheet,
        told=told,
        rows=rows_of_plan(told["plan"] if told else None, planning.catalogue, guest.words) if found.open else (),
        difference=difference.rows(told["difference"], planning.catalogue, planning.instrument, guest.words)
        if told
        else None,
        direction=direction,
        asked=guest.sent,
        errors=errors,
        **form_values(found, planning.catalogue, guest.words, guest.sent),
    )


def read_changes(sent: Sent, guest: Visitor) -> tuple[dict[str, Any], Errors]:
    """Read the form: changes as the API takes them, and what is wrong beside which field."""
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
            ends = {"low": guest.words.short(low), "high": guest.words.short(high)}
            errors.append((name, guest.texts(key, field=label, **ends)))
        else:
            limits[name] = int(number) if name in _WHOLE else number
    wishes = {name: sent.all(name) for name in _WISHES}
    forbid, require = sent.all("forbid"), sent.all("require")
    for both in sorted({*wishes["avoid"], *forbid} & {*wishes["prefer"], *require}):
        field = "require" if both in require else "prefer"
        name = name_of(both, guest.installation.planning.catalogue)
        errors.append((f"{field}-0", guest.texts("what_if.both", insats=name)))
    return {"limits": limits, "wishes": wishes, "forbid": forbid, "require": require}, errors


def form_values(found: Opened, catalogue: Catalogue, words: Words, sent: Sent | None = None) -> dict[str, Any]:
    """Give what the form offers: today's limits and wishes or what was typed, the plan's insatser, all others."""
    limits, wishes = found.case.limits, found.case.wishes
    now = {name: getattr(limits, name) for name in NUMBERS}
    plan = found.suggestion.plans[0].activities if found.suggestion.plans else ()
    inside = dict.fromkeys(one.insats_id for one in plan)
    chosen = {
        name: sent.all(name) if sent else list(getattr(wishes, name, ()) if name in _WISHES else ())
        for name in _MORE_FIELDS
    }
    everything = sorted(((one.id, one.name) for one in catalogue.insatser), key=lambda one: one[1])
    return {
        "now": {name: "" if value is None else write_number(value, words) for name, value in now.items()},
        "inside": [(id, name_of(id, catalogue)) for id in inside],
        "others": [one for one in everything if one[0] not in inside],
        "everything": everything,
        "chosen": {name: [*ids, *[""] * _MORE_FIELDS[name]] for name, ids in chosen.items()},
    }
