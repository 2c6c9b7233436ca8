"""The data card: where the rows come from, which time they tell of, what is missing, and who is not in them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pathway import disclosure
from pathway.audit.estimates import LeftOut, Spread
from pathway.audit.limits import limits
from pathway.audit.material import Material
from pathway.audit.raters import Raters, caseworkers, drift
from pathway.leaving import LEFT, LOST, MEASURED


@dataclass(frozen=True)
class Source:
    """One package taken in."""

    imported_on: str
    package: str
    mock: bool
    new_rows: int


@dataclass(frozen=True)
class Staying:
    """What became of people after a measurement, as shares of those old enough to know: as the training found it."""

    measured_again: float
    left_for_work: float
    lost: float


@dataclass(frozen=True)
class DataCard:
    """What the register holds.

    Attributes
    ----------
    rows
        By table.
    n_measured_once
        Clients whose change nobody can know: they are in the register, and in nothing that the model learned.
    unanswered
        Share of questions without an answer, by indicator and respondent.
    unknown
        Share of clients of whom a background fact is not known, by column.
    held_back
        Phases that are never taken in.
    units
        Clients by unit; a unit that is too small is None.
    outside_catalogue
        Share of the participations in insatser that the model does not know.
    """

    sources: tuple[Source, ...]
    first_day: str
    last_day: str
    rows: Mapping[str, int]
    n_clients: int
    n_measured: int
    n_measured_once: int
    measurements_per_client: float
    unanswered: Mapping[str, Mapping[str, float]]
    unanswered_in_all: float
    unknown: Mapping[str, float]
    held_back: tuple[str, ...]
    units: Mapping[str, int | None]
    outside_catalogue: float
    staying: Staying | LeftOut
    raters: Raters | LeftOut
    caseworkers: Spread | LeftOut


def fill(material: Material, sources: tuple[Source, ...], held_back: tuple[str, ...]) -> DataCard:
    """Fill in the data card of a register."""
    tables = material.tables
    asked = tables.measurements
    empty = asked["value"].isna()
    by = empty.groupby([asked["indicator"].astype(str), asked["respondent"].astype(str)]).mean().unstack()
    n_measured = int(material.dates["client_id"].nunique())
    once = int((material.dates["client_id"].value_counts() == 1).sum())
    listed = tables.participations["insats_id"].astype(str).isin(material.insatser.types)
    return DataCard(
        sources=sources,
        first_day=str(material.dates["measured_on"].min().date()),
        last_day=str(material.last_day.date()),
        rows={name: len(getattr(tables, name)) for name in ("clients", "measurements", "participations", "outcomes")},
        n_clients=len(tables.clients),
        n_measured=n_measured,
        n_measured_once=once,
        measurements_per_client=len(material.dates) / max(n_measured, 1),
        unanswered={
            str(id): {str(who): float(share) for who, share in own.dropna().items()} for id, own in by.iterrows()
        },
        unanswered_in_all=float(empty.mean()) if len(empty) else 0.0,
        unknown=_unknown(material),
        held_back=held_back,
        units=_units(material),
        outside_catalogue=float(1 - listed.mean()) if len(listed) else 0.0,
        staying=_staying(material),
        raters=drift(material),
        caseworkers=caseworkers(material),
    )


def _unknown(material: Material) -> dict[str, float]:
    clients, words = material.tables.clients, {"gender": "okänt", "education": "okänd", "health_codes": ""}
    return {column: float((clients[column].astype(str) == word).mean()) for column, word in words.items()}


def _units(material: Material) -> dict[str, int | None]:
    counts = {str(unit): int(n) for unit, n in sorted(material.tables.clients["unit"].value_counts().items())}
    hidden = disclosure.hidden_parts(counts, limits()["groups"]["smallest"])
    return {unit: None if unit in hidden else n for unit, n in counts.items()}


def _staying(material: Material) -> Staying | LeftOut:
    told = material.model.evaluation.get("leaving")
    if not told:
        return LeftOut("Modellens mapp säger inget om vilka som mäts igen.")
    became = told["became"]
    n = sum(became[kind] for kind in (MEASURED, LEFT, LOST)) or 1
    return Staying(*(became[kind] / n for kind in (MEASURED, LEFT, LOST)))
