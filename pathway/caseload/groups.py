"""Reads what groups cases: a field of the profile, or a file that says which group each case is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathway.case import Case
from pathway.caseload.sharing import Groups
from pathway.errors import Mismatch, UnreadableFile
from pathway.reading import json_of

FIELDS = ("gender", "municipality", "education", "income_source", "swedish_level", "children_at_home")
UNKNOWN = "not known"


@dataclass(frozen=True)
class Grouping:
    """What groups cases: `field` of the profile, or `given` groups by case_id; what neither knows is `UNKNOWN`."""

    field: str | None = None
    given: Mapping[str, str] | None = None

    def groups_of(self, cases: Sequence[Case]) -> Groups:
        """Group cases."""
        if self.given is not None:
            return Groups.named([self.given.get(case.case_id, UNKNOWN) for case in cases])
        values = [None if self.field is None else getattr(case.profile, self.field) for case in cases]
        return Groups.named([UNKNOWN if value is None else str(value).lower() for value in values])


def read(by: str) -> Grouping:
    """Read what groups cases.

    Parameters
    ----------
    by
        A field of the profile with few values, or the name of a JSON file: an object from case_id to group.

    Raises
    ------
    Mismatch
        It is neither such a field nor the name of a .json file.
    UnreadableFile
        The file cannot be read, or holds something else.
    """
    if by in FIELDS:
        return Grouping(field=by)
    path = Path(by)
    if path.suffix != ".json":
        raise Mismatch(f"--by: must be one of {', '.join(FIELDS)}, or a .json file from case_id to group")
    raw = json_of(path)
    if not isinstance(raw, dict) or not all(isinstance(group, str) and group for group in raw.values()):
        raise UnreadableFile(f"{path}: must be one JSON object from case_id to the name of a group")
    return Grouping(given=raw)
