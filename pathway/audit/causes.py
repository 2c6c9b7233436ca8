"""The checks of cause that were made at the training, in the audit's shape, and whether a feature knows too much.

The checks are those of `pathway.checks`: they need the rows that the model learned from and several further models, so
they are made once, kept in the model's folder under its checksums, and only read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pathway.audit.estimates import Estimate, LeftOut, around
from pathway.audit.material import Material
from pathway.checks.robustness import Measured
from pathway.checks.rows import mean_of_known
from pathway.features import EARLIER, LEVEL

# what ratings say of ratings is what the model is made of, and no leak
_OF_RATINGS = ("trend", "respondent_gap", "n_measurements", "quarters")


@dataclass(frozen=True)
class Nothing:
    """What was found where there can be nothing.

    Attributes
    ----------
    found
        Share of mean gains, by insats and indicator, whose 90 % interval leaves zero out: up to 0.1 is chance.
    gain
        What insatser are said to have given, steps over the interval, mean over the indicators; None where not told.
    n_looks
        Insatser looked at, in all repetitions: what one is found to do to several indicators is much the same.
    """

    found: float
    gain: Estimate | None
    n_looks: int


@dataclass(frozen=True)
class Kind:
    """What insatser of a type gave those who had them, steps over the interval: by two methods."""

    doubly_robust: Estimate
    model: Estimate
    n_without: int


@dataclass(frozen=True)
class Robust:
    """How strong an unmeasured cause would have to be to explain an insats's largest mean gain.

    Attributes
    ----------
    to_zero
        Share of both change and dose, as features leave them, that it would have to explain.
    times
        How many times as strong as the strongest recorded features it would be; by feature, strongest first.
    """

    insats_id: str
    indicator: str
    gain: Estimate
    to_zero: float
    times: Mapping[str, float]


@dataclass(frozen=True)
class Causes:
    """All checks of cause; a part is left out where the training had too little for it, or did not make it.

    Insatser in `robust` come with the least robust first.
    """

    itself: Nothing | LeftOut
    before: Nothing | LeftOut
    after: Nothing | LeftOut
    respondents: Nothing | LeftOut
    swapped: Nothing | LeftOut
    kinds: Mapping[str, Kind]
    robust: tuple[Robust, ...]


@dataclass(frozen=True)
class Knows:
    """How much of a change one background feature explains beyond all others (share of what they leave)."""

    feature: str
    share: Estimate


def read(material: Material) -> Causes:
    """Read the checks of the training."""
    checked = material.model.evaluation.get("checks")
    if not checked:
        nothing = LeftOut("Modellens mapp saknar kontrollerna från träningen.")
        return Causes(nothing, nothing, nothing, nothing, nothing, {}, ())
    n, n_had = material.model.training.n_clients, material.model.support.n_clients
    before = checked["before"]
    swapped = checked["shuffled"]
    return Causes(
        itself=_nothing(checked["found"], n),
        before=_nothing(before, n),
        after=_nothing(before["real"], n) if "real" in before else _nothing(before, n),
        respondents=_nothing(checked["respondents"], n),
        swapped=Nothing(swapped["found"], None, swapped["n_shuffles"] * checked["found"]["n_insatser"]),
        kinds={
            kind: Kind(
                _told(one["doubly_robust"], one["n_clients"]), _told(one["model"], one["n_clients"]), one["n_without"]
            )
            for kind, one in checked["kinds"].items()
        },
        robust=tuple(
            Robust(id, one["indicator"], _told(one["gain"], n_had[id]), one["to_zero"], one["times"])
            for id, one in sorted(checked["robustness"].items(), key=_how_robust)
        ),
    )  # fmt: skip


def knowing(material: Material) -> tuple[Knows, ...]:
    """Measure what each background feature says of the change, the strongest first.

    Nothing that is known of a person beforehand, ratings aside, says much of how ratings move. A feature that does was
    perhaps filled in, or corrected, after what it foretells.
    """
    rows = material.judged.rows
    mean = mean_of_known(rows.episodes.changes.to_numpy())
    measured = Measured.of(rows.X, material.judged.folds[0].model.encoding_, rows.by_type(rows.doses), mean[:, None])
    n = len(np.unique(rows.clients))
    found = [
        Knows(name, around(share, _se_of_share(share, n), n))
        for name, share in zip(measured.families, measured.of_changes[0].tolist(), strict=True)
        if not name.startswith((LEVEL, EARLIER)) and name not in _OF_RATINGS
    ]
    return tuple(sorted(found, key=lambda one: -one.share.mean))


def _se_of_share(share: float, n: int) -> float:
    """Give the large-sample standard error of a squared (partial) correlation, with a client as one observation."""
    return 2 * float(np.sqrt(share)) * (1 - share) / float(np.sqrt(n))


def _nothing(one: Mapping[str, Any], n_clients: int) -> Nothing | LeftOut:
    if "left_out" in one:
        return LeftOut("För få klienter hade det som kontrollen behöver.")
    return Nothing(one["found"], _told(one["gain"], one.get("n_clients", n_clients)), one["n_insatser"])


def _told(one: Mapping[str, float], n_clients: int) -> Estimate:
    return Estimate(one["mean"], one["low"], one["high"], n_clients)


def _how_robust(named: tuple[str, Mapping[str, Any]]) -> float:
    return float(min(named[1]["times"].values(), default=np.inf))
