"""What makes the model expect more or less of insatser for one person than for another: global reasons, in words."""

from dataclasses import dataclass

from pathway import wording
from pathway.audit.material import Material
from pathway.comparison import reasons

_STEADY = 0.3  # share of its size that a reason's direction must hold over insatser and indicators, to be one


@dataclass(frozen=True)
class Reason:
    """One thing that is known of people (`pathway.comparison.reasons`).

    Attributes
    ----------
    label
        In Swedish.
    size
        Mean size of what one standard deviation more of it adds to a gain or takes away, steps per quarter, over
        indicators and the insatser that the model speaks of.
    direction
        ``mer``: a higher value goes with larger gains; ``mindre``; or ``olika``, where it differs between insatser.
    may_be_sensitive
        Whether it is protected, or stands for something that is.
    """

    feature: str
    label: str
    size: float
    direction: str
    may_be_sensitive: bool


def rank(material: Material) -> tuple[Reason, ...]:
    """Order what is known of people by how much it moves gains, the most first; what moves none is left out."""
    return tuple(_worded(material, one) for one in reasons.of_model(material.model) if one.strength > 0)


def _worded(material: Material, one: reasons.Reason) -> Reason:
    is_steady = abs(one.steps) >= _STEADY * one.strength
    direction = "olika" if not is_steady else "mer" if one.steps > 0 else "mindre"
    if one.feature == reasons.LEVELS:
        return Reason(one.feature, "Egen nivå på indikatorn", one.strength, direction, False)
    entry = wording.feature(one.feature, material.instrument)
    return Reason(one.feature, entry.label, one.strength, direction, entry.protected)
