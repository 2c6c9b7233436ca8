"""The first page of a caseworker: the unit's cases, and what waits in each."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.wording.reasons import name_of
from service import cases, overview, stops
from service.access.roles import Permission
from service.errors import NotFound
from service.pages import tour
from service.pages.visitor import Visitor, allowed
from service.visits import Visit

router = APIRouter(include_in_schema=False)


@router.get("/cases")
def list_cases(guest: Annotated[Visitor, allowed(Permission.SUGGEST)], q: str = "", all: str = "") -> Response:
    """List cases; those where something waits first, others on demand."""
    with guest.visit() as visit:
        found = overview.cases(visit)
        stopped = stops.listed(visit)
        shared = bool(q.strip()) and _is_shared(visit, q.strip())
        catalogue = visit.planning.catalogue
    sought = [one for one in found if q.strip().casefold() in one.number.casefold()]
    waiting = [one for one in sought if one.waits != ("nothing",)]
    shown = sought if all or q.strip() else waiting
    names = {one.insats_id: name_of(one.insats_id, catalogue) for one in found if one.insats_id}
    return guest.show(
        "my_cases.html",
        cases=shown,
        n_hidden=len(sought) - len(shown),
        n_waiting=len(waiting),
        q=q.strip()[:64],
        names=names,
        stops=stopped,
        n_all=len(found),
        shared=shared,
        is_new=tour.COOKIE not in guest.request.cookies,
    )


def _is_shared(visit: Visit, number: str) -> bool:
    """Tell whether another unit lets this one see a case, which is not listed here."""
    try:
        return not cases.find(visit, number).own
    except NotFound:
        return False
