"""Tables of the follow-up: participants per insats and field, small cells hidden so that none can be worked out.

A participant is a client in an insats: who had two insatser counts in both, so totals over insatser count
participations of people, not people.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from pathway import disclosure
from pathway.casefile import whole
from pathway.catalogue import Catalogue
from pathway.disclosure import Anonymity, Key, Sum
from pathway.followup.mapping import Fields
from pathway.register import Tables

ALL, PARTICIPANTS, INSATS = "Alla insatser", "Deltagare", "Insats"
HEAD = ("insats_id", "insats", "falt", "varde", "antal")
HIDDEN = "dold"  # so few that they could be pointed out, or hidden with those
_KNOWN = ("gender", "age", "education")  # what somebody outside may know of a participant
_SENSITIVE = "before"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one


@dataclass(frozen=True)
class Cell:
    """One number of the follow-up; `n` is None where it is hidden."""

    insats_id: str
    insats: str
    field: str
    value: str
    n: int | None


@dataclass(frozen=True)
class FollowUp:
    """Participants who had an insats in a period, by insats and field.

    Attributes
    ----------
    first_day, last_day
        Both in.
    n_hidden
        Cells that are hidden, of all.
    anonymity
        Of the rows behind the tables, which are not told: how many are alike in `known`, and how they differ in
        `sensitive` (names of fields).
    """

    first_day: date
    last_day: date
    system: str
    verified: bool
    smallest: int
    cells: tuple[Cell, ...]
    n_hidden: int
    anonymity: Anonymity
    known: tuple[str, ...]
    sensitive: str

    @property
    def alike(self) -> tuple[tuple[str, str], ...]:
        """Insatser and fields whose participants all have one value: whoever knows that somebody was there knows it."""
        values: dict[tuple[str, str], list[int | None]] = {}
        for one in self.cells:
            if one.field != PARTICIPANTS and one.insats_id != ALL:
                values.setdefault((one.insats, one.field), []).append(one.n)
        return tuple(key for key, counts in values.items() if None not in counts and sum(map(bool, counts)) == 1)


def gather(
    tables: Tables, fields: Fields, first_day: date, last_day: date, catalogue: Catalogue | None = None
) -> FollowUp:
    """Count participants who had an insats at any time in a period, and hide what must be.

    Raises
    ------
    ValueError
        The period ends before it begins.
    """
    if last_day < first_day:
        raise ValueError("the period ends before it begins")
    people = _participants(tables, first_day, last_day)
    counts, sums = _counted(people, fields)
    hidden = disclosure.hide(counts, sums, fields.smallest)
    names = {ALL: ALL} | ({one.id: one.name for one in catalogue.insatser} if catalogue else {})
    cells = tuple(
        Cell(insats, names.get(insats, insats), field, value, None if key in hidden else n)
        for key, n in counts.items()
        for insats, field, value in [_parted(key)]
    )
    return FollowUp(
        first_day, last_day, fields.system, fields.verified, fields.smallest, cells, len(hidden),
        *_anonymity(people, fields),
    )  # fmt: skip


def _anonymity(people: pd.DataFrame, fields: Fields) -> tuple[Anonymity, tuple[str, ...], str]:
    """Say how many of the people behind the tables are alike in what an outsider may know (k), and how diverse (l)."""
    names: dict[str, str] = {one.source: one.name for one in fields.fields}
    sensitive = names.get(_SENSITIVE, fields.fields[-1].name)
    known = tuple(names[source] for source in _KNOWN if source in names and names[source] != sensitive)
    rows = pd.DataFrame({one.name: people[one.source].map(one.named) for one in fields.fields})
    rows = rows.assign(**{INSATS: people["insats_id"]})
    by = (INSATS, *known)
    return disclosure.anonymity(rows, by, sensitive, fields.smallest), by, sensitive


def write(followed: FollowUp, path: Path) -> None:
    """Write the cells as CSV (UTF-8, ``;``): a hidden one as ``dold``. The file appears whole or not at all."""
    with whole(path) as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEAD)
        for one in followed.cells:
            texts = map(_as_text, (one.insats_id, one.insats, one.field, one.value))
            writer.writerow((*texts, HIDDEN if one.n is None else one.n))


def _as_text(cell: str) -> str:
    """Keep a spreadsheet from taking a name for a formula, which might fetch or send something."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _participants(tables: Tables, first_day: date, last_day: date) -> pd.DataFrame:
    """Give one row per client and insats in the period: the latest participation, with all that fields may ask for."""
    begin, end = pd.Timestamp(first_day), pd.Timestamp(last_day)
    had = tables.participations
    inside = had[(had["started_on"] <= end) & ~(had["ended_on"] <= begin)]
    latest = inside.sort_values("started_on", kind="stable").drop_duplicates(["client_id", "insats_id"], keep="last")
    people = latest.merge(tables.clients, on="client_id")
    people = people.assign(
        age=people["started_on"].dt.year - people["birth_year"],
        before=people["income_source"],
        ended_as=people["ended_as"].astype(str).where(~(people["ended_on"] > end), "pågår"),
    )
    return people.assign(after=_after(people, tables.outcomes, end))


def _after(people: pd.DataFrame, outcomes: pd.DataFrame, end: pd.Timestamp) -> "pd.Series[str]":
    """Give the last status from the last day in the insats on, up to the end of the period; empty where none."""
    keyed = people[["client_id", "ended_on"]].assign(row=range(len(people)))
    later = keyed.merge(outcomes[outcomes["observed_on"] <= end], on="client_id")
    later = later[later["observed_on"] >= later["ended_on"]].sort_values("observed_on", kind="stable")
    last = later.drop_duplicates("row", keep="last").set_index("row")["status"].astype(str)
    return pd.Series(last.reindex(range(len(people))).fillna("").to_numpy(dtype=str), index=people.index, dtype=str)


def _counted(people: pd.DataFrame, fields: Fields) -> tuple[dict[Key, int], list[Sum]]:
    """Count every cell, total and margin, and tell what adds up to what; tables share the participants of an insats."""
    insatser = sorted(people["insats_id"].astype(str).unique())
    of = people["insats_id"].astype(str)
    counts: dict[Key, int] = {(ALL, PARTICIPANTS, ""): len(people)}
    counts |= {(insats, PARTICIPANTS, ""): int((of == insats).sum()) for insats in insatser}
    sums = [Sum((ALL, PARTICIPANTS, ""), tuple((insats, PARTICIPANTS, "") for insats in insatser))]
    for field in fields.fields:
        named = people[field.source].map(field.named)
        own = {insats: named[of == insats].value_counts() for insats in insatser} | {ALL: named.value_counts()}
        values = field.names()
        counts |= {(row, field.name, value): int(n.get(value, 0)) for row, n in own.items() for value in values}
        sums += [Sum((row, PARTICIPANTS, ""), tuple((row, field.name, value) for value in values)) for row in own]
        sums += [
            Sum((ALL, field.name, value), tuple((insats, field.name, value) for insats in insatser)) for value in values
        ]
    return counts, sums


def _parted(key: Key) -> tuple[str, str, str]:
    if not isinstance(key, tuple):
        raise ValueError("a cell is named by insats, field and value")
    insats, field, value = key
    return str(insats), str(field), str(value)
