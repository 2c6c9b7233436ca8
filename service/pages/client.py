"""What the client is given: how data are used, open to everybody, and the own page about one suggestion."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.printout import leaflet
from service.access.roles import Permission
from service.pages.opened import opened
from service.pages.visitor import Anybody, Visitor, allowed

router = APIRouter(include_in_schema=False)


@router.get("/your-data")
def tell_use(guest: Anybody) -> Response:
    """Say in easy words how data about a person are used, and what rights there are."""
    return guest.show("your_data.html")


@router.get("/suggestions/{id}/client-page")
def read_leaflet(id: str, guest: Annotated[Visitor, allowed(Permission.READ_SUGGESTION)]) -> Response:
    """Show the client's own page about a suggestion, for the screen, a phone or paper."""
    with guest.visit() as visit:
        found = opened(visit, id, guest)
        planning = visit.planning
        laid = leaflet.lay_out(found.suggestion, found.case, planning.catalogue, planning.instrument, guest.words)
    return guest.show("client_page.html", leaflet=laid, id=id)
