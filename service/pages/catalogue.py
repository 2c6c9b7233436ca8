"""The guide to what is offered: search, browse and read about one insats; open to everybody, without login."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.catalogue import KINDS, Catalogue, Insats
from pathway.disclosure import SMALLEST
from pathway.wording.reasons import name_of
from service import clock
from service.errors import NotFound
from service.pages import speech
from service.pages.visitor import Anybody, Visitor

router = APIRouter(include_in_schema=False)
_A_PAGE = 20


@router.get("/catalogue")
def search(
    guest: Anybody,
    q: str = "",
    type: str = "",
    municipality: str = "",
    intake: str = "",
    free: str = "",
    page: int = 1,
) -> Response:
    """List what the search finds, a page at a time."""
    catalogue = guest.installation.planning.catalogue
    asked = {"q": q.strip()[:200], "type": type, "municipality": municipality, "intake": intake, "free": free}
    found = [insats for insats in catalogue.insatser if _fits(insats, asked)]
    n_pages = max(1, -(-len(found) // _A_PAGE))
    page = min(max(page, 1), n_pages)
    return guest.show(
        "catalogue.html",
        insatser=found[(page - 1) * _A_PAGE :][:_A_PAGE],
        n_found=len(found),
        page=page,
        n_pages=n_pages,
        asked=asked,
        kinds=KINDS,
        places=_places(catalogue),
        place_name=speech.municipalities(),
    )


@router.get("/catalogue/{id:path}")
def read_insats(id: str, guest: Anybody) -> Response:
    """Show one insats: for whom, when, how well it is supported, and what earlier clients' data say."""
    planning = guest.installation.planning
    insats = planning.catalogue.by_id.get(id)
    if insats is None:
        raise NotFound("the catalogue has no such insats")
    today = clock.day(guest.installation.now())
    excluded = sorted(name_of(other, planning.catalogue) for other in planning.catalogue.excluded_by(id))
    return guest.show(
        "insats.html",
        insats=insats,
        catalogue_version=planning.catalogue.version,
        place_name=speech.municipalities(),
        excluded=excluded,
        required=[(other, name_of(other, planning.catalogue)) for other in insats.requires.insatser],
        levels=[
            (guest.words.indicator(planning.instrument, indicator), guest.words.short(level))
            for indicator, level in insats.requires.levels.items()
        ],
        known=_known(insats, guest),
        mock=planning.model.training.mock,
        dates=[guest.words.day(day) for day in insats.intake.dates if day >= today],
    )


def _fits(insats: Insats, asked: Mapping[str, str]) -> bool:
    text = " ".join((insats.id, insats.name, insats.summary, insats.provider)).casefold()
    return (
        all(word in text for word in asked["q"].casefold().split())
        and asked["type"] in ("", insats.type)
        and (not asked["municipality"] or not insats.municipalities or asked["municipality"] in insats.municipalities)
        and asked["intake"] in ("", insats.intake.mode)
        and (not asked["free"] or insats.places is None or insats.places > 0)
    )


def _places(catalogue: Catalogue) -> list[tuple[str, str]]:
    """List the catalogue's municipalities by name."""
    codes = {code for insats in catalogue.insatser for code in insats.municipalities}
    return sorted(((code, speech.municipalities().get(code, code)) for code in codes), key=lambda one: one[1])


def _known(insats: Insats, guest: Visitor) -> dict[str, Any]:
    """Say what the model learned from: how many people, small numbers hidden, and what they gained on average."""
    planning, words = guest.installation.planning, guest.words
    support = planning.model.support
    n = support.n_clients.get(insats.id, 0)
    measured = planning.model.evaluation.get("checks", {}).get("robustness", {}).get(insats.id)
    gain = None
    if measured and n >= SMALLEST:
        low, mean, high = (words.number(measured["gain"][end], 2) for end in ("low", "mean", "high"))
        label = words.indicator(planning.instrument, measured["indicator"])
        gain = {"indicator": words.in_sentence(label), "mean": mean, "low": low, "high": high}
    return {
        "n": str(n) if n == 0 or n >= SMALLEST else "",
        "smallest": SMALLEST,
        "silent": n < support.fewest_clients,
        "gain": gain,
    }
