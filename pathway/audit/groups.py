"""Groups of clients that the audit holds beside each other, and which of them are too small to be shown."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

DIMENSIONS = ("gender", "age", "education", "swedish_level", "municipality", "income_source", "health")
_PSYCHIATRIC, _PAIN = ("F",), ("M", "R52", "G43", "G44")


@cache
def limits() -> Mapping[str, Any]:
    """Read ``limits.toml``: thresholds of flags, bands and the smallest group that may be shown."""
    return tomllib.loads(files("pathway.audit").joinpath("limits.toml").read_text(encoding="utf-8"))


def of_clients(clients: pd.DataFrame, year: int) -> pd.DataFrame:
    """Give each client's group along every dimension, as text, indexed by ``client_id``.

    Parameters
    ----------
    clients
        Table of the register.
    year
        In which ages are counted.
    """
    table = clients.set_index("client_id")
    plain = table[["gender", "education", "swedish_level", "municipality", "income_source"]].astype(str)
    age = year - table["birth_year"].astype(int)
    return plain.assign(age=age.map(_band), health=table["health_codes"].astype(str).map(_health))[list(DIMENSIONS)]


def _band(age: int) -> str:
    bands: list[int] = limits()["groups"]["age_from"]
    first = max((number for number, start in enumerate(bands) if age >= start), default=0)
    if first == len(bands) - 1:
        return f"{bands[first]} år eller mer"
    return f"{bands[first]}–{bands[first + 1] - 1} år" if age >= bands[0] else f"under {bands[0]} år"


def _health(codes: str) -> str:
    known = [code for code in codes.upper().split("|") if code]
    kinds = {
        "psykisk ohälsa": any(code.startswith(_PSYCHIATRIC) for code in known),
        "smärta eller rörelse": any(code.startswith(_PAIN) for code in known),
        "annan ohälsa": any(not code.startswith(_PSYCHIATRIC + _PAIN) for code in known),
    }
    had = [name for name, has in kinds.items() if has]
    return "flera slag" if len(had) > 1 else had[0] if had else "ingen känd"
