"""Checks an exported table row by row: types and limits, instrument and catalogue, and what must fit together."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.case import HELD_BACK
from pathway.catalogue import Catalogue
from pathway.instrument import RESPONDENTS, Instrument
from pathway.intake import cells
from pathway.intake.export import Cells, Export, Faults
from pathway.intake.faults import NUMBER
from pathway.tables import KEYS, Field, Table, columns, fields

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class Checked:
    """A table with typed cells, and what is known of every row of it.

    Attributes
    ----------
    rows
        One row per row of the export, in its order; texts are categoricals, what could not be read is missing.
    faults
        The first fault of each row.
    held_back
        Rows of people in a phase that is never taken in.
    repeated
        Rows that a later row repeats word for word.
    """

    table: Table
    rows: pd.DataFrame
    lines: npt.NDArray[np.int64]
    faults: Faults
    held_back: Rows
    repeated: Rows

    @property
    def accepted(self) -> Rows:
        """Rows that may be taken in."""
        return ~(self.faults.any | self.held_back | self.repeated)

    @property
    def quarantined(self) -> Rows:
        """Rows that are set aside."""
        return self.faults.any & ~self.held_back


def check(export: Export, instrument: Instrument, catalogue: Catalogue | None, on: date) -> Checked:
    """Check each row of a table by itself.

    Parameters
    ----------
    catalogue
        The package's; ``None``: it has none, and any insats id that looks like an id is accepted.
    on
        The day of the import.
    """
    faults = export.faults
    typed = {}
    for number, field in enumerate(fields(export.table)):
        column = export.cells[field["name"]]
        read = _read(field, column.distinct, instrument, catalogue, on)
        faults.add_each(np.array([NUMBER[reason] for _, reason in read], np.int8)[column.codes], number)
        typed[field["name"]] = _values(field, [value for value, _ in read], column)
    rows = pd.DataFrame(typed)
    _CHECKS[export.table](rows, faults, instrument)
    nothing = np.zeros(len(rows), bool)
    return Checked(export.table, rows, export.lines, faults, nothing, nothing.copy())


def held_back(clients: Checked) -> frozenset[str]:
    """Pseudonyms of the people none of whose rows may be taken in, in any table."""
    phase = clients.rows["case_phase"].isin(HELD_BACK)
    return frozenset(clients.rows.loc[phase, "client_id"].dropna().astype(str))


def unsettled(clients: Checked) -> frozenset[str]:
    """Pseudonyms of the people whose phase cannot be read: they may have to be held back."""
    unread = clients.rows["case_phase"].isna()
    return frozenset(clients.rows.loc[unread, "client_id"].dropna().astype(str))


def hold_back(checked: Checked, people: frozenset[str]) -> None:
    """Mark the rows of the people to be held back; in clients also rows that name nobody."""
    checked.held_back[:] = checked.rows["client_id"].isin(people)
    if checked.table == "clients":
        checked.held_back[:] |= checked.rows["case_phase"].isin(HELD_BACK)


def supersede(checked: Checked) -> None:
    """Let the last of several rows about the same thing win: the earlier ones are repeated, or superseded."""
    sound = checked.rows[checked.accepted]
    earlier = sound.duplicated(list(KEYS[checked.table]), keep="last")
    if not earlier.any():
        return
    groups = sound.groupby(list(KEYS[checked.table]), observed=True, sort=False).ngroup()
    content = sound.groupby(list(sound.columns), observed=True, sort=False, dropna=False).ngroup()
    winner = content.groupby(groups).transform("last")
    same = earlier & content.eq(winner)
    checked.repeated[sound.index[same]] = True
    checked.faults.add(_at(sound.index[earlier & ~same], len(checked.rows)), "superseded")


def attach(checked: Checked, birth_years: "pd.Series[int]") -> None:
    """Check rows against the clients they belong to.

    Parameters
    ----------
    birth_years
        Of every client that is known, by pseudonym.
    """
    ids = checked.rows["client_id"]
    known = ids.isin(birth_years.index).to_numpy()
    checked.faults.add(~known, "unknown_client", columns(checked.table).index("client_id"))
    born = np.append(birth_years.reindex(ids.cat.categories).to_numpy(float), np.nan)[ids.cat.codes]
    for field in fields(checked.table):
        if field["type"] == "date":
            _check_birth(checked.rows, checked.faults, columns(checked.table), field["name"], born)


def _read(
    field: Field, distinct: list[str], instrument: Instrument, catalogue: Catalogue | None, on: date
) -> list[cells.Read]:
    """Read a column's distinct cells, as the field says or as instrument and catalogue do."""
    if field["name"] == "indicator":
        return cells.words(distinct, [indicator.id for indicator in instrument.indicators], "unknown_indicator")
    if field["name"] == "value":
        scale = {"minimum": instrument.scale.min, "maximum": instrument.scale.max}
        return cells.read(field | {"constraints": field["constraints"] | scale}, distinct, on)
    if field["name"] == "insats_id" and catalogue is not None:
        return cells.words(distinct, catalogue.ids, "unknown_insats")
    if field["name"] == "insats_id":
        field = field | {"constraints": field["constraints"] | {"pattern": r"^\w[\w.:/-]*$"}}
    return cells.read(field, distinct, on)


def _values(field: Field, values: list[cells.Value], column: Cells) -> Any:
    """Spread the distinct values over the rows, in the type that the field says."""
    if field["type"] == "string":
        return _categorical(values, column)
    if field["type"] == "date":
        return np.array(values, "datetime64[s]")[column.codes]
    numbers = [float(value) if isinstance(value, int | float) else np.nan for value in values]
    return np.array(numbers, np.float64)[column.codes]


def _categorical(values: list[cells.Value], column: Cells) -> Any:
    texts = sorted({str(value) for value in values if value is not None})  # sorted, so that rows sort by their numbers
    number: dict[cells.Value, int] = {text: at for at, text in enumerate(texts)}
    codes = np.array([number.get(value, -1) for value in values], np.int32)
    return pd.Categorical.from_codes(codes[column.codes], categories=pd.Index(texts, dtype=str))


def _check_birth(rows: pd.DataFrame, faults: Faults, names: tuple[str, ...], name: str, born: object) -> None:
    faults.add((rows[name].dt.year <= born).to_numpy(bool), "before_birth", names.index(name))


def _check_clients(rows: pd.DataFrame, faults: Faults, _: Instrument) -> None:
    _check_birth(rows, faults, columns("clients"), "enrolled_on", rows["birth_year"])


def _check_measurements(rows: pd.DataFrame, faults: Faults, instrument: Instrument) -> None:
    names = columns("measurements")
    for respondent in RESPONDENTS:
        theirs = [indicator.id for indicator in instrument.indicators if respondent in indicator.respondents]
        wrong = rows["respondent"].eq(respondent) & ~rows["indicator"].isin(theirs) & rows["indicator"].notna()
        faults.add(wrong.to_numpy(), "wrong_respondent", names.index("respondent"))
    of_client = rows["respondent"].eq("klient") & rows["respondent_id"].notna()
    faults.add(of_client.to_numpy(), "respondent_id_of_client", names.index("respondent_id"))


def _check_participations(rows: pd.DataFrame, faults: Faults, _: Instrument) -> None:
    names = columns("participations")
    backwards = (rows["ended_on"] < rows["started_on"]).to_numpy()
    faults.add(backwards, "ends_before_start", names.index("ended_on"))
    contradicts = rows["ended_as"].eq("pågår") != rows["ended_on"].isna()
    faults.add(contradicts.to_numpy(), "end_contradicts", names.index("ended_as"))


def _check_outcomes(rows: pd.DataFrame, faults: Faults, _: Instrument) -> None:
    """Nothing to check beyond the cells."""


_CHECKS = {
    "clients": _check_clients,
    "measurements": _check_measurements,
    "participations": _check_participations,
    "outcomes": _check_outcomes,
}


def _at(index: pd.Index, n_rows: int) -> Rows:
    marked = np.zeros(n_rows, bool)
    marked[index] = True
    return marked
