"""Thresholds of flags and the smallest group that may be shown: numbers that the profession may argue about."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def limits() -> Mapping[str, Any]:
    """Read ``limits.toml``."""
    return tomllib.loads(files("pathway.audit").joinpath("limits.toml").read_text(encoding="utf-8"))
