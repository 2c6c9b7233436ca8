"""Shows the facts: JSON, one HTML page, a public record in two tiers, and two documents filled in as far as known."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pathway import wording
from pathway.audit import charts
from pathway.audit.estimates import Estimate, LeftOut
from pathway.audit.facts import Facts, Flag
from pathway.audit.limits import limits
from pathway.casefile import whole
from pathway.subgroups import NO_CODE, OTHER, SEVERAL

JSON, HTML = "audit.json", "audit.html"
DOCUMENTS = ("offentlig-post.md", "konsekvensbedomning.md", "teknisk-dokumentation.md")
_DIMENSIONS = {
    "gender": "Kön", "age": "Ålder", "education": "Utbildning", "swedish_level": "Svenska",
    "municipality": "Kommun", "income_source": "Försörjning", "health": "Hälsa",
}  # fmt: skip
_HEALTH = {
    NO_CODE: "ingen känd", OTHER: "annan ohälsa", SEVERAL: "flera slag", "psychiatric": "psykisk ohälsa",
    "pain": "smärta eller rörelse",
}  # fmt: skip
_PARTS = {"beside job-oriented insatser": "bredvid jobbinriktade insatser"}
_METHODS = {
    "model": "modellen", "no change": "ingen förändring", "start level only": "bara startnivån",
    "mean by insats": "medelvärde per insats",
}  # fmt: skip


_BELIEVED = {
    "model": "modellens stegvinster", "same for all": "samma för alla (modellens medelvärde per insats)",
    "no gain": "ingen stegvinst alls",
}  # fmt: skip


@cache
def flag_words() -> Mapping[str, Mapping[str, str]]:
    """Read the Swedish words of flags (``words.toml``)."""
    return _read("words.toml")


@cache
def topics() -> Mapping[str, Mapping[str, str]]:
    """Read the questions that the first page answers in short (``topics.toml``)."""
    return _read("topics.toml")


@cache
def limit_words() -> Mapping[str, Mapping[str, str]]:
    """Read what limits are called in Swedish (``limitwords.toml``)."""
    return _read("limitwords.toml")


def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files("pathway.audit").joinpath(name).read_text(encoding="utf-8"))


def write(facts: Facts, folder: Path) -> tuple[Path, ...]:
    """Write everything to a folder; each file appears whole or not at all.

    Raises
    ------
    UnreadableFile
        The folder cannot be written.
    """
    texts = {JSON: plain(facts), HTML: page(facts), **{name: document(facts, name) for name in DOCUMENTS}}
    for name, text in texts.items():
        with whole(folder / name) as file:
            file.write(text)
    return tuple(folder / name for name in texts)


def plain(facts: Facts) -> str:
    """Write the facts as JSON."""
    return json.dumps(asdict(facts), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def page(facts: Facts) -> str:
    """Write the report as one HTML page that needs nothing else."""
    return _rendered("report.html", facts)


def document(facts: Facts, name: str) -> str:
    """Write one of `DOCUMENTS`, in Markdown."""
    return _rendered(name, facts)


def _rendered(template: str, facts: Facts) -> str:
    return _environment().get_template(template).render(f=facts, limits=limits())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pathway.audit", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number, "signed": signed, "share": share, "points": points, "between": between,
        "figure": figure, "dimension": _DIMENSIONS.__getitem__, "part": lambda id: _PARTS.get(id, id),
        "method": _METHODS.__getitem__, "believed": _BELIEVED.__getitem__, "group": _group,
        "small": wording.swedish().in_sentence, "cell": lambda text: text.replace("|", "/"),
    }  # fmt: skip
    environment.globals |= {
        "axis": charts.axis, "words": flag_words(), "where": _where, "topics": topics(), "limit_words": limit_words(),
    }  # fmt: skip
    environment.tests |= {"left_out": lambda one: isinstance(one, LeftOut), "told": _is_told}
    return environment


def number(value: float, decimals: int = 0) -> str:
    """Write a number as in Swedish."""
    return wording.swedish().number(value, decimals)


def signed(value: float, decimals: int = 2) -> str:
    """Write a number with its sign."""
    return wording.swedish().signed(value, decimals)


def share(value: float, decimals: int = 0) -> str:
    """Write a share in per cent."""
    return f"{number(100 * value, decimals)} %"


def points(value: float, decimals: int = 1) -> str:
    """Write a share in per cent with its sign."""
    return f"{signed(100 * value, decimals)} %"


def between(one: Estimate, unit: str = "steps") -> str:
    """Write the ends of an interval: ``0,31 till 0,94``."""
    return f"{figure(one.low, unit)} till {figure(one.high, unit)}"


def figure(value: float, unit: str) -> str:
    """Write a figure in its unit: share, change (a share with its sign), ratio, steps, minutes, months, index."""
    written = {
        "share": lambda: share(value, 1 if abs(value) < 0.1 else 0),
        "change": lambda: points(value),
        "ratio": lambda: number(value, 2),
        "steps": lambda: f"{signed(value, 3 if abs(value) < 1 else 2)}",
        "minutes": lambda: f"{number(value, 1)} minuter",
        "months": lambda: f"{number(value, 0)} månader",
        "index": lambda: number(value, 2),
    }
    return written[unit]()


def _where(flag: Flag) -> str:
    """Word what a flag was seen in."""
    dimension, colon, name = flag.where.partition(": ")
    return f"{_DIMENSIONS[dimension]}: {_group(name, dimension)}" if colon and dimension in _DIMENSIONS else flag.where


def _group(name: str, dimension: str) -> str:
    """Word a group of a dimension (`pathway.subgroups`)."""
    if dimension == "age":
        first, _, last = name.partition("–")
        return f"{name} år" if first and last else f"{first} år eller mer" if first else f"högst {last} år"
    return {"municipality": f"kommun {name}", "health": _HEALTH.get(name, name)}.get(dimension, name)


def _is_told(one: Any) -> bool:
    return one is not None and is_dataclass(one) and not isinstance(one, LeftOut)
