"""What each mock insats truly does, to whom: the one place that knows, used by the simulator and by its truth."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pathway.catalogue import Catalogue
from pathway.mock.draws import EFFECTS, Bools, Floats, Ints, pick, root, stream
from pathway.mock.parameters import EffectSizes

Shape = Literal["smooth", "threshold", "same", "none"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

TRAITS = ("age", "months_without_work", "health_codes")  # what effects differ by, besides the level itself
CENTRES, UNITS = np.array([41.0, 24.0, 1.0]), np.array([12.0, 24.0, 1.0])
LOWEST, MIDDLE, HIGHEST = 1.0, 2.75, 5.0  # of the scale that the simulator thinks in
MOST_ROOM = 1.5  # a person far from the scale's end gets at most this much of an effect
MOST_BY_TRAITS = 2.5  # and, by traits, at most this much
ON_ITS_SIDE, ON_THE_OTHER = 1.6, 0.3  # shape threshold: factors on either side of a trait's cut-off, its centre
LOW, HIGH = 3.0, 4.25  # shape threshold: an effect is large below the one, small up to the other, and none above
BELOW_LOW, BELOW_HIGH = 1.3, 0.4
JOB = "jobb"


@dataclass(frozen=True)
class Effects:
    """True effects of K insatser on J indicators, in steps per quarter at dose 1.

    Attributes
    ----------
    shape
        How effects differ between people; ``same``: not at all, ``none``: nothing has any effect.
    insatser, indicators
        Ids, K and J of them.
    full
        Effect at full strength on a person with average traits and the set point in the middle, shape (K, J).
    alone_share
        Share of full strength without a job-oriented insats beside it, shape (K,): 1 for job-oriented ones.
    coefficients
        How much one unit of a trait adds to the factor on the effect, shape (K, 3); used by ``smooth``.
    rule_trait, rule_above
        Which trait decides, and on which side of the cut-off the effect is large, shape (K,); used by ``threshold``.
    main_target
        Number of the indicator that the insats is meant to help most, shape (K,).
    gap_loss
        Steps lost per quarter without any insats, on every indicator, by somebody in the middle of the scale.
    """

    shape: Shape
    insatser: tuple[str, ...]
    indicators: tuple[str, ...]
    full: Floats
    alone_share: Floats
    coefficients: Floats
    rule_trait: Ints
    rule_above: Bools
    main_target: Ints
    gap_loss: float

    def steps(self, k: Ints, traits: Floats, setpoints: Floats) -> Floats:
        """Tell the effect at full strength on these people, in steps per quarter at dose 1.

        Parameters
        ----------
        k
            Numbers of insatser, shape (m,).
        traits
            `TRAITS` of the person, as they are (years, months, number of codes), shape (m, 3).
        setpoints
            The latent levels that they drift to, on the scale 1–5, shape (m, J).

        Returns
        -------
        Shape (m, J); never past the end of the scale that the effect moves towards.
        """
        full = self.full[k]
        room = _ROOM[self.shape](full, setpoints)
        return full * room * self._by_person(k, (traits - CENTRES) / UNITS)[:, None]

    def lost_in_gap(self, setpoints: Floats) -> Floats:
        """Tell how many steps a quarter without any insats takes, shape (n, J); none at the scale's low end."""
        return self.gap_loss * np.clip((setpoints - LOWEST) / (MIDDLE - LOWEST), 0.0, MOST_ROOM)

    def _by_person(self, k: Ints, z: Floats) -> Floats:
        if self.shape == "same":
            return np.ones(len(k))
        if self.shape == "threshold":
            above = z[np.arange(len(k)), self.rule_trait[k]] > 0
            return np.where(above == self.rule_above[k], ON_ITS_SIDE, ON_THE_OTHER)
        own = self.coefficients[k]
        z = np.clip(z, -1.5, 2.5)
        return np.clip(1.0 + own[:, 0] * z[:, 0] + own[:, 1] * z[:, 1] + own[:, 2] * z[:, 2], 0.0, MOST_BY_TRAITS)


def _headroom(full: Floats, setpoints: Floats) -> Floats:
    upward = (HIGHEST - setpoints) / (HIGHEST - MIDDLE)
    downward = (setpoints - LOWEST) / (MIDDLE - LOWEST)
    return np.clip(np.where(full >= 0, upward, downward), 0.0, MOST_ROOM)


def _window(full: Floats, setpoints: Floats) -> Floats:
    upward = np.where(setpoints < LOW, BELOW_LOW, np.where(setpoints < HIGH, BELOW_HIGH, 0.0))
    return np.where(full >= 0, upward, np.where(setpoints > LOWEST + HIGHEST - HIGH, 1.0, 0.0))


def _any_room(full: Floats, setpoints: Floats) -> Floats:
    return np.where(full >= 0, setpoints < HIGHEST, setpoints > LOWEST).astype(np.float64)


_ROOM = {"smooth": _headroom, "threshold": _window, "same": _any_room, "none": _headroom}


def draw(
    seed: int, shape: Shape, catalogue: Catalogue, indicators: tuple[str, ...], sizes: EffectSizes, gap_loss: float
) -> Effects:
    """Draw true effects for a catalogue; the same seed and catalogue give the same ones for any number of clients."""
    rng = stream(seed, EFFECTS)
    n_insatser, n_indicators = len(catalogue.insatser), len(indicators)
    strengths = _strengths(rng, catalogue, sizes)
    full = np.zeros((n_insatser, n_indicators))
    for k, insats in enumerate(catalogue.insatser):
        affinity = sizes.affinity.get(insats.type, {})
        targets = _targets(rng, np.array([affinity.get(id, 1.0) for id in indicators]), len(sizes.targets))
        full[k] = sizes.spill * strengths[k]
        full[k, targets] = strengths[k] * np.array(sizes.targets[: len(targets)])
    by_type = {kind: sizes.modifier * rng.standard_normal(len(TRAITS)) for kind in sizes.strength}
    own = sizes.modifier * rng.standard_normal((n_insatser, len(TRAITS)))
    return Effects(
        shape=shape,
        insatser=catalogue.ids,
        indicators=indicators,
        full=np.round(full, 4) if shape != "none" else np.zeros_like(full),
        alone_share=np.array([1.0 if i.type == JOB else sizes.alone_share for i in catalogue.insatser]),
        coefficients=np.round(own + np.array([by_type[i.type] for i in catalogue.insatser]), 4),
        rule_trait=rng.integers(0, len(TRAITS), n_insatser),
        rule_above=rng.random(n_insatser) < 0.5,
        main_target=np.argmax(np.abs(full), axis=1).astype(np.int64),
        gap_loss=gap_loss if shape != "none" else 0.0,
    )


def _strengths(rng: np.random.Generator, catalogue: Catalogue, sizes: EffectSizes) -> Floats:
    """Draw one strength per insats: its type's, a deviation that it shares with its group, and one of its own."""
    shared: dict[str, float] = {}
    strengths = np.zeros(len(catalogue.insatser))
    for k, insats in enumerate(catalogue.insatser):
        together, own, harmful, harm = rng.standard_normal(), rng.standard_normal(), rng.random(), rng.random()
        together = shared.setdefault(insats.group or f"alone {insats.id}", together)
        deviation = sizes.deviation * (together + own) * root(0.5)
        strengths[k] = max(sizes.strength[insats.type] + deviation, 0.02)
        if harmful < sizes.harmful:
            strengths[k] = -sizes.harm * (0.5 + harm)
    return strengths


def _targets(rng: np.random.Generator, affinity: Floats, at_most: int) -> list[int]:
    wanted = min(int(rng.integers(2, at_most + 1)), len(affinity))
    left, chosen = affinity.copy(), []
    for u in rng.random(at_most)[:wanted]:
        chosen.append(int(pick(np.array([u]), left)[0]))
        left[chosen[-1]] = 0.0
    return chosen
