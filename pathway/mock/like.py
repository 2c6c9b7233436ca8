"""Makes a synthetic twin: mock people whose marginals are a register's, under differential privacy. OpenDP's only door.

The register is read through histograms with noise on them and in no other way (`pathway.mock.marginals`); all else,
the simulator's numbers, trial twins, the twin and its report, is made from those, and so tells no more of anybody. The
unit of privacy is a person with all rows. What insatser do is *not* learned: a twin has the effects of the mock world.

Noise cannot be drawn from a seed, or whoever knew it could take it away; the same register gives another twin each
time, and each time spends its budget anew.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import opendp.prelude as dp
import pandas as pd

from pathway import catalogue as catalogues
from pathway import instrument as instruments
from pathway.errors import Mismatch, UnreadableFile
from pathway.mock import marginals, package, parameters, profile
from pathway.mock.effects import Shape
from pathway.mock.marginals import LEVEL, Marginal
from pathway.mock.parameters import Parameters, Weights
from pathway.register import Register

dp.enable_features("contrib")

_FLOOR = 1e-3  # of a histogram: nobody's absence is told by a weight of zero
_WORK = ("arbete", "subventionerat_arbete")
_MOST_LOST, _LEAST_LOST = 0.6, 0.02
_SAME = 1e-9  # scales are a trifle larger, so that rounding upwards never spends more than was given


@dataclass(frozen=True)
class Query:
    """One look at the register.

    Attributes
    ----------
    rows
        Of one person that could count, at most.
    epsilon
        What it cost, as OpenDP accounts for it.
    off_by
        Mean size of the noise on each count, in people.
    """

    name: str
    rows: int
    epsilon: float
    off_by: float


@dataclass(frozen=True)
class Looked:
    """What is known of a register afterwards: noisy counts by bin, and what they cost in all."""

    counts: Mapping[str, Mapping[str, float]]
    queries: tuple[Query, ...]

    @property
    def epsilon(self) -> float:
        """The sum of all looks: they compose one after the other (Dwork & Roth 2014, theorem 3.14)."""
        return sum(query.epsilon for query in self.queries)


def look(
    tables: Mapping[str, pd.DataFrame], asked: tuple[Marginal, ...], instrument: instruments.Instrument, epsilon: float
) -> Looked:
    """Count with noise; raises `ValueError` unless `epsilon` is above 0."""
    if not epsilon > 0:
        raise ValueError("epsilon must be above 0")
    rows, total = marginals.rows_of(tables, instrument), sum(one.share for one in asked)
    counts, queries = {}, []
    for one in asked:
        scale = one.rows * total / (epsilon * one.share) * (1 + _SAME)
        space = dp.vector_domain(dp.atom_domain(T=str)), dp.symmetric_distance()
        measure = (
            space
            >> dp.t.then_count_by_categories(categories=list(one.bins), MO=dp.L1Distance[int])
            >> dp.m.then_laplace(scale=scale)
        )
        noisy = measure(_few_of_each(rows[one.name], one.rows))[: len(one.bins)]  # the last one counts all other values
        counts[one.name] = {name: float(n) for name, n in zip(one.bins, noisy, strict=True)}
        queries.append(Query(one.name, one.rows, float(measure.map(one.rows)), scale))
    return Looked(counts, tuple(queries))


def write(
    out: Path,
    register: Register,
    epsilon: float,
    n_clients: int | None,
    seed: int,
    effects: Shape = "smooth",
    catalogue: Path = package.SHIPPED_CATALOGUE,
    instrument: Path = instruments.SHIPPED,
    progress: package.Progress = lambda stage, done, total: None,
) -> Looked:
    """Write a twin of a register as a mock package, with ``twin.json`` and ``twin.md``: how private, and how like.

    Parameters
    ----------
    epsilon
        Of all looks together: about how surely somebody with the twin in hand could tell whether a person is in the
        register. 1 is strict, above 10 promises little.
    n_clients
        By default as many as the noisy counts tell.

    Raises
    ------
    Mismatch
        The register was filled with another instrument.
    UnreadableFile, FaultyCatalogue, FaultyInstrument
        As `pathway.mock.write`.
    """
    offered, asked = catalogues.read(catalogue), instruments.read(instrument)
    for filled in {one.instrument for one in register.imports()} - {asked.name}:
        raise Mismatch(f"the register was filled with the instrument {filled}, not {asked.name}; give it: --instrument")
    numbers = marginals.read()["calibration"]
    known = marginals.known(offered, asked, parameters.read())
    progress("looking", 0, 1)
    looked = look(vars(register.tables()), known, asked, epsilon)
    p = fitted(looked, parameters.read())

    def live(folder: Path, n: int, p: Parameters, tell: package.Progress) -> Mapping[str, pd.DataFrame]:
        package.write(folder, n, seed, effects, catalogue, instrument, tell, p)
        return profile.read(folder)

    with tempfile.TemporaryDirectory() as folder:
        for number in range(numbers["rounds"]):
            progress("calibrating", number, numbers["rounds"])
            trial = live(Path(folder) / "trial", numbers["clients"], p, lambda stage, done, total: None)
            p = mended(p, looked, _counted(trial, known, asked), asked)
    made = live(out, n_clients or max(round(sum(looked.counts["gender"].values())), 1), p, progress)
    _report(out, looked, unlike(looked, _counted(made, known, asked)), p)
    return looked


def fitted(looked: Looked, p: Parameters) -> Parameters:
    """Take what histograms say of people straight into the simulator's numbers."""
    shares = {name: _shares(counts) for name, counts in looked.counts.items()}
    people = replace(
        p.people,
        gender=shares["gender"],
        swedish_level=shares["swedish_level"],
        education_swedish_low=_part(shares["education"], "low"),
        education_swedish_good=_part(shares["education"], "good"),
        income_healthy=_part(shares["income"], "healthy"),
        income_ill=_part(shares["income"], "ill"),
        children={group: _part(shares["children"], group)["yes"] for group in ("25-50", "other")},
        health_codes=shares["health"],
        codes=_codes(shares["codes"], p.people.codes),
        municipalities=shares["municipality"],
        ages=shares["age"],
        months=shares["months"],
    )
    became = shares["became"]
    outcomes = replace(
        p.outcomes,
        work=_only(became, lambda status: status in _WORK),
        lost=_only(became, lambda status: status not in (*_WORK, "still there")),
    )
    insatser = replace(p.insatser, popularity=shares["insatser"], broken_off=shares["ended"]["avbruten"])
    weeks = np.array([float(week) for week in shares["interval"]])
    middles = np.append((weeks[:-1] + weeks[1:]) / 2, weeks[-1] + 2)
    usual = middles[[10 <= middle <= 20 for middle in middles]]
    share = np.array(list(shares["interval"].values()))[[10 <= middle <= 20 for middle in middles]]
    time = replace(p.time, wave_days=int(np.clip(round(7 * float((usual * share).sum() / share.sum())), 70, 120)))
    return replace(p, people=people, outcomes=outcomes, insatser=insatser, time=time)


def mended(
    p: Parameters, looked: Looked, trial: Mapping[str, Mapping[str, float]], instrument: instruments.Instrument
) -> Parameters:
    """Move the numbers that only a trial twin tells the effect of: levels, how unlike people are, who is lost."""
    to_reference = 4 / (instrument.scale.max - instrument.scale.min)
    means, ratios = dict(p.levels.means), []
    for id in instrument.ranking:
        (aim, wide), (got, narrow) = (_moments(counts[f"{LEVEL}{id}"]) for counts in (looked.counts, trial))
        means[id] = float(np.clip(means.get(id, p.levels.mean) + (aim - got) * to_reference, 1.0, 5.0))
        ratios.append(wide / max(narrow, 0.1))
    spread = float(np.clip(p.levels.spread * np.median(ratios), 0.2, 2.0))
    aim, got = (_moments(counts["measurements"])[0] for counts in (looked.counts, trial))
    lost = float(np.clip(p.time.lost_per_wave * got / max(aim, 0.5), _LEAST_LOST, _MOST_LOST))
    return replace(p, levels=replace(p.levels, means=means, spread=spread), time=replace(p.time, lost_per_wave=lost))


def unlike(looked: Looked, twin: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Tell how unlike register and twin are by histogram: the share that would have to move (total variation).

    The register is what the noisy counts say of it, noise and all: to hold the twin beside the rows would tell of them.
    """
    found = {}
    for name, counts in looked.counts.items():
        ours, theirs = _shares(counts), _shares(twin[name])
        found[name] = float(sum(abs(ours[one] - theirs[one]) for one in ours) / 2)
    return found


def _few_of_each(rows: list[tuple[str, str]], most: int) -> list[str]:
    """Keep the first rows of each person, at most so many: without this no noise would be enough."""
    seen: Counter[str] = Counter()
    kept = []
    for client, value in rows:
        seen[client] += 1
        if seen[client] <= most:
            kept.append(value)
    return kept


def _counted(
    tables: Mapping[str, pd.DataFrame], asked: tuple[Marginal, ...], instrument: instruments.Instrument
) -> dict[str, dict[str, float]]:
    rows = marginals.rows_of(tables, instrument)
    found = {}
    for one in asked:
        counted = Counter(_few_of_each(rows[one.name], one.rows))
        found[one.name] = {name: float(counted[name]) for name in one.bins}
    return found


def _shares(counts: Mapping[str, float]) -> Weights:
    positive = {name: max(n, 0.0) for name, n in counts.items()}
    total = sum(positive.values()) or 1.0
    floored = {name: max(n / total, _FLOOR / len(counts)) for name, n in positive.items()}
    whole = sum(floored.values())
    return {name: share / whole for name, share in floored.items()}


def _part(shares: Weights, group: str) -> Weights:
    own = {name.removeprefix(f"{group} "): share for name, share in shares.items() if name.startswith(f"{group} ")}
    total = sum(own.values())
    return {name: share / total for name, share in own.items()}


def _only(shares: Weights, wanted: Callable[[str], bool]) -> Weights:
    own = {name: share for name, share in shares.items() if wanted(name)}
    return {name: share / sum(own.values()) for name, share in own.items()}


def _codes(chapters: Weights, usual: Weights) -> Weights:
    """Spread chapters over the codes that the mock world knows; chapters without one are left out."""
    found: Weights = {}
    for chapter, share in chapters.items():
        own = {code: weight for code, weight in usual.items() if code[0] == chapter}
        found |= {code: share * weight / sum(own.values()) for code, weight in own.items()}
    return found


def _moments(counts: Mapping[str, float]) -> tuple[float, float]:
    values, shares = np.array([float(name) for name in counts]), np.array(list(_shares(counts).values()))
    mean = float((values * shares).sum())
    return mean, float(np.sqrt(((values - mean) ** 2 * shares).sum()))


def _report(out: Path, looked: Looked, unlike: Mapping[str, float], p: Parameters) -> None:
    told: dict[str, Any] = {
        "epsilon": looked.epsilon,
        "unit_of_privacy": "a person with all rows",
        "queries": [asdict(query) for query in looked.queries],
        "noisy_counts": {name: dict(counts) for name, counts in looked.counts.items()},
        "unlike": dict(unlike),
        "numbers": json.loads(json.dumps(asdict(p), default=str)),
    }
    worst = sorted(unlike, key=lambda name: -unlike[name])
    lines = [
        "# MOCK: a synthetic twin; nobody in here exists",
        "",
        f"Differentially private: epsilon {looked.epsilon:.3g} in all, delta 0. The unit is a person with all rows:",
        f"with or without any one person, such a twin is at most {np.exp(min(looked.epsilon, 50)):,.3g} times as",
        f"likely. The register was read through the {len(looked.queries)} histograms below and in no other way. Each",
        "further twin of the same register costs its own epsilon besides.",
        "",
        "Not like the register: what insatser do (the mock world's own), and how anything goes together beyond what",
        "the simulator assumes. No figure learned on a twin is a finding.",
        "",
        "*Unlike*: the share of people who would have to move to another bin for the twin to be as the noisy counts.",
        "",
        "| histogram | rows a person, at most | epsilon | counts off by, people | unlike |",
        "|---|---|---|---|---|",
        *(
            f"| {query.name} | {query.rows} | {query.epsilon:.4f} | {query.off_by:.0f} | {unlike[query.name]:.1%} |"
            for query in looked.queries
        ),
        "",
        f"Least alike: {', '.join(worst[:3])}.",
        "",
    ]
    try:
        (out / "twin.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (out / "twin.md").write_text("\n".join(lines), encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(f"{out}: the report cannot be written ({error.strerror}); check space") from None
