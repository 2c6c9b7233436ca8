"""A first visit: how to read a suggestion, on a made-up case, with a wrong suggestion to catch."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service import doors
from service.errors import NotFound
from service.pages import visitor
from service.pages.visitor import Anybody, Sent, read_sent

router = APIRouter(include_in_schema=False)
STEPS = ("what", "plan", "levels", "reasons", "catch")
GUESSES = ("basis", "order", "interval")  # what may be wrong with the suggestion of the last step
RIGHT = "basis"
COOKIE = "pathway-tour"  # tells that the tour was begun, so that nobody is asked to take it again
_A_YEAR = 31_536_000


@router.get("/tour")
def begin(guest: Anybody) -> Response:
    """Begin at the first step."""
    begun = guest.show("tour.html", step=STEPS[0], number=1, steps=STEPS, guesses=GUESSES, guess="", right=RIGHT)
    begun.set_cookie(COOKIE, "begun", max_age=_A_YEAR, httponly=True, samesite="lax")
    return begun


@router.get("/tour/{number}")
def read_step(number: int, guest: Anybody) -> Response:
    """Show one step."""
    if not 1 <= number <= len(STEPS):
        raise NotFound("the tour has no such step")
    return guest.show(
        "tour.html", step=STEPS[number - 1], number=number, steps=STEPS, guesses=GUESSES, guess="", right=RIGHT
    )


@router.post("/tour/5")
def check_guess(request: Request, sent: Annotated[Sent, Depends(read_sent)]) -> Response:
    """Say whether the mistake was caught; nothing is kept of the guess."""
    doors.check_same_origin(request)
    guest = visitor.of_request(request)
    guess = sent.get("guess") if sent.get("guess") in GUESSES else "none"
    return guest.show(
        "tour.html", step=STEPS[-1], number=len(STEPS), steps=STEPS, guesses=GUESSES, guess=guess, right=RIGHT
    )
