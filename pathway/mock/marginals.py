"""What a register and a twin of it are held beside each other by: histograms with bins that hang on nobody's data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from pathway.case import Education, Gender
from pathway.catalogue import SWEDISH_LEVELS, Catalogue, IncomeSource
from pathway.instrument import Instrument
from pathway.mock.parameters import Parameters
from pathway.reading import toml_of
from pathway.tables import Status

NUMBERS = Path(__file__).parent / "marginals.toml"
LEVEL = "level "
_COUNTS = ("none", "one", "two", "three")
_LOW = ("ingen", "grund")
_CHAPTERS = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"bsde")


@dataclass(frozen=True)
class Marginal:
    """One histogram: its bins, how many rows of a person count at most, and its share of the privacy budget."""

    name: str
    bins: tuple[str, ...]
    rows: int
    share: float


def read() -> dict[str, Any]:
    """Read ``marginals.toml``."""
    return toml_of(NUMBERS)


def known(catalogue: Catalogue, instrument: Instrument, p: Parameters) -> tuple[Marginal, ...]:
    """Give all histograms, as catalogue and instrument make them."""
    numbers = read()
    bands = numbers["bands"]
    municipalities = sorted({code for insats in catalogue.insatser for code in insats.municipalities})
    per_level = bands["steps_per_level"]
    n_levels = (instrument.scale.max - instrument.scale.min) * per_level + 1
    bins: dict[str, tuple[str, ...]] = {
        "gender": get_args(Gender),
        "age": tuple(bands["age"]),
        "swedish_level": SWEDISH_LEVELS,
        "education": _crossed(("low", "good"), get_args(Education)),
        "income": _crossed(("healthy", "ill"), get_args(IncomeSource)),
        "months": tuple(bands["months"]),
        "children": _crossed(("25-50", "other"), ("yes", "no")),
        "health": _COUNTS,
        "codes": _CHAPTERS,
        "municipality": tuple(municipalities or p.people.municipalities),
        "measurements": tuple(str(n) for n in range(1, bands["measurements"] + 1)),
        "interval": tuple(str(weeks) for weeks in bands["weeks"][:-1]),
        "change": tuple(str(change) for change in bands["changes"][:-1]),
        "insatser": catalogue.ids,
        "ended": ("fullföljd", "avbruten"),
        "became": (*get_args(Status), "still there"),
    }
    levels = tuple(f"{instrument.scale.min + n / per_level:g}" for n in range(n_levels))
    found = [Marginal(name, own, numbers[name]["rows"], numbers[name]["share"]) for name, own in bins.items()]
    share = numbers["levels"]["share"] / len(instrument.ranking)
    return (*found, *(Marginal(f"{LEVEL}{id}", levels, numbers["levels"]["rows"], share) for id in instrument.ranking))


def rows_of(tables: Mapping[str, pd.DataFrame], instrument: Instrument) -> dict[str, list[tuple[str, str]]]:
    """Give client and bin of every row that may count, by histogram; in an order that hangs on no value of a person.

    Parameters
    ----------
    tables
        Of a register, or of a mock package as `pathway.mock.profile.read` gives them.
    """
    bands, clients = read()["bands"], tables["clients"]
    ids = clients["client_id"].astype(str)
    age = clients["enrolled_on"].dt.year - clients["birth_year"]
    codes = clients["health_codes"].astype("string").fillna("").str.split("|").map(lambda own: [c for c in own if c])
    low = clients["swedish_level"].astype(str).isin(_LOW).map({True: "low", False: "good"})
    ill = codes.map(bool).map({True: "ill", False: "healthy"})
    middle = age.between(25, 50).map({True: "25-50", False: "other"})
    at_home = clients["children_at_home"].astype(bool).map({True: "yes", False: "no"})
    of_clients = {
        "gender": clients["gender"].astype(str),
        "age": _banded(age, bands["age"]),
        "swedish_level": clients["swedish_level"].astype(str),
        "education": low + " " + clients["education"].astype(str),
        "income": ill + " " + clients["income_source"].astype(str),
        "months": _banded(clients["months_without_work"], bands["months"]),
        "children": middle + " " + at_home,
        "health": codes.map(lambda own: _COUNTS[min(len(own), 3)]),
        "codes": codes.map(lambda own: own[0][0] if own else ""),
        "municipality": clients["municipality"].astype(str).str.zfill(4),
    }
    found = {name: list(zip(ids, values, strict=True)) for name, values in of_clients.items()}
    return found | _of_time(tables, ids, bands) | _of_levels(tables["measurements"], instrument, bands)


def _of_time(
    tables: Mapping[str, pd.DataFrame], ids: "pd.Series[str]", bands: Mapping[str, Any]
) -> dict[str, list[tuple[str, str]]]:
    waves = tables["measurements"][["client_id", "measured_on"]].drop_duplicates().sort_values("measured_on")
    n = waves.groupby("client_id").size().clip(upper=bands["measurements"])
    weeks = _first_interval(waves)
    had = tables["participations"].sort_values(["started_on", "insats_id"])
    ended = had[had["ended_as"].astype(str) != "pågår"].groupby("client_id")["ended_as"].first()
    last = tables["outcomes"].sort_values("observed_on").groupby("client_id")["status"].first()
    became = ids.map(last).astype("string").fillna("still there")
    once = had.drop_duplicates(["client_id", "insats_id"])
    return {
        "measurements": _pairs(n.astype(str)),
        "interval": _pairs(_binned(weeks, bands["weeks"])),
        "insatser": list(zip(once["client_id"].astype(str), once["insats_id"].astype(str), strict=True)),
        "ended": _pairs(ended.astype(str)),
        "became": list(zip(ids, became, strict=True)),
    }


def _first_interval(waves: pd.DataFrame) -> "pd.Series[Any]":
    """Give the weeks between the first two measurements of each client who has two."""
    number = waves.groupby("client_id").cumcount()
    first, second = (waves[number == n].set_index("client_id")["measured_on"] for n in (0, 1))
    return (second - first.reindex(second.index)).dt.days / 7


def _of_levels(
    measurements: pd.DataFrame, instrument: Instrument, bands: Mapping[str, Any]
) -> dict[str, list[tuple[str, str]]]:
    answers = measurements[measurements["indicator"].astype(str).isin(instrument.ranking)].dropna(subset=["value"])
    answers = answers.assign(indicator=answers["indicator"].astype(str), client_id=answers["client_id"].astype(str))
    at = answers.groupby(["client_id", "measured_on", "indicator"])["value"].mean().unstack("indicator")
    at = at.reindex(columns=list(instrument.ranking)).sort_index()
    number = at.groupby(level="client_id").cumcount()
    first, second = (pd.DataFrame(at[number == n].droplevel("measured_on")) for n in (0, 1))
    per_level = bands["steps_per_level"]
    found = {}
    for id in instrument.ranking:
        rounded = (np.floor(first[id].dropna() * per_level + 0.5) / per_level).map(lambda level: f"{level:g}")
        found[f"{LEVEL}{id}"] = _pairs(rounded)
    return found | {"change": _pairs(_binned(_mean_change(first, second), bands["changes"]))}


def _mean_change(first: pd.DataFrame, second: pd.DataFrame) -> "pd.Series[Any]":
    change = second.sub(first.reindex(second.index))
    mean: pd.Series[Any] = change.mean(axis="columns")
    return mean.dropna()


def _pairs(values: "pd.Series[Any]") -> list[tuple[str, str]]:
    return [(str(client), str(value)) for client, value in values.items()]


def _crossed(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{one} {other}" for one in first for other in second)


def _banded(numbers: "pd.Series[Any]", bands: list[str]) -> "pd.Series[Any]":
    """Name the band of whole numbers; what lies outside all of them goes to the nearest."""
    starts = [int(band.split("-")[0]) for band in bands]
    place = np.clip(np.searchsorted(starts, numbers.to_numpy(), side="right") - 1, 0, len(bands) - 1)
    return pd.Series([bands[n] for n in place], index=numbers.index)


def _binned(numbers: "pd.Series[Any]", edges: list[float]) -> "pd.Series[Any]":
    place = np.clip(np.searchsorted(edges, numbers.to_numpy(), side="right") - 1, 0, len(edges) - 2)
    return pd.Series([str(edges[n]) for n in place], index=numbers.index)
