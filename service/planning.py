"""The seam to the library: model, catalogue and desk, and how many cases are planned at once."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pathway import __version__, catalogue, modelfolder, plan, questions
from pathway import case as cases
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.errors import FaultyCase, Mismatch, PathwayError
from pathway.instrument import Instrument
from pathway.modelfolder import CARD, MANIFEST, Model
from pathway.suggestion import Desk
from pathway.wording import Words
from service import deadline, versions
from service.errors import Faulty, Unavailable
from service.settings import Settings


@dataclass(frozen=True)
class Against:
    """What speaks against an insats: words, what the plan loses with it, and the plan then; ``None``: there is none."""

    text: str
    loss: float | None
    plan: dict[str, Any] | None


class Planning:
    """A desk that several threads share; or the reason why there is none.

    Parameters
    ----------
    desk
        ``None`` where model or catalogue cannot be read.
    folder
        The model folder, for its card and manifest.
    lacking
        Why there is no desk, in words for whoever runs the service.
    """

    def __init__(self, desk: Desk | None, folder: Path, at_once: int, wait_seconds: float, lacking: str = "") -> None:
        self._desk, self._folder, self.lacking = desk, folder, lacking
        self._versions = versions_of(desk) if desk else None
        self._turns = threading.BoundedSemaphore(at_once)
        self._wait_seconds = wait_seconds

    @property
    def desk(self) -> Desk:
        """The desk; raises `Unavailable` where there is none."""
        if self._desk is None:
            raise Unavailable("there is no model; suggestions cannot be made until it is back")
        return self._desk

    @property
    def model(self) -> Model:
        """The model."""
        return self.desk.model

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue."""
        return self.desk.catalogue

    @property
    def instrument(self) -> Instrument:
        """The model's instrument."""
        return self.desk.model.instrument

    @property
    def version(self) -> str:
        """The model's version."""
        return self.desk.version

    def versions(self) -> dict[str, str]:
        """Name what suggestions are made with, as the trail holds it."""
        return self._versions or versions_of(self.desk)

    def card(self) -> str:
        """Give the model's card, in Markdown."""
        return (self._folder / CARD).read_text(encoding="utf-8")

    def manifest(self) -> dict[str, Any]:
        """Give the model's manifest."""
        text = (self._folder / MANIFEST).read_text(encoding="utf-8")
        manifest: dict[str, Any] = json.loads(text, parse_constant=lambda _: None)  # JSON has no NaN
        return manifest

    def read_case(self, raw: Any) -> Case:
        """Check plain data as a case; raises `Faulty`, whose message never repeats what was sent."""
        try:
            return cases.shape(raw, self.instrument)
        except FaultyCase as error:
            raise Faulty(error.message) from None

    def suggest(self, raw: Mapping[str, Any], at: datetime, shown: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make a suggestion for a case in plain data, when it is its turn.

        Parameters
        ----------
        shown
            The suggestion for the case as it was before: its first plan is taken up as far as the case allows it now.

        Raises
        ------
        Faulty
            The case breaks a rule.
        Unavailable
            There is no model, or too many cases are being planned.
        """
        case = self.read_case(raw)
        try:
            with self._turn():
                before = plan.shape(shown).plans[:1] if shown else ()
                return plan.plain(self.desk.suggest(case, at, *before))
        except FaultyCase as error:
            raise Faulty(f"case: {error.message}") from None

    def why_not(
        self, shown: Mapping[str, Any], raw: Mapping[str, Any], insats_id: str, words: Words | None = None
    ) -> Against | None:
        """Tell why an insats is not in a suggestion's first plan, and what comes of putting it in.

        ``None`` where another model or catalogue than the present ones made the suggestion.
        """
        case = self.read_case({**raw, "case_id": shown["case_id"]})
        try:
            with self._turn():
                found = questions.why_not(self.desk, case, plan.shape(shown), insats_id, words)
        except Mismatch:
            return None
        return Against(found.text, found.loss, questions.plain(found.plan) if found.plan else None)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=min(self._wait_seconds, deadline.left())):
            raise Unavailable("too many cases are being planned at this moment; try again in a little while")
        try:
            yield
        finally:
            self._turns.release()


def versions_of(desk: Desk) -> dict[str, str]:
    """Name what suggestions are made with at a desk, as the trail holds it."""
    return {
        "model": desk.version,
        "catalogue": desk.catalogue.version,
        "catalogue_sha256": versions.sha256_of(desk.catalogue),
        "instrument": desk.model.instrument.name,
        "software": __version__,
    }


def load(settings: Settings) -> Planning:
    """Read model and catalogue; where they cannot be read, the service starts all the same and says so.

    Both are kept for replay where the settings say; raises `FaultySetting` where that folder cannot be written.
    """
    desk, lacking = None, ""
    try:
        desk = Desk(modelfolder.read(settings.model), catalogue.read(settings.catalogue))
    except PathwayError as error:
        lacking = error.message
    if desk is not None and settings.versions is not None:
        versions.keep(settings.versions, desk, settings.model)
    return Planning(desk, settings.model, settings.plans_at_once, settings.plan_wait_seconds, lacking)
