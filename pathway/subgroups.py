"""Whether the model serves groups of people alike: error, coverage and sizes of gains, by gender, age and the rest.

Nothing here is an input to a suggestion. Groups of few people are left out and numbers of people told in tens, so that
nobody stands alone in a group, nor in what is left when all other groups are taken away.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.evaluation import MODEL, START_LEVEL, HeldOut, Resampled

Array = npt.NDArray[np.float64]
FEWEST_CLIENTS = 30
_IN_TENS = 10
DIMENSIONS = ("gender", "age", "education", "swedish_level", "municipality", "income_source", "health")
NO_CODE, OTHER, SEVERAL = "none", "other", "several"  # groups of health, beside those of ``subgroups.toml``


def of_clients(clients: pd.DataFrame, years: "int | pd.Series[int]") -> pd.DataFrame:
    """Name the group of each client along every one of `DIMENSIONS`, indexed by ``client_id``.

    Ages are told as ``18–29``, ``–17`` and ``55–``.

    Parameters
    ----------
    years
        In which ages are counted; one for all, or one a client.
    """
    age = (years - clients["birth_year"].astype(int)).map(_band)
    health = clients["health_codes"].astype("string").fillna("").map(_kind)
    table = clients.assign(age=age, health=health)[list(DIMENSIONS)].astype(str)
    return table.set_axis(clients["client_id"].astype(str), axis=0)


@cache
def _parting() -> Mapping[str, Any]:
    return tomllib.loads(files("pathway").joinpath("subgroups.toml").read_text(encoding="utf-8"))


def _band(age: int) -> str:
    starts: list[int] = _parting()["age_from"]
    if age < starts[0]:
        return f"–{starts[0] - 1}"
    at = max(number for number, start in enumerate(starts) if age >= start)
    return f"{starts[at]}–{starts[at + 1] - 1}" if at + 1 < len(starts) else f"{starts[at]}–"


def _kind(codes: str) -> str:
    known = [code for code in codes.upper().split("|") if code]
    kinds = {name: tuple(beginnings) for name, beginnings in _parting()["health"].items()}
    had = [name for name, beginnings in kinds.items() if any(code.startswith(beginnings) for code in known)]
    every = tuple(beginning for beginnings in kinds.values() for beginning in beginnings)
    had += [OTHER] if any(not code.startswith(every) for code in known) else []
    return SEVERAL if len(had) > 1 else had[0] if had else NO_CODE


def summarise(held_out: HeldOut, clients: pd.DataFrame, seed: int) -> dict[str, dict[str, dict[str, Any]]]:
    """Sum up clients held out by grouping and group, as plain data with 90 % intervals from resampling clients.

    Returns
    -------
    by grouping and group: ``n_clients`` (whole tens, downwards), ``error`` (RMSE, steps), ``skill`` (share of the
    squared error of a forecast by the start level that the model takes away), ``coverage_of_90``, ``beyond`` (observed
    less foretold change, steps: below 0 the group is told too much), ``gain_shown_per_step_expected``
    """
    groups = of_clients(clients, clients["enrolled_on"].dt.year).reindex(pd.Index(held_out.clients.astype(str)))
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
