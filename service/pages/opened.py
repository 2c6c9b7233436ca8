"""A suggestion as it was shown, opened to be shown again: with its case, and laid out as a sheet."""

import json
from dataclasses import dataclass
from typing import Any

from pathway import plan
from pathway.case import Case
from pathway.plan import Suggestion
from pathway.printout.shapes import Sheet
from pathway.printout.sheet import lay_out
from pathway.wording import Words
from service import suggestions
from service.store import suggestions as stored
from service.store.rows import Row
from service.visits import Visit

Plain = dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """One suggestion.

    Attributes
    ----------
    plain
        As it was shown, in plain data.
    case
        What it was made for; for an auditor under the pseudonym.
    row
        How it is stored: versions, hashes, its answer.
    newer
        The latest suggestion for the case, if it is another one.
    """

    id: str
    plain: Plain
    suggestion: Suggestion
    case: Case
    sheet: Sheet
    row: Row
    newer: str | None

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


def opened(visit: Visit, suggestion_id: str, words: Words) -> Opened:
    """Open a suggestion that the caller may see; the trail is told."""
    plain: Plain = json.loads(suggestions.read(visit, suggestion_id).text)
    row = suggestions.find(visit, suggestion_id)
    latest = stored.latest_of(visit.connection, row["case_id"])
    raw = visit.kept(row["input_sha256"]) | {"case_id": plain["case_id"]}
    planning = visit.planning
    case = planning.desk.aimed(planning.read_case(raw))
    suggestion = plan.shape(plain)
    sheet = lay_out(suggestion, case, planning.catalogue, planning.instrument, words)
    return Opened(
        suggestion_id,
        plain,
        suggestion,
        case,
        sheet,
        row,
        newer=str(latest["id"]) if latest and latest["id"] != suggestion_id else None,
    )
