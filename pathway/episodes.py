"""Cuts histories into episodes: one client between two measurements, with the mix of insatser active in between.

A quarter is 91 days. The dose of an insats in an episode is the time in it, in quarters, times hours a week over the
catalogue's typical hours: 1 is a whole quarter at typical intensity, whatever the length of the interval. `beside` is
the part of the dose that was given while a job-oriented insats ran. `covered` is the time, in quarters, in which any
insats at all ran: the rest is a gap. `late` is how long, in quarters, the interval had lasted when an insats began
inside it: whoever chose it knew how things had gone until then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.catalogue import Catalogue, Kind
from pathway.instrument import Instrument

DAYS_IN_QUARTER = 91
SHORTEST_DAYS, LONGEST_DAYS = 30, 365  # outside this, two measurements say too little about what lay between
UNLISTED = "(utanför katalogen)"  # one arm for all insatser that the catalogue does not have
_FOREVER = pd.Timestamp("2262-01-01")


@dataclass(frozen=True)
class Insatser:
    """What episodes need of the catalogue: type, typical hours a week and group if any, by id, in a fixed order."""

    types: Mapping[str, Kind | str]
    typical_hours: Mapping[str, float]
    groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Insatser":
        """Take them from a catalogue, in its order."""
        return cls(
            {insats.id: insats.type for insats in catalogue.insatser},
            {insats.id: insats.hours_per_week.typical for insats in catalogue.insatser},
            {insats.id: insats.group for insats in catalogue.insatser if insats.group},
        )

    def table(self) -> pd.DataFrame:
        """Give type and group (None if none) of each insats, and of the arm outside the catalogue."""
        ids = [*self.types, UNLISTED]
        types = [*self.types.values(), UNLISTED]
        return pd.DataFrame({"type": types, "group": [self.groups.get(id) for id in ids]}, index=ids)


@dataclass(frozen=True)
class Episodes:
    """Episodes of many clients, row by row.

    Attributes
    ----------
    spans
        Columns ``client_id``, ``started_on``, ``ended_on``, ``quarters``; shape (n, 4).
    doses, beside, late
        One column per insats, in the order of `Insatser`; shape (n, K).
    covered
        Quarters with at least one insats; shape (n,).
    changes
        Change of level per indicator in steps, NaN where not measured; shape (n, J).
    """

    spans: pd.DataFrame
    doses: pd.DataFrame
    beside: pd.DataFrame
    late: pd.DataFrame
    covered: "pd.Series[float]"
    changes: pd.DataFrame

    def __len__(self) -> int:
        return len(self.spans)

    def at(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Episodes":
        """Take some of the rows."""
        return Episodes(**{name: part.iloc[rows].reset_index(drop=True) for name, part in vars(self).items()})

    def follows(self) -> npt.NDArray[np.intp]:
        """Give the number of the row that ends where each one starts, the same client's; -1 for none; shape (n,)."""
        ends = pd.MultiIndex.from_frame(self.spans[["client_id", "ended_on"]])
        starts = pd.MultiIndex.from_frame(self.spans[["client_id", "started_on"]])
        rows: npt.NDArray[np.intp] = ends.get_indexer(starts)
        return rows


def cut(
    measurements: pd.DataFrame,
    participations: pd.DataFrame,
    insatser: Insatser,
    instrument: Instrument,
    n_steps: int = 1,
) -> Episodes:
    """Cut histories into episodes.

    Parameters
    ----------
    measurements, participations
        Tables of the register (contract, section 1).
    n_steps
        1: from each measurement to the next. More: to the one that many steps later, for judging longer forecasts.
    """
    answers = answered(measurements)
    dates = answers[["client_id", "measured_on"]].drop_duplicates().sort_values(["client_id", "measured_on"])
    later = dates.groupby("client_id")["measured_on"].shift(-n_steps)
    spans = dates.assign(ended_on=later).dropna().rename(columns={"measured_on": "started_on"})
    days = (spans["ended_on"] - spans["started_on"]).dt.days
    longest = LONGEST_DAYS if n_steps == 1 else LONGEST_DAYS * n_steps
    spans = spans.assign(quarters=days / DAYS_IN_QUARTER)[(days >= SHORTEST_DAYS) & (days <= longest)]
    spans = spans.reset_index(drop=True)
    doses, beside, late, covered = _doses(spans, participations, insatser)
    return Episodes(spans, doses, beside, late, covered, _changes(spans, answers, instrument))


def answered(measurements: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers that hold a value."""
    rows = measurements[measurements["value"].notna()]
    return rows.assign(value=rows["value"].astype(float))


def _changes(spans: pd.DataFrame, answers: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Change per indicator: mean over the persons who answered at both ends.

    A change of who answered is not a change of the client, so an answer counts only beside another one by the same
    person. Only where an indicator never has two by the same person do two by the same kind of respondent count.
    """
    keyed = answers[["client_id", "measured_on", "respondent", "respondent_id", "indicator", "value"]]
    rows = spans.assign(row=np.arange(len(spans)))
    before = rows.merge(keyed, left_on=["client_id", "started_on"], right_on=["client_id", "measured_on"])
    after = rows.merge(keyed, left_on=["client_id", "ended_on"], right_on=["client_id", "measured_on"])
    both = before.merge(after, on=["row", "respondent", "indicator"], suffixes=("", "_after"))
    both["change"] = both["value_after"] - both["value"]
    same = both["respondent_id"] == both["respondent_id_after"]
    both = both[same | ~both["indicator"].isin(both["indicator"][same])]
    wide = both.pivot_table(index="row", columns="indicator", values="change", aggfunc="mean", observed=True)
    return wide.reindex(index=range(len(spans)), columns=list(instrument.ranking)).astype(float)


def _doses(
    spans: pd.DataFrame, participations: pd.DataFrame, insatser: Insatser
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, "pd.Series[float]"]:
    ids = [*insatser.types, UNLISTED]
    number = {id: n for n, id in enumerate(ids)}
    doses, beside, late = (np.zeros((len(spans), len(ids))) for _ in range(3))
    rows = spans.assign(row=np.arange(len(spans))).merge(participations, on="client_id", suffixes=("", "_insats"))
    start = rows[["started_on", "started_on_insats"]].max(axis=1)
    end = pd.concat([rows["ended_on"], rows["ended_on_insats"].fillna(_FOREVER)], axis=1).min(axis=1)
    rows = rows.assign(start=start, end=end)[start < end]
    listed = rows["insats_id"].astype(str).isin(insatser.types)
    rows["insats_id"] = rows["insats_id"].astype(str).where(listed, UNLISTED)
    typical = rows["insats_id"].map(insatser.typical_hours).astype(float).fillna(rows["hours_per_week"])
    rows["intensity"] = rows["hours_per_week"] / typical
    days = (rows["end"] - rows["start"]).dt.days
    np.add.at(
        doses, (rows["row"], rows["insats_id"].map(number)), days / DAYS_IN_QUARTER * rows["intensity"].to_numpy()
    )

    passed = (rows["start"] - rows["started_on"]).dt.days  # 0 for what ran from the start
    np.add.at(late, (rows["row"], rows["insats_id"].map(number)), passed / DAYS_IN_QUARTER)

    is_job = rows["insats_id"].map(insatser.types).eq("jobb")
    anchored = rows["row"].isin(rows.loc[is_job, "row"])
    job_spans = {row: _merged(group) for row, group in rows[is_job].groupby("row")[["start", "end"]]}
    for row, id, begin, finish, intensity in rows[anchored & ~is_job][
        ["row", "insats_id", "start", "end", "intensity"]
    ].itertuples(index=False):
        shared = sum(max((min(finish, b) - max(begin, a)).days, 0) for a, b in job_spans[row])
        beside[row, number[id]] += shared / DAYS_IN_QUARTER * intensity
    covered = np.zeros(len(spans))
    in_days = rows.groupby("row")[["start", "end"]].apply(
        lambda group: sum((finish - begin).days for begin, finish in _merged(group))
    )
    if len(in_days):
        covered[in_days.index] = in_days / DAYS_IN_QUARTER
    tables = [pd.DataFrame(amounts, columns=ids) for amounts in (doses, beside, late)]
    return tables[0], tables[1], tables[2], pd.Series(covered)


def _merged(spans: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Join spans that overlap, so that no day counts twice."""
    merged: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for start, end in sorted(spans.itertuples(index=False, name=None)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
