"""A suggestion as it was shown, opened to be shown again: with its case, and laid out as a sheet."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from pathway import plan
from pathway.case import Case
from pathway.plan import Suggestion
from pathway.printout.shapes import Sheet
from pathway.printout.sheet import lay_out
from pathway.wording import Words
from service import suggestions
from service.pages.shelf import Laid
from service.pages.visitor import Visitor
from service.store import suggestions as stored
from service.store.rows import Row
from service.suggestions import Shown
from service.visits import Visit


@dataclass(frozen=True)
class Opened:
    """One suggestion.

    Attributes
    ----------
    row
        How it is stored: versions, hashes, its answer.
    newer
        The latest suggestion for the case, if it is another one.
    own
        Whether the case belongs to the caller's unit; another unit's is read by consent, and not answered.
    """

    id: str
    laid: Laid
    row: Row
    newer: str | None
    own: bool

    @property
    def suggestion(self) -> Suggestion:
        """The suggestion itself."""
        return self.laid.suggestion

    @property
    def case(self) -> Case:
        """What it was made for; for an auditor under the pseudonym."""
        return self.laid.case

    @property
    def sheet(self) -> Sheet:
        """Every text and number as it is shown."""
        return self.laid.sheet

    @property
    def overtaken(self) -> bool:
        """Whether the case was measured or corrected since."""
        return bool(self.row["newest_version"] > self.row["case_version"])

    @property
    def standing(self) -> str:
        """Where it stands: its answer, else its status."""
        return str(self.row["answer"] or self.row["status"])

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        return self.row["answer"] is None


def opened(visit: Visit, suggestion_id: str, guest: Visitor) -> Opened:
    """Open a suggestion that the caller may see; the trail is told each time."""
    shown = suggestions.read(visit, suggestion_id)
    row = suggestions.find(visit, suggestion_id)
    latest = stored.latest_of(visit.connection, row["case_id"])
    newer = str(latest["id"]) if latest and latest["id"] != suggestion_id else None
    laid = lay_out_once(visit, shown, row, guest)
    return Opened(suggestion_id, laid, row, newer, own=row["unit_id"] == visit.caller.unit)


def lay_out_once(visit: Visit, shown: Shown, row: Row, guest: Visitor) -> Laid:
    """Lay out what the caller was just shown, or take from the shelf what came of it before."""
    key = (shown.sha256, str(row["input_sha256"]), guest.texts.language)
    laid = guest.shelf.take(key, visit.moment)
    if laid is None:
        laid = _lay(visit, shown.text, visit.kept(row["input_sha256"]), guest.words)
        guest.shelf.put(key, visit.moment, laid)
    return laid


def _lay(visit: Visit, text: str, raw: dict[str, Any], words: Words) -> Laid:
    planning, plain = visit.planning, from_json(text)
    case = planning.desk.aimed(planning.read_case(raw | {"case_id": plain["case_id"]}))
    suggestion = plan.shape(plain)
    sheet = lay_out(suggestion, case, planning.catalogue, planning.instrument, words)
    replaces = plain.get("replaces")
    return Laid(suggestion, case, sheet, str(replaces["suggestion_id"]) if replaces else None)
