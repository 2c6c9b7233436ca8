"""What becomes of clients after a measurement, measured again, left for work or studies or lost, and what weighs it up.

Changes are seen only of those who are measured again, and those who leave are not like those who stay. Weights make up
for as much of it as what was known at the start, and what ran afterwards, can tell; nothing makes up for people who
leave because of progress that nobody measured. Leaving for work or studies is what the insatser are for, so it is an
outcome of its own, never a missing value.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import chance, features
from pathway.effects import GainModel
from pathway.episodes import DAYS_IN_QUARTER, LONGEST_DAYS, SHORTEST_DAYS, UNLISTED, Insatser, answered
from pathway.instrument import Instrument

Array = npt.NDArray[np.float64]

WORK = ("arbete", "subventionerat_arbete", "studier")
MEASURED, LEFT, LOST, OPEN = "measured", "left", "lost", "open"
FEWEST = 50  # clients who left, and who stayed, below which nothing is learned about leaving
_EXIT_BY_DAY = SHORTEST_DAYS + DAYS_IN_QUARTER
_CLIPPED = (0.01, 0.99)  # quantiles: beyond them a weight says more about the regression than about people
_DIFFER_BY = ("level_mean", "trend")  # who leaves may differ between insatser: in a trial, even in direction


@dataclass(frozen=True)
class Starts:
    """Every measurement that an episode may start from, row by row, sorted by client and date.

    Attributes
    ----------
    points
        Columns ``client_id``, ``as_of``, ``quarters``; shape (n, 3).
    X
        What was known then (`pathway.features.build`).
    doses
        Quarters per quarter by type of insats, at typical hours, in the quarter after; for those who left for work or
        studies in it, in the part before. Shape (n, types).
    early_doses
        The same in the first `SHORTEST_DAYS` days.
    became
        `MEASURED`: again within an episode's bounds. `LEFT`: for work or studies, and not measured again. `LOST`:
        neither. `OPEN`: the register ends before an episode's longest time is over, whatever is known so far, because
        those of whom something is known already are not like the rest.
    working
        Whether the latest status on or before the day is work or studies.
    work_on
        Day of the first status of work or studies after the start, NaT if none.
    until
        The register's last day.
    """

    points: pd.DataFrame
    X: pd.DataFrame
    doses: pd.DataFrame
    early_doses: pd.DataFrame
    became: "pd.Series[str]"
    working: "pd.Series[bool]"
    work_on: "pd.Series[pd.Timestamp]"
    until: pd.Timestamp

    def __len__(self) -> int:
        return len(self.points)

    @property
    def clients(self) -> npt.NDArray[Any]:
        """Client of each row, shape (n,)."""
        return self.points["client_id"].to_numpy()


def trace(
    clients: pd.DataFrame,
    measurements: pd.DataFrame,
    participations: pd.DataFrame,
    outcomes: pd.DataFrame,
    insatser: Insatser,
    instrument: Instrument,
) -> Starts:
    """Trace what became of every client after every measurement.

    A measurement followed by another before an episode's shortest time is no start: the later one is.

    Parameters
    ----------
    clients, measurements, participations, outcomes
        Tables of the register (contract, section 1).
    """
    dates = answered(measurements)[["client_id", "measured_on"]].drop_duplicates()
    dates = dates.sort_values(["client_id", "measured_on"])
    days = (dates.groupby("client_id")["measured_on"].shift(-1) - dates["measured_on"]).dt.days
    points = dates.rename(columns={"measured_on": "as_of"}).assign(quarters=features.PLANNED_QUARTERS)
    points, days = points[~(days < SHORTEST_DAYS)].reset_index(drop=True), days[~(days < SHORTEST_DAYS)]
    working, work_on = _work(points, outcomes)
    until = _last_day(measurements, participations, outcomes)
    is_over = points["as_of"] + pd.Timedelta(days=LONGEST_DAYS) <= until
    left = working | (work_on <= points["as_of"] + pd.Timedelta(days=LONGEST_DAYS))
    is_again = (days <= LONGEST_DAYS).to_numpy()
    became = np.select([~is_over, is_again, left], [OPEN, MEASURED, LEFT], default=LOST)
    quarter, early = (
        _doses(points, work_on, participations, insatser, days) for days in (DAYS_IN_QUARTER, SHORTEST_DAYS)
    )
    return Starts(
        points=points,
        X=features.build(points, clients, measurements, participations, insatser, instrument),
        doses=quarter,
        early_doses=early,
        became=pd.Series(became, dtype="str"),
        working=working,
        work_on=work_on,
        until=until,
    )


def weights(starts: Starts, spans: pd.DataFrame, seed: int) -> "pd.Series[float]":
    """Weigh episodes so that those who were measured again stand for all who could have been.

    The weight is the share measured again over the chance of it for this start, by a logistic regression that has not
    seen the client, with the features, the doses by type, and how the two go together; clipped at the 1st and 99th
    percentile. 1 for all where fewer than `FEWEST` clients left, or stayed, and for an episode from no start.

    Parameters
    ----------
    spans
        Of the episodes: columns ``client_id`` and ``started_on``; shape (n, 2).

    Returns
    -------
    series of shape (n,), in the order of `spans`, with mean 1
    """
    known, again = (starts.became != OPEN).to_numpy(), (starts.became == MEASURED).to_numpy()
    if not len(spans) or min(_n_clients(starts, known & again), _n_clients(starts, known & ~again)) < FEWEST:
        return pd.Series(np.ones(len(spans)))
    foretold = chance.foretell(_design(starts), again, known, starts.clients, seed)
    inverse = starts.points[["client_id", "as_of"]].assign(weight=again[known].mean() / foretold.chance)
    rows = spans.merge(inverse, left_on=["client_id", "started_on"], right_on=["client_id", "as_of"], how="left")
    weight = rows["weight"].fillna(1.0).to_numpy()
    weight = np.clip(weight, *np.quantile(weight, _CLIPPED))
    return pd.Series(weight / weight.mean())


def exits(starts: Starts, seed: int) -> dict[str, Any]:
    """Estimate what each type of insats adds to the chance of leaving for work or studies.

    By the gain model itself. Doses are those of the first `SHORTEST_DAYS` days, and the outcome is a status of work or
    studies in the quarter after them: counted over the same days, those who leave early would seem to have had little,
    because leaving ends what they had. Those already in work or studies by then are left out, and starts so late that
    the register ends before the quarter does.

    Returns
    -------
    plain data: ``first_day`` and ``last_day`` after the start, ``n_starts``, ``n_left`` (clients), ``share_left`` and,
    in ``added``, by type, the mean chance that a whole quarter at dose 1 adds, with its 90 % interval; ``added`` is
    empty where fewer than `FEWEST` clients left
    """
    first, last = (starts.points["as_of"] + pd.Timedelta(days=days) for days in (SHORTEST_DAYS, _EXIT_BY_DAY))
    rows = (~starts.working & ~(starts.work_on <= first) & (last <= starts.until)).to_numpy()
    left = (starts.work_on <= last).to_numpy() & rows
    doses = starts.early_doses[rows].reset_index(drop=True)
    doses = doses.loc[:, doses.gt(0).any()]
    n_left = _n_clients(starts, left)
    return {
        "first_day": SHORTEST_DAYS + 1,
        "last_day": _EXIT_BY_DAY,
        "n_starts": int(rows.sum()),
        "n_left": n_left,
        "share_left": float(left[rows].mean()) if rows.any() else 0.0,
        "added": _added(starts.X[rows].reset_index(drop=True), doses, left[rows], starts.clients[rows], seed)
        if n_left >= FEWEST and len(doses.columns)
        else {},
    }


def summarise(starts: Starts, weight: "pd.Series[float]", seed: int) -> dict[str, Any]:
    """Sum up as plain data: what became of the starts, how far the weights reach, and `exits`."""
    counts = starts.became.value_counts()
    return {
        "became": {kind: int(counts.get(kind, 0)) for kind in (MEASURED, LEFT, LOST, OPEN)},
        "weights": {"low": float(weight.min()), "high": float(weight.max())},
        "exits": exits(starts, seed),
    }


def lines(summary: dict[str, Any]) -> list[str]:
    """Word a summary for a model card (Markdown)."""
    became, weight, out = summary["became"], summary["weights"], summary["exits"]
    n = sum(became[kind] for kind in (MEASURED, LEFT, LOST)) or 1
    said = [
        f"Of {n:,} measurements at least {LONGEST_DAYS} days old, {became[MEASURED] / n:.0%} were followed by another,",
        f"{became[LEFT] / n:.0%} by work or studies only, {became[LOST] / n:.0%} by neither. Those measured again",
        f"weigh {weight['low']:.2f} to {weight['high']:.2f}, so that they stand for all as far as the features tell.",
        "",
        f"Work or studies came {out['first_day']} to {out['last_day']} days after {out['share_left']:.1%} of "
        f"{out['n_starts']:,} measurements ({out['n_left']:,} clients).",
    ]
    if not out["added"]:
        return [*said, f"Too few to say what insatser add to it (at least {FEWEST} clients are needed)."]
    return [
        *said,
        "",
        "| type of insats | added to the chance of it by a quarter at dose 1 (probability points, 90 %) |",
        "|---|---|",
        *(
            f"| {kind} | {100 * one['mean']:+.1f} ({100 * one['low']:+.1f} to {100 * one['high']:+.1f}) |"
            for kind, one in out["added"].items()
        ),
    ]


def _added(
    X: pd.DataFrame, doses: pd.DataFrame, left: chance.Flags, clients: Array, seed: int
) -> dict[str, dict[str, float]]:
    model = GainModel(modifiers=list(features.MODIFIERS), random_state=seed).fit(
        X, doses, left.astype(float), groups=clients, insatser=pd.DataFrame({"type": list(doses.columns)})
    )
    mean, interval = model.predict_average(X)
    return {
        kind: {"mean": float(mean[k, 0]), "low": float(interval[k, 0, 0]), "high": float(interval[k, 0, 1])}
        for k, kind in enumerate(doses.columns)
        if kind != UNLISTED
    }


def _last_day(measurements: pd.DataFrame, participations: pd.DataFrame, outcomes: pd.DataFrame) -> pd.Timestamp:
    """Give the last day that the register tells of: what was planned to end later has not."""
    days = [measurements["measured_on"], participations["started_on"], outcomes["observed_on"]]
    return pd.Timestamp(pd.concat(days).max())


def _work(points: pd.DataFrame, outcomes: pd.DataFrame) -> tuple["pd.Series[bool]", "pd.Series[pd.Timestamp]"]:
    """Tell whether people are in work or studies on the day, and when they next come to be; in the order of points.

    What is noted on the day of a measurement was known by then, and is nothing that the levels foretold.
    """
    rows = points.assign(row=np.arange(len(points))).sort_values("as_of")
    statuses = outcomes.sort_values("observed_on").assign(is_work=outcomes["status"].isin(WORK))
    statuses = statuses.astype({"observed_on": rows["as_of"].dtype, "client_id": rows["client_id"].dtype})
    match: dict[str, Any] = {"left_on": "as_of", "right_on": "observed_on", "by": "client_id"}
    before = pd.merge_asof(rows, statuses, **match).set_index("row").sort_index()
    after = pd.merge_asof(rows, statuses[statuses["is_work"]], **match, direction="forward", allow_exact_matches=False)
    after = after.set_index("row").sort_index()
    return before["is_work"].eq(True), after["observed_on"]


def _doses(
    points: pd.DataFrame,
    work_on: "pd.Series[pd.Timestamp]",
    participations: pd.DataFrame,
    insatser: Insatser,
    days: int,
) -> pd.DataFrame:
    """Give the doses by type in so many days after each point, or up to leaving, as if they went on for a quarter."""
    begin, end = points["as_of"], points["as_of"] + pd.Timedelta(days=days)
    end = end.where(~(work_on < end), work_on)
    rows = pd.DataFrame({"row": points.index, "client_id": points["client_id"], "begin": begin, "end": end}).merge(
        participations, on="client_id"
    )
    latest = rows["ended_on"].fillna(rows["end"]).clip(upper=rows["end"])
    shared = (latest - rows["started_on"].clip(lower=rows["begin"])).dt.days.clip(lower=0)
    ids = rows["insats_id"].astype(str)
    intensity = rows["hours_per_week"] / ids.map(insatser.typical_hours).astype(float).fillna(rows["hours_per_week"])
    amounts = pd.DataFrame(
        {
            "row": rows["row"],
            "type": ids.map(insatser.types).fillna(UNLISTED),
            "dose": shared * intensity / (rows["end"] - rows["begin"]).dt.days.clip(lower=1),
        }
    )
    wide = amounts.pivot_table(index="row", columns="type", values="dose", aggfunc="sum")
    types = [*dict.fromkeys(insatser.types.values()), UNLISTED]
    return wide.reindex(index=points.index, columns=types).fillna(0.0).astype(float)


def _design(starts: Starts) -> Array:
    """Standardise features, doses, and products of the two, shape (n, p)."""
    known, doses = chance.in_numbers(starts.X), starts.doses.to_numpy()
    differ = chance.standardised(known[list(_DIFFER_BY)].to_numpy())
    products = (doses[:, :, None] * differ[:, None, :]).reshape(len(doses), -1)
    return chance.standardised(np.column_stack([known.to_numpy(), doses, products]))


def _n_clients(starts: Starts, rows: npt.NDArray[np.bool_]) -> int:
    return len(np.unique(starts.clients[rows]))
