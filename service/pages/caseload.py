"""The unit as a whole: planned starts against places, what waits, answers in sums; and the switch that stops."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.disclosure import SMALLEST
from pathway.wording.reasons import name_of
from service import cases, decisions, overview, stops
from service.access.roles import Permission
from service.api.calls import Answer
from service.errors import Refusal
from service.pages.visitor import Visitor, allowed, sending
from service.visits import Visit

router = APIRouter(include_in_schema=False)
_MOST_LETTERS = 500


@router.get("/caseload")
def read_caseload(
    guest: Annotated[Visitor, allowed(Permission.READ_CASE)], error: str = "", number: str = "", done: str = ""
) -> Response:
    """Show the unit in sums, nobody is compared with anybody; or open a case by its number."""
    with guest.visit() as visit:
        sought = number.strip()[:64]
        if sought and _is_there(visit, sought):
            return guest.go(f"/cases/{sought}/rights#main")  # a fragment of its own, or the form's would stay
        load = overview.load(visit)
        set_now = stops.listed(visit)
        catalogue = visit.planning.catalogue
    months = sorted({month for one in load.starts for month in one.months})
    return guest.show(
        "caseload.html",
        load=load,
        months=months,
        names={one.insats_id: name_of(one.insats_id, catalogue) for one in load.starts},
        queues=sorted(
            (one for one in catalogue.insatser if one.queue_weeks), key=lambda one: (-one.queue_weeks, one.name)
        )[:8],
        stops=set_now,
        reason_words={one["code"]: one[guest.texts.language] for one in decisions.reasons()},
        smallest=SMALLEST,
        error=error == "reason",
        number=sought,
        done=done,
    )


def _is_there(visit: Visit, number: str) -> bool:
    """Tell whether the unit has such a case; what is done with it is told to the trail."""
    try:
        return cases.own(visit, number, posted_too=True).own
    except Refusal:
        return False


@router.post("/stops")
def set_stop(guest: Annotated[Visitor, sending(Permission.STOP)]) -> Response:
    """Turn suggestions off: an enhetschef for the own unit, others for the model in use."""
    home = "/caseload" if guest.known.unit else "/model"
    reason = guest.sent.get("reason")[:_MOST_LETTERS]  # the field takes no more
    if not reason:
        return guest.go(f"{home}?error=reason#stop")
    once = guest.once()

    def work() -> Answer:
        stops.set(visit, {"scope": "unit" if guest.known.unit else "model", "reason": reason})
        return Answer({"address": f"{home}#stop"})

    with guest.visit() as visit:
        return guest.go(once.do(visit, work).body["address"])


@router.post("/stops/{id}/lift")
def lift_stop(id: str, guest: Annotated[Visitor, sending(Permission.STOP)]) -> Response:
    """Turn suggestions on again."""
    with guest.visit() as visit:
        stops.lift(visit, id)
    return guest.go("/caseload#stop" if guest.known.unit else "/model#stop")
