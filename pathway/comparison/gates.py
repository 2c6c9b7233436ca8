"""What a model must pass to be released: each gate with what was found. The limits are in ``gates.toml``."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pathway.comparison import measures
from pathway.comparison.measures import COVERAGE, GAINS_SHOWN, SHOWN, SKILL
from pathway.errors import UnreadableFile
from pathway.modelfolder import Model
from pathway.reading import shaped, toml_of
from pathway.wording.dictionary import FACTS, family_of

LIMITS = Path(__file__).parent / "gates.toml"


@dataclass(frozen=True)
class Worse:
    """How much worse than the champion a model may be; see ``gates.toml``."""

    beyond: float
    skill: float
    foretell: float


@dataclass(frozen=True)
class Gains:
    """How much of each step expected must show."""

    least_shown: float


@dataclass(frozen=True)
class Coverage:
    """How many observed levels must lie inside their intervals."""

    least: float
    most: float
    least_of_indicator: float


@dataclass(frozen=True)
class Groups:
    """What no group of people may be served worse than."""

    beyond: float
    least_coverage: float
    most_missed: float
    more_error: float


@dataclass(frozen=True)
class Limits:
    """All sections of ``gates.toml``."""

    worse: Worse
    gains: Gains
    coverage: Coverage
    groups: Groups


@dataclass(frozen=True)
class Gate:
    """One gate: its name, what is in the way (empty: nothing), and what was looked at."""

    name: str
    faults: tuple[str, ...]
    looked_at: str

    @property
    def open(self) -> bool:
        """Whether the model passes."""
        return not self.faults

    def plain(self) -> dict[str, Any]:
        """Turn into plain data."""
        return asdict(self) | {"open": self.open}


def limits(path: Path = LIMITS) -> Limits:
    """Read the limits; raises `UnreadableFile` when the file is missing, not TOML, or lacks a number."""
    return shaped(TypeAdapter(Limits), toml_of(path), lambda message: UnreadableFile(f"{path}: {message}"))


def try_all(model: Model, champion: Model | None, allowed: Limits | None = None) -> tuple[Gate, ...]:
    """Hold a model against every gate.

    Parameters
    ----------
    champion
        The model in use; None where there is none, and then nothing can be worse than it.
    """
    allowed = allowed or limits()
    return (
        _data(model),
        _features(model),
        _worse(model, champion, allowed.worse),
        _gains(model, allowed.gains),
        _coverage(model, allowed.coverage),
        _groups(model, champion, allowed.groups),
    )


def lines(gates: tuple[Gate, ...]) -> list[str]:
    """Word the gates for a terminal."""
    return [
        f"{'pass' if gate.open else 'FAIL'}  {gate.name}: {'; '.join(gate.faults) or gate.looked_at}" for gate in gates
    ]


def _data(model: Model) -> Gate:
    touched = model.evaluation.get("kept_apart", {}).get("touched")
    fault = {
        False: (),
        True: ("parameters were chosen, but not without the clients kept apart for judging; tune on the others only",),
    }.get(touched, ("nothing says whether the clients kept apart for judging were looked at; train the model again",))
    return Gate("test data untouched", fault, "no parameter was chosen by the clients kept apart for judging")


def _features(model: Model) -> Gate:
    entries = toml_of(FACTS)
    indicators = [one.id for one in model.instrument.indicators]
    unread = [
        name
        for name in model.gains.encoding_.names
        if name not in entries and family_of(name, entries, indicators) is None
    ]
    faults = tuple(f"{name} has no entry in {FACTS.name}; describe it there" for name in unread)
    return Gate("every feature readable", faults, f"{len(model.gains.encoding_.names)} features have words")


def _worse(model: Model, champion: Model | None, allowed: Worse) -> Gate:
    name = "not worse than the champion"
    if champion is None:
        return Gate(name, (), "there is no champion yet")
    apart = bool(model.training.tuned_on or champion.training.tuned_on)
    ours, theirs = measures.judged(model, apart), measures.judged(champion, apart)
    margins = {SKILL: allowed.skill, GAINS_SHOWN: allowed.foretell}
    known = [figure for figure in margins if figure in ours and figure in theirs]
    faults = tuple(
        f"{figure} is {ours[figure].told()}, the champion's {theirs[figure].told()}"
        for figure in known
        if theirs[figure].errors_above(ours[figure], margins[figure]) > allowed.beyond
    )
    told = ", ".join(f"{figure} {ours[figure].told()} against {theirs[figure].told()}" for figure in known)
    return Gate(name, faults, f"{told}{' (clients kept apart)' if apart else ''}")


def _gains(model: Model, allowed: Gains) -> Gate:
    shown = measures.judged(model)[SHOWN]
    fault = f"of each step expected only {shown.told('.2f')} shows, less than {allowed.least_shown}"
    return Gate(
        "gains not told too large",
        (fault,) if shown.high < allowed.least_shown else (),
        f"of each step expected {shown.told('.2f')} shows",
    )


def _coverage(model: Model, allowed: Coverage) -> Gate:
    share = model.evaluation["coverage_of_90"]
    faults = []
    if not allowed.least <= share <= allowed.most:
        faults.append(
            f"{share:.1%} of levels lie in their 90 % interval, not {allowed.least:.0%} to {allowed.most:.0%}"
        )
    for indicator, own in model.evaluation["coverage_of_90_by_indicator"].items():
        if own < allowed.least_of_indicator:
            faults.append(f"{own:.1%} of levels of {indicator}, less than {allowed.least_of_indicator:.0%}")
    return Gate(COVERAGE, tuple(faults), f"{share:.1%} of levels lie in their 90 % interval")


def _groups(model: Model, champion: Model | None, allowed: Groups) -> Gate:
    ours = measures.of_groups(model)
    theirs = measures.of_groups(champion) if champion else {}
    faults = [fault for group, own in ours.items() for fault in _harms(group, own, theirs.get(group, {}), allowed)]
    if not ours:
        faults.append("no group was looked at; train the model again, or on more clients")
    return Gate("no group of people harmed", tuple(faults), f"{len(ours)} groups looked at")


def _harms(
    group: str, ours: Mapping[str, measures.Measure], theirs: Mapping[str, measures.Measure], allowed: Groups
) -> list[str]:
    least, most = measures.Measure(allowed.least_coverage), measures.Measure(allowed.most_missed)
    share, beyond = ours["coverage_of_90"], ours["beyond"]
    told_too_much = measures.Measure(-beyond.mean, -beyond.high, -beyond.low)
    told: list[tuple[bool, Callable[[], str]]] = [
        (
            least.errors_above(share) > allowed.beyond,
            lambda: f"{group}: {share.told('.1%')} of levels in their interval, less than {least.told('.0%')}",
        ),
        (
            max(beyond.errors_above(most), told_too_much.errors_above(most)) > allowed.beyond,
            lambda: f"{group}: develops {beyond.told()} steps beyond what is foretold, more than {most.told('.2f')}",
        ),
        (
            bool(theirs) and ours["error"].errors_above(theirs["error"], allowed.more_error) > allowed.beyond,
            lambda: f"{group}: error {ours['error'].told('.3f')}, the champion's {theirs['error'].told('.3f')}",
        ),
    ]
    return [word() for harmed, word in told if harmed]
