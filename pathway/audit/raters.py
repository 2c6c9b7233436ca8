"""Whether raters move over the years, and whether it matters who the caseworker is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import chance
from pathway.audit.estimates import Estimate, LeftOut, Spread, ratio, spread
from pathway.audit.material import Judged, Material
from pathway.checks.rows import mean_of_known
from pathway.effects import ridge
from pathway.episodes import answered
from pathway.features import EARLIER, LEVEL

Array = npt.NDArray[np.float64]

_FEWEST_PAIRS = 20  # sheets with both ratings, of one caseworker, to say how he or she moves
_FEWEST_CLIENTS = 8  # of one caseworker, to say how they change
_OF_RATINGS = ("trend", "respondent_gap")
_YEAR = 365.25
_SHORTEST_YEARS = 0.5  # that a caseworker's ratings must span


@dataclass(frozen=True)
class Raters:
    """How caseworkers' ratings move against clients' own of the same day.

    Attributes
    ----------
    drift_a_year
        Steps a year, all caseworkers together, within client and caseworker.
    between
        How much that differs between caseworkers, steps a year.
    """

    drift_a_year: Estimate
    between: Spread | None


def drift(material: Material) -> Raters | LeftOut:
    """Measure how the difference between the two ratings moves with time, within the same client and caseworker.

    Both rate the same person on the same day, so the person's own development is in both. A client who becomes milder
    or harsher is here too: the figure says that the two move apart, not who moves.
    """
    gaps = _gaps(material)
    pair = gaps.groupby(["client_id", "respondent_id"])
    within = pd.DataFrame(
        {"rater": gaps["respondent_id"], "gap": gaps["gap"] - pair["gap"].transform("mean"),
         "years": gaps["years"] - pair["years"].transform("mean")}
    )[pair["years"].transform("nunique") > 1]  # fmt: skip
    together = ratio(
        (within["gap"] * within["years"]).to_numpy(), (within["years"] ** 2).to_numpy(), within["rater"].to_numpy()
    )
    if together is None or together.n_clients < 3:
        return LeftOut("För få handläggare har skattat samma klient mer än en gång.")
    return Raters(together, _between_raters(gaps))


def caseworkers(material: Material) -> Spread | LeftOut:
    """Measure how much clients of different caseworkers change beyond what features and insatser foretell.

    By the clients' own ratings only, so that it is not the caseworker's eye. The caseworker is who rated when the
    interval began.
    """
    judged = material.judged
    start, end = (_own_ratings(material, judged, day) for day in ("started_on", "ended_on"))
    left = _beyond(judged, start, mean_of_known(end - start))
    whose = _caseworker_of(material, judged)
    table = pd.DataFrame({"client": judged.rows.clients, "caseworker": whose, "left": left}).dropna()
    of_client = table.groupby(["caseworker", "client"])["left"].mean().reset_index()
    found = of_client.groupby("caseworker")["left"].agg(["mean", "size"])
    found = found[found["size"] >= _FEWEST_CLIENTS]
    sd = float(of_client["left"].std())
    differ = spread(found["mean"].to_numpy(), sd / np.sqrt(found["size"].to_numpy(dtype=float))) if len(found) else None
    return differ or LeftOut(f"Färre än tre handläggare har minst {_FEWEST_CLIENTS} klienter med egna skattningar.")


def _gaps(material: Material) -> pd.DataFrame:
    """Give the caseworker's rating less the client's, mean over indicators that both rated, by client and day."""
    rated = answered(material.tables.measurements)
    keys = ["client_id", "measured_on", "indicator"]
    theirs = rated.loc[rated["respondent"] == "handläggare", [*keys, "respondent_id", "value"]]
    own = rated.loc[rated["respondent"] == "klient", [*keys, "value"]]
    both = theirs.merge(own, on=keys, suffixes=("", "_own"))
    both["gap"] = both["value"] - both["value_own"]
    gaps = both.groupby(["client_id", "measured_on", "respondent_id"], observed=True)["gap"].mean().reset_index()
    gaps["years"] = (gaps["measured_on"] - gaps["measured_on"].min()).dt.days / _YEAR
    return gaps


def _between_raters(gaps: pd.DataFrame) -> Spread | None:
    """Say how much caseworkers differ in how they move; each against clients' own means, so that clients cancel out."""
    gaps = gaps.assign(gap=gaps["gap"] - gaps["gap"].mean())
    slopes, ses = [], []
    for _, own in gaps.groupby("respondent_id"):
        years = own["years"].to_numpy()
        if len(own) < _FEWEST_PAIRS or np.ptp(years) < _SHORTEST_YEARS:
            continue
        x, y, who = years - years.mean(), own["gap"].to_numpy() - own["gap"].mean(), own["client_id"].to_numpy()
        slope = float(x @ y / (x @ x))
        score = pd.Series(x * (y - slope * x)).groupby(who).sum().to_numpy()
        slopes.append(slope)
        ses.append(float(np.sqrt(len(score) / max(len(score) - 2, 1) * (score**2).sum()) / (x @ x)))
    return spread(np.array(slopes), np.maximum(np.array(ses), 1e-6)) if slopes else None


def _own_ratings(material: Material, judged: Judged, day: str) -> Array:
    """Give the client's own ratings at one end of each interval, NaN where there are none: (n, J)."""
    rated = answered(material.tables.measurements)
    rated = rated[(rated["respondent"] == "klient") & rated["indicator"].isin(material.instrument.ranking)]
    wide = rated.pivot_table(index=["client_id", "measured_on"], columns="indicator", values="value", observed=True)
    return wide.reindex(pd.MultiIndex.from_frame(judged.rows.episodes.spans[["client_id", day]])).to_numpy(dtype=float)


def _beyond(judged: Judged, start: Array, change: Array) -> Array:
    """Take away what others' own start, background and doses foretell of a change (n,).

    Levels that the model knows are no use here: the caseworker's eye is in them, and would pass for his or her doing.
    """
    X = judged.rows.X
    background = [name for name in X.columns if not str(name).startswith((LEVEL, EARLIER)) and name not in _OF_RATINGS]
    filled = np.where(np.isnan(start), np.nanmean(start, axis=0), start)
    design = np.column_stack([filled, filled**2, chance.in_numbers(X[background]), judged.rows.doses])
    known, left = ~np.isnan(change), np.full(len(change), np.nan)
    for fold in judged.folds:
        learn = fold.train[known[fold.train]]
        slopes, levels = ridge.fit(design[learn], change[learn][:, None], judged.rows.weights[learn])
        left[fold.test] = change[fold.test] - (design[fold.test] @ slopes + levels)[:, 0]
    return left


def _caseworker_of(material: Material, judged: Judged) -> npt.NDArray[Any]:
    rated = material.tables.measurements
    rated = rated[rated["respondent"] == "handläggare"]
    who = rated.groupby(["client_id", "measured_on"])["respondent_id"].first()
    spans = judged.rows.episodes.spans[["client_id", "started_on"]]
    return who.reindex(pd.MultiIndex.from_frame(spans)).to_numpy(dtype=object)
