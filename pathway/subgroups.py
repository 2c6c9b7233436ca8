"""Whether the model serves groups of people alike: error, coverage and sizes of gains, by gender, age and the rest.

Nothing here is an input to a suggestion. Groups of few people are left out and numbers of people told in tens, so that
nobody stands alone in a group, nor in what is left when all other groups are taken away.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.evaluation import MODEL, START_LEVEL, HeldOut, Resampled

Array = npt.NDArray[np.float64]
FEWEST_CLIENTS = 30
_IN_TENS = 10
_AGES = {"under 30": (0, 30), "30 to 44": (30, 45), "45 to 54": (45, 55), "55 and over": (55, 200)}
_AS_THEY_ARE = ("gender", "education", "swedish_level", "income_source", "municipality")


def of_clients(clients: pd.DataFrame) -> pd.DataFrame:
    """Name the group of each client in each grouping; one column a grouping, ``client_id`` as the index."""
    age = clients["enrolled_on"].dt.year - clients["birth_year"]
    codes = clients["health_codes"].astype("string").fillna("").str.upper()
    table = pd.DataFrame({name: clients[name].astype("string") for name in _AS_THEY_ARE})
    table["age"] = pd.NA
    for name, (low, high) in _AGES.items():
        table.loc[((age >= low) & (age < high)).to_numpy(), "age"] = name
    table["health"] = np.select(
        [(codes == "").to_numpy(bool), codes.str.contains(r"(?:^|\|)F").to_numpy(bool)],
        ["no code", "a psychiatric code"],
        "other codes",
    )
    return table.set_axis(clients["client_id"].astype(str), axis=0)


def summarise(held_out: HeldOut, clients: pd.DataFrame, seed: int) -> dict[str, dict[str, dict[str, Any]]]:
    """Sum up clients held out by grouping and group, as plain data with 90 % intervals from resampling clients.

    Returns
    -------
    by grouping and group: ``n_clients`` (whole tens, downwards), ``error`` (RMSE, steps), ``skill`` (share of the
    squared error of a forecast by the start level that the model takes away), ``coverage_of_90``, ``beyond`` (observed
    less foretold change, steps: below 0 the group is told too much), ``gain_shown_per_step_expected``
    """
    groups = of_clients(clients).reindex(pd.Index(held_out.clients.astype(str)))
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for grouping in groups.columns:
        names = groups[grouping].astype("string").fillna("")
        for name in sorted(set(names) - {""}):
            rows = np.flatnonzero((names == name).to_numpy(bool))
            if len(np.unique(held_out.clients[rows])) >= FEWEST_CLIENTS:
                found.setdefault(str(grouping), {})[str(name)] = _of_group(held_out, rows, seed)
    return found


def lines(groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Word the groups for a model card (Markdown)."""
    return [
        f"Clients held out, in groups of {FEWEST_CLIENTS} and more. *Beyond*: change observed less change foretold, in",
        "steps; below zero the group was told too much. *Shown*: of each step that insatser were expected to add.",
        "",
        "| group | clients, at least | error (steps) | levels in their 90 % interval | beyond | shown |",
        "|---|---|---|---|---|---|",
        *(
            f"| {grouping}: {name} | {one['n_clients']:,} | {one['error']['mean']:.3f} "
            f"| {one['coverage_of_90']['mean']:.1%} | {_told(one['beyond'], '+.2f')} "
            f"| {_told(one['gain_shown_per_step_expected'], '.2f')} |"
            for grouping, names in groups.items()
            for name, one in names.items()
        ),
    ]


def _told(one: Mapping[str, float], form: str) -> str:
    return f"{one['mean']:{form}} ({one['low']:{form}} to {one['high']:{form}})"


def _of_group(held_out: HeldOut, rows: npt.NDArray[np.intp], seed: int) -> dict[str, Any]:
    part = held_out.at(rows)
    observed, gains = part.observed, part.gains
    resampled, known = Resampled.of(part.clients, seed), ~np.isnan(observed)
    n = known.sum(axis=1).astype(np.float64)
    missed = observed - part.predicted[MODEL]
    squared = np.nansum(missed**2, axis=1)
    baseline = np.nansum((observed - part.predicted[START_LEVEL]) ** 2, axis=1)
    shown, expected = missed + gains, np.where(known, gains, np.nan)
    return {
        "n_clients": len(np.unique(part.clients)) // _IN_TENS * _IN_TENS,
        "error": {end: float(np.sqrt(value)) for end, value in resampled.ratio(squared, n).items()},
        "skill": resampled.ratio(baseline - squared, baseline),
        "coverage_of_90": resampled.ratio(np.nansum(part.inside, axis=1), n),
        "beyond": resampled.ratio(np.nansum(missed, axis=1), n),
        "gain_shown_per_step_expected": resampled.ratio(
            np.nansum(expected * shown, axis=1), np.nansum(expected**2, axis=1)
        ),
    }
