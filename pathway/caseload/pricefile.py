"""Prices of places as a file, written after a caseload is planned and read when one client's plan is made."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from pathway.casefile import whole
from pathway.caseload.periods import DAYS, Supply, first_day
from pathway.caseload.pools import Array
from pathway.errors import Mismatch, UnreadableFile
from pathway.reading import json_of


@dataclass(frozen=True)
class Price:
    """What a place of an insats costs from `from_on` up to and not including `to_on`, in steps."""

    insats_id: str
    from_on: date
    to_on: date
    price: float


@dataclass(frozen=True)
class Prices:
    """What places cost: what the same place is expected to bring to others, in steps of the heaviest indicator.

    What is not listed costs nothing.
    """

    catalogue_version: str
    listed: tuple[Price, ...]

    def per_quarter(self, as_of: date, horizon_weeks: int, heaviest: float = 1.0) -> dict[str, list[float]]:
        """Give the prices of each insats per quarter of one case's horizon, in its own weighted steps.

        A quarter is 13 weeks from `as_of`; one that lies in two periods costs of each as much as it covers.

        Parameters
        ----------
        heaviest
            Weight of the case's heaviest indicator.
        """
        n_quarters = -(-7 * horizon_weeks // DAYS)
        prices: dict[str, list[float]] = {}
        for one in self.listed:
            row = prices.setdefault(one.insats_id, [0.0] * n_quarters)
            for quarter in range(n_quarters):
                start = as_of + timedelta(days=DAYS * quarter)
                days = (min(one.to_on, start + timedelta(days=DAYS)) - max(one.from_on, start)).days
                row[quarter] += heaviest * one.price * max(days, 0) / DAYS
        return {insats_id: row for insats_id, row in prices.items() if any(row)}


def priced(supply: Supply, prices: Array, catalogue_version: str) -> Prices:
    """Name prices (R,) by insats and period; those of nothing are left out."""
    listed = []
    for at in np.flatnonzero(prices > 0).tolist():
        insats_id, period = supply.kind(at)
        listed.append(Price(insats_id, first_day(period), first_day(period + 1), round(float(prices[at]), 6)))
    return Prices(catalogue_version, tuple(listed))


def laid_out(supply: Supply, prices: Prices) -> Array:
    """(R,) the prices by kind of place; zero where none is listed."""
    listed = {(one.insats_id, one.from_on): one.price for one in prices.listed}
    kinds = map(supply.kind, range(len(supply)))
    return np.array([listed.get((insats_id, first_day(period)), 0.0) for insats_id, period in kinds], dtype=np.float64)


_ADAPTER = TypeAdapter(Prices)


def write(prices: Prices, path: Path) -> None:
    """Write prices as JSON; the file appears whole or not at all."""
    with whole(path) as file:
        json.dump(_ADAPTER.dump_python(prices, mode="json"), file, ensure_ascii=False, indent=1)
        file.write("\n")


def read(path: Path, catalogue_version: str) -> Prices:
    """Read prices.

    Raises
    ------
    UnreadableFile
        The file cannot be read or does not hold prices.
    Mismatch
        The prices are for another catalogue.
    """
    prices = _shaped(json_of(path), path)
    if prices.catalogue_version != catalogue_version:
        raise Mismatch(
            f"{path}: the prices are for another version of the catalogue than {catalogue_version}; "
            "plan the caseload anew with --prices-out"
        )
    return prices


def _shaped(raw: Any, path: Path) -> Prices:
    try:
        prices = _ADAPTER.validate_python(raw)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise UnreadableFile(f"{path}: does not hold prices as pathway caseload writes them (field {place})") from None
    for number, one in enumerate(prices.listed):
        if one.from_on >= one.to_on or not 0 <= one.price < np.inf:
            raise UnreadableFile(f"{path}: listed.{number}: must end after it begins and cost nothing or more")
    return prices
