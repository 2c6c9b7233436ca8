"""The figures that models are compared by, flat, each with its 90 % interval where it has one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot, inf, isnan
from typing import Any

from pathway.effects.gain_model import NORMAL_90
from pathway.evaluation import MODEL, START_LEVEL
from pathway.modelfolder import Model

SKILL, SHOWN, GAINS_SHOWN, COVERAGE = "skill", "step shown", "gains foretell", "coverage"
GROUP = "group"


@dataclass(frozen=True)
class Measure:
    """One figure; ``low`` and ``high`` are the ends of its 90 % interval, or NaN where nobody worked one out."""

    mean: float
    low: float = float("nan")
    high: float = float("nan")

    @property
    def sd(self) -> float:
        """Standard error; 0 where there is no interval."""
        width = self.high - self.low
        return 0.0 if isnan(width) else width / (2 * NORMAL_90)

    def errors_above(self, other: "Measure", margin: float = 0.0) -> float:
        """Give by how many standard errors of the difference this lies above another and a margin.

        Both are taken as independent. On the same clients they are not, and then the difference is surer than this.
        """
        sd, difference = hypot(self.sd, other.sd), self.mean - other.mean - margin
        return difference / sd if sd else (inf if difference > 0 else -inf if difference < 0 else 0.0)

    def told(self, form: str = "+.3f") -> str:
        """Write it with its interval."""
        if isnan(self.low):
            return f"{self.mean:{form}}"
        return f"{self.mean:{form}} ({self.low:{form}} to {self.high:{form}})"


def of_model(model: Model) -> dict[str, Measure]:
    """Give all figures of a model's evaluation by name, the most important first."""
    said = model.evaluation
    return dict(_all(said))


def flat(model: Model) -> dict[str, float]:
    """Give all figures and the ends of their intervals as plain numbers by name."""
    found: dict[str, float] = {}
    for name, one in of_model(model).items():
        found |= {name: one.mean} | ({} if isnan(one.low) else {f"{name} low": one.low, f"{name} high": one.high})
    return found


def judged(model: Model, apart: bool = False) -> dict[str, Measure]:
    """Give the few figures that decide; of the clients kept apart only, where these are asked for and known.

    Returns
    -------
    ``skill`` over the start level, ``step shown`` of each step expected, ``coverage``; of all clients also ``gains
    foretell``, the share of the squared change that expected gains take away (R-loss)
    """
    said = model.evaluation
    part = said.get("kept_apart", {}) if apart else said
    if "skill" not in part:
        part = said
    found = {
        SKILL: _measure(part["skill"][START_LEVEL]),
        SHOWN: _measure(part["gain_shown_per_step_expected"]),
        COVERAGE: Measure(part["coverage_of_90"]),
    }
    checks = said.get("checks")
    if checks and part is said:
        found[GAINS_SHOWN] = _measure(checks["r_loss"]["no effect"]["all"])
    return found


def of_groups(model: Model) -> dict[str, dict[str, Measure]]:
    """Give the figures of each group of people, by ``grouping: group``."""
    return {
        f"{grouping}: {name}": {figure: _measure(one) for figure, one in figures.items() if isinstance(one, Mapping)}
        for grouping, names in model.evaluation.get("subgroups", {}).items()
        for name, figures in names.items()
    }


def _all(said: Mapping[str, Any]) -> Iterator[tuple[str, Measure]]:
    for baseline, one in said["skill"].items():
        yield f"{SKILL} over {baseline}", _measure(one)
    yield SHOWN, _measure(said["gain_shown_per_step_expected"])
    known = said.get("intervals", {})  # models of earlier software told none
    yield COVERAGE, _interval(known.get("coverage_of_90"), said["coverage_of_90"])
    for method, error in said["rmse"].items():
        yield f"error of {method}", _interval(known.get("rmse", {}).get(method), error)
    for indicator, errors in said["rmse_by_indicator"].items():
        yield f"error in {indicator}", _interval(known.get("rmse_by_indicator", {}).get(indicator), errors[MODEL])
    for indicator, share in said["coverage_of_90_by_indicator"].items():
        own = known.get("coverage_of_90_by_indicator", {}).get(indicator)
        yield f"{COVERAGE} in {indicator}", _interval(own, share)
    for name, one in said.get("kept_apart", {}).get("skill", {}).items():
        yield f"kept apart {SKILL} over {name}", _measure(one)
    yield from _of_checks(said.get("checks", {}))
    for grouping, names in said.get("subgroups", {}).items():
        for name, figures in names.items():
            for figure, one in figures.items():
                told = _measure(one) if isinstance(one, Mapping) else Measure(float(one))
                yield f"{GROUP} {grouping} {name} {figure}", told


def _of_checks(checks: Mapping[str, Any]) -> Iterator[tuple[str, Measure]]:
    for compared, losses in checks.get("r_loss", {}).items():
        yield f"{GAINS_SHOWN} beyond {compared}", _measure(losses["all"])
    if "calibration" in checks:
        yield "calibration of gains", _measure(checks["calibration"]["slope"])
    for name in ("found", "before", "respondents", "shuffled"):
        if "found" in checks.get(name, {}):
            yield f"check {name}", Measure(checks[name]["found"])


def _interval(one: Mapping[str, float] | None, mean: float) -> Measure:
    return _measure(one) if one else Measure(mean)


def _measure(one: Mapping[str, float]) -> Measure:
    return Measure(one["mean"], one["low"], one["high"])
