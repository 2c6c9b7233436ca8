"""Looks for effects where there can be none: before the insatser, in what no insats moves, and in shuffled histories.

What is found there is not effect, so it shows how much of what is found elsewhere may be something else, too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.checks.rows import Left, Rows, average
from pathway.checks.shown import Fold
from pathway.effects import GainModel
from pathway.episodes import answered
from pathway.evaluation import Resampled

Array = npt.NDArray[np.float64]

FEWEST = 50  # clients with an insats below whom nothing is looked for
_SHUFFLES = 3
_NEIGHBOURS = 10  # clients who swap histories among themselves
_KLIENT, _HANDLAGGARE = "klient", "handläggare"


def before(rows: Rows, model: GainModel, participations: pd.DataFrame, enough: int) -> dict[str, Any]:
    """Look for what insatser did to the change in the interval BEFORE they began, which can only be nothing.

    Used are pairs of intervals after one another where all insatser of the second began in it, or there are none.
    Features are those known when the first began, as for a real effect, with what the person had in it. ``real`` is
    what the same insatser of the same people are expected to do to the change that came after they began.

    Who begins after a setback is found here as a gain below zero, and rebounds; who begins on the way up as one above.

    Parameters
    ----------
    participations
        Table of the register.
    enough
        Clients that an insats must have had to be counted.
    """
    first, second = _pairs(rows, participations)
    then, now = rows.at(first), rows.at(second)
    had = then.by_type(then.doses).add_prefix("before ").assign(covered_before=then.episodes.covered)
    placebo = replace(then, X=pd.concat([then.X, had], axis=1), episodes=now.episodes)
    placebo, real = _changing(placebo, then.episodes.changes), _changing(now, now.episodes.changes)
    n = min(_n_takers(placebo), _n_takers(real))
    if n < FEWEST:
        return _left_out("insats that began after an earlier interval", n)
    # what insatser before that gave is held equal, as a feature, and not looked for
    found, after = (looked(one.refit(model, earlier=False), one, enough) for one in (placebo, real))
    return {**found, "real": after}


def respondents(rows: Rows, model: GainModel, measurements: pd.DataFrame, enough: int) -> dict[str, Any]:
    """Look for what insatser do to the client's own rating less the caseworker's.

    Both rate the same person at the same time, so what an insats does is in both ratings, and not in their difference.
    What is found is one of them seeing what the other does not, such as the hopes of whoever offered the insats.
    A monitoring indicator is no such control: a caseworker's belief rightly follows the levels, which insatser move.
    """
    changes = _gap_changes(rows.episodes.spans, measurements, list(rows.episodes.changes.columns))
    control = _changing(rows, changes)
    if (n := _n_takers(control)) < FEWEST:
        return _left_out("insats and both ratings at both ends", n)
    return looked(control.refit(model), control, enough)


def shuffled(rows: Rows, model: GainModel, folds: Sequence[Fold], enough: int, seed: int) -> dict[str, Any]:
    """Look for effects of insatser that somebody else had: whole histories swapped between clients.

    Clients swap with one of a few others with as many intervals who were first measured at about the same time. Each
    shuffle is learned from the clients of one fold and tried on those that it left out.
    """
    found, losses, plain, clients = [], [], [], []
    for number, fold in enumerate(folds[:_SHUFFLES]):
        swapped = _swapped(rows, np.random.default_rng([seed, number]))
        learned = swapped.at(fold.train).refit(model)
        found.append(looked(learned, swapped.at(fold.train), enough)["found"])
        left = Left.of(swapped, learned.encoding_, [(fold.train, fold.test)]).at(fold.test)
        expected = left.expected(learned, swapped, fold.test).in_all
        plain.append(np.nansum(left.changes**2, axis=1))
        losses.append(np.nansum((left.changes - expected) ** 2, axis=1))
        clients.append(rows.clients[fold.test])
    before, after = np.concatenate(plain), np.concatenate(losses)
    return {
        "n_shuffles": len(found),
        "found": float(np.mean(found)),
        "found_each": found,
        "taken_away": Resampled.of(np.concatenate(clients), seed).ratio(before - after, before),
    }


def looked(model: GainModel, rows: Rows, enough: int) -> dict[str, Any]:
    """Say how much insatser are found to do.

    Returns
    -------
    ``n_clients``, ``n_episodes``; ``n_insatser`` that enough clients had; ``found``, the share of their mean gains, by
    insats and indicator, whose 90 % interval leaves zero out; ``gain``, of the mixes that people had, in steps over the
    interval, mean over the indicators and over those who had anything
    """
    often = rows.n_clients() >= enough
    intervals = model.predict_average(rows.X)[1][often]
    takers = rows.at(_had_any(rows))
    return {
        "n_clients": len(np.unique(rows.clients)),
        "n_episodes": len(rows),
        "n_insatser": int(often.sum()),
        "found": float(((intervals[..., 0] > 0) | (intervals[..., 1] < 0)).mean()) if often.any() else 0.0,
        "gain": average(model, takers.X, takers.doses, takers.episodes.beside.to_numpy()),
    }


def _left_out(what: str, n: int) -> dict[str, Any]:
    return {"left_out": f"{n} clients had an {what}; at least {FEWEST} are needed"}


def _n_takers(rows: Rows) -> int:
    return len(np.unique(rows.clients[_had_any(rows)]))


def _had_any(rows: Rows) -> npt.NDArray[np.bool_]:
    return np.asarray(rows.doses.any(axis=1), dtype=np.bool_)


def _changing(rows: Rows, changes: pd.DataFrame) -> Rows:
    """Put other changes (n, J) in the place of the rows' own; what is hardly measured falls away."""
    often = changes.loc[:, changes.notna().sum() >= 2 * FEWEST]
    known = often.notna().any(axis=1).to_numpy(dtype=np.bool_)
    kept = rows.at(known)
    return replace(kept, episodes=replace(kept.episodes, changes=often[known].reset_index(drop=True)))


def _pairs(rows: Rows, participations: pd.DataFrame) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Find rows that follow one another where nothing of the first still ran in the second."""
    spans = rows.episodes.spans.assign(row=np.arange(len(rows)))
    earlier = spans[["client_id", "ended_on", "row"]].rename(columns={"ended_on": "started_on", "row": "before"})
    pairs = spans.merge(earlier, on=["client_id", "started_on"])
    ran = pairs[["client_id", "started_on", "row"]].merge(participations, on="client_id", suffixes=("", "_insats"))
    ended = ran["ended_on"].isna() | (ran["ended_on"] > ran["started_on"])
    carried = ran.loc[(ran["started_on_insats"] < ran["started_on"]) & ended, "row"]
    pairs = pairs[~pairs["row"].isin(carried)]
    return pairs["before"].to_numpy(), pairs["row"].to_numpy()


def _gap_changes(spans: pd.DataFrame, measurements: pd.DataFrame, indicators: list[str]) -> pd.DataFrame:
    """Give changes of the client's rating less the caseworker's, NaN unless both rated at both ends: (n, J)."""
    at = ["client_id", "measured_on", "indicator"]
    rated = answered(measurements).groupby([*at, "respondent"], observed=True)["value"].mean().unstack("respondent")
    rated = rated.reindex(columns=[_KLIENT, _HANDLAGGARE])
    gap = (rated[_KLIENT] - rated[_HANDLAGGARE]).unstack("indicator").reindex(columns=indicators)
    ends = [pd.MultiIndex.from_frame(spans[["client_id", day]]) for day in ("started_on", "ended_on")]
    start, end = (gap.reindex(of).to_numpy(dtype=np.float64) for of in ends)
    return pd.DataFrame(end - start, columns=indicators)


def _swapped(rows: Rows, rng: np.random.Generator) -> Rows:
    """Give each client, interval by interval, the amounts of another; those whom nobody is like keep their own."""
    spans = rows.episodes.spans.assign(row=np.arange(len(rows)))
    own = spans.sort_values(["client_id", "started_on"]).groupby("client_id", sort=False)["row"].agg(list)
    first = spans.groupby("client_id")["started_on"].min()
    order = pd.DataFrame({"rows": own, "n": own.map(len), "first": first.reindex(own.index)})
    giver = np.arange(len(rows))
    for _, alike in order.sort_values(["n", "first"], kind="stable").groupby("n"):
        histories = np.array(alike["rows"].tolist())
        for start in range(0, len(histories), _NEIGHBOURS):
            block = histories[start : start + _NEIGHBOURS]
            turn = int(rng.integers(1, len(block))) if len(block) > 1 else 0
            giver[block] = np.roll(block, turn, axis=0)
    part = rows.episodes
    amounts = {name: getattr(part, name).iloc[giver].reset_index(drop=True) for name in ("doses", "beside", "late")}
    covered = part.covered.iloc[giver].reset_index(drop=True)
    return replace(rows, episodes=replace(part, covered=covered, **amounts))
