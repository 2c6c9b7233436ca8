"""Activities as rows of a form: from a plan, or as they were typed; and numbers as people type them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pathway.catalogue import Catalogue
from pathway.plan import Activity
from pathway.wording import Words
from pathway.wording.reasons import name_of
from service.rules import Placed


@dataclass(frozen=True)
class Row:
    """An activity as it stands in the form; texts as they were typed."""

    insats_id: str
    name: str
    start_on: str
    last_on: str
    hours: str
    removed: bool = False


def rows_of(activities: Iterable[Activity | Placed], catalogue: Catalogue, words: Words) -> tuple[Row, ...]:
    """Write activities as rows, in the order of time; those of insatser that the catalogue lacks are left out."""
    return tuple(
        Row(
            one.insats_id,
            name_of(one.insats_id, catalogue),
            one.start_on.isoformat(),
            (one.end_on - timedelta(days=1)).isoformat(),
            write_number(one.hours_per_week, words),
        )
        for one in sorted(activities, key=lambda one: (one.start_on, one.end_on))
        if one.insats_id in catalogue.by_id
    )


def rows_of_plan(plain: Mapping[str, Any] | None, catalogue: Catalogue, words: Words) -> tuple[Row, ...]:
    """Write a plan in plain data as rows; none where there is no plan."""
    activities = plain["activities"] if plain else ()
    return rows_of(
        (
            Placed(
                one["insats_id"],
                date.fromisoformat(one["start_on"]),
                date.fromisoformat(one["end_on"]),
                one["hours_per_week"],
            )
            for one in activities
        ),
        catalogue,
        words,
    )


def write_number(number: float, words: Words) -> str:
    """Write a number as people type it into a field: all of it, with their decimal mark."""
    return f"{number:.10g}".replace(".", words.language.decimal)


def read_number(typed: str) -> float | None:
    """Read a number as people type it, with a decimal comma or point and perhaps spaces; ``None``: it is none."""
    try:
        number = float(typed.replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None
