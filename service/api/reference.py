"""Operations on what suggestions rest on: the catalogue and the model."""

# ruff: noqa: D103 - the words of each operation are in operations.toml

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import TypeAdapter

from pathway.catalogue import Insats, Kind
from service.access.roles import Permission
from service.api.calls import Answer, Call, Paging, allowed
from service.api.operations import route
from service.errors import NotFound

router = APIRouter(tags=["catalogue", "model"])
_INSATS = TypeAdapter(Insats)


@router.get("/insatser", **route("search_insatser"))
def search_insatser(
    page: Paging,
    call: Annotated[Call, allowed(Permission.READ_CATALOGUE)],
    q: Annotated[
        str, Query(max_length=200, description="Ord i namn eller beskrivning. Words in name or summary.")
    ] = "",
    type: Annotated[Kind | None, Query(description="Slag av insats. Kind of insats.")] = None,
    municipality: Annotated[
        str | None, Query(pattern="^[0-9]{4}$", description="Kommunkod, fyra siffror. Municipality, four digits.")
    ] = None,
) -> Response:
    catalogue = call.installation.planning.catalogue
    words = q.casefold().split()
    found = [
        insats
        for insats in catalogue.insatser
        if all(word in _text(insats) for word in words)
        and type in (None, insats.type)
        and (municipality is None or not insats.municipalities or municipality in insats.municipalities)
    ]
    shown = found[(page.number - 1) * page.limit :][: page.limit]
    listed = page.of([_plain(insats) for insats in shown], len(found))
    return Answer({"catalogue_version": catalogue.version, **listed}).response()


@router.get("/insatser/{id:path}", **route("read_insats"))
def read_insats(
    id: Annotated[str, Path(min_length=1, max_length=200, description="Insatsens id. Id of the insats.")],
    call: Annotated[Call, allowed(Permission.READ_CATALOGUE)],
) -> Response:
    catalogue = call.installation.planning.catalogue
    insats = catalogue.by_id.get(id)
    if insats is None:
        raise NotFound("the catalogue has no such insats")
    return Answer(_plain(insats), etag=f'"{catalogue.version.encode().hex()}"').response()


@router.get("/models/current", **route("read_current_model"))
def read_current_model(call: Annotated[Call, allowed(Permission.READ_MODEL)]) -> Response:
    planning = call.installation.planning
    told = {"version": planning.version, "card": planning.card(), "manifest": planning.manifest()}
    return Answer(told, etag=f'"{planning.version}"').response()


def _text(insats: Insats) -> str:
    return " ".join((insats.id, insats.name, insats.summary, insats.provider)).casefold()


def _plain(insats: Insats) -> dict[str, Any]:
    plain: dict[str, Any] = _INSATS.dump_python(insats, mode="json")
    return plain
