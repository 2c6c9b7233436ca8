"""What was learned of the insatser: coefficients, factors and their uncertainty, and the gains that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.factors import Factors
from pathway.effects.kinds import Kinds
from pathway.effects.lasting import NOTHING, Lasting
from pathway.effects.layout import SYSTEMATIC, Layout
from pathway.effects.outcomes import Effects
from pathway.effects.targets import Targets, aim

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """Effects of K insatser on J outcomes, by P coefficients.

    Attributes
    ----------
    kinds, layout
        Which insats is of which type, and which coefficient is what.
    units
        What the coefficients are in: the standard deviation of a change that is not explained, in steps, shape (J,).
    coefficients
        Shape (J, P).
    covariance_common, covariance_own
        Of what the outcomes share of each coefficient, and of each one's own, shape (P, P).
    noise
        Variance of the noise of the mean over the outcomes, and of a deviation from it.
    factors
        Whom insatser help more.
    targets
        How effects spread over the outcomes; None where there were too few outcomes or insatser to tell.
    lasting
        What insatser before an interval still give in it.
    """

    kinds: Kinds
    layout: Layout
    units: Array
    coefficients: Array
    covariance_common: Array
    covariance_own: Array
    noise: Array
    factors: Factors
    targets: Targets | None = None
    lasting: Lasting = NOTHING

    @classmethod
    def of(
        cls, kinds: Kinds, layout: Layout, units: Array, effects: Effects, factors: Factors, lasting: Lasting = NOTHING
    ) -> "Learned":
        """Put effects and factors together, the effects moved towards what insatser seem to aim at."""
        effects, targets = aim(effects, layout, kinds.is_anchor)
        noise, covariances = np.array(effects.noise()), _covariances(effects, layout)
        return cls(kinds, layout, units, effects.coefficients, *covariances, noise, factors, targets, lasting)

    def as_sure_as(self, effects: Effects) -> "Learned":
        """Keep what was learned, with the uncertainty of other effects of the same layout."""
        common, own = _covariances(effects, self.layout)
        return replace(self, covariance_common=common, covariance_own=own)

    def without_doubt_about_gap(self) -> "Learned":
        """Where no gap was looked for there is none, and no doubt about it."""
        covariances = [self.covariance_common.copy(), self.covariance_own.copy()]
        for covariance in covariances:
            covariance[self.layout.gap], covariance[:, self.layout.gap] = 0.0, 0.0
        return replace(self, covariance_common=covariances[0], covariance_own=covariances[1])

    def gap(self) -> Array:
        """Give the expected steps that an interval with any insats at all spares, against a gap: shape (J,)."""
        gap: Array = self.coefficients[:, self.layout.gap][:, 0] * self.units
        return gap

    def bases(self) -> tuple[Array, Array]:
        """Give effects with factors of 1 in units, alone and on top of as much again beside the anchor type: (K, J)."""
        alone, beside = self.coefficients[:, self.layout.alone], self.coefficients[:, self.layout.beside]
        member = self.layout.membership
        return member @ alone.T, member @ beside.T

    def slopes(self) -> Array:
        """Give what a standard deviation of a modifier adds, in units: shape (J, T, q), 0 where there are no slopes."""
        n_types, n_modifiers = self.layout.n_types, self.factors.slopes.shape[1]
        if not self.layout.n_modifiers:
            return np.zeros((len(self.coefficients), n_types, n_modifiers))
        return self.coefficients[:, self.layout.slope].reshape(-1, n_types, n_modifiers)

    def alone_and_interplay(self, modifiers: Array, levels: Array) -> tuple[Array, Array]:
        """Give steps at dose 1 alone, gap not counted, and what is added beside the anchor type: shapes (n, K, J).

        Parameters
        ----------
        modifiers, levels
            Standardised, shapes (n, q) and (n, J).
        """
        factor = self.factors.on(modifiers, levels, self.kinds.type_of) * self.units
        base, extra = self.bases()
        slopes = np.einsum("nq,jtq->ntj", modifiers, self.slopes())[:, self.kinds.type_of] * self.units
        interplay = np.where(self.kinds.is_anchor[:, None], 0.0, base + extra)
        return base * factor + slopes, interplay * factor

    def at_stake(self, amounts: Array) -> Array:
        """Give the steps that amounts are expected to give with factors of 1: shape (n, K, J), in units."""
        doses, beside, *_ = self.kinds.parted(amounts)
        base, extra = self.bases()
        steps: Array = (doses + beside)[:, :, None] * base + beside[:, :, None] * extra
        return steps

    def in_all(self, amounts: Array) -> Array:
        """Give the steps that amounts, gap too, are expected to give with factors of 1: shape (n, J), in units."""
        covered = self.kinds.parted(amounts)[2]
        steps: Array = self.at_stake(amounts).sum(axis=1) + covered @ self.coefficients[:, self.layout.gap].T
        return steps

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file, kinds left out."""
        lower = np.tril_indices(self.layout.size)
        return {
            "units": self.units.tolist(),
            "coefficients": self.coefficients.tolist(),
            "covariance_common": self.covariance_common[lower].tolist(),
            "covariance_own": self.covariance_own[lower].tolist(),
            "noise": self.noise.tolist(),
            "factors": self.factors.plain(),
            "targets": self.targets.plain() if self.targets else None,
            "lasting": self.lasting.plain(),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any], kinds: Kinds, n_modifiers: int) -> "Learned":
        """Turn plain data back into what was learned."""
        has_slopes = len(data["coefficients"][0]) > kinds.layout().size
        layout = kinds.layout(n_modifiers if has_slopes else 0)
        return cls(
            kinds=kinds,
            layout=layout,
            units=np.array(data["units"]),
            coefficients=np.array(data["coefficients"]),
            covariance_common=_symmetric(data["covariance_common"], layout.size),
            covariance_own=_symmetric(data["covariance_own"], layout.size),
            noise=np.array(data["noise"]),
            factors=Factors.from_plain(data["factors"]),
            targets=Targets.from_plain(data["targets"]) if data["targets"] else None,
            lasting=Lasting.from_plain(data["lasting"]),
        )


def _covariances(effects: Effects, layout: Layout) -> tuple[Array, Array]:
    """Give those of what outcomes share and of each one's own; what no number of people mends is in the first."""
    common = effects.common.covariance[0].copy()
    common[layout.own, layout.own] += SYSTEMATIC**2 * np.eye(layout.n_insatser)
    common = _six_digits(common)
    own = effects.own.covariance[0] if effects.own is not None else np.zeros_like(common)
    return common, _six_digits(own)


def _symmetric(flat: Sequence[float], size: int) -> Array:
    matrix, lower = np.zeros((size, size)), np.tril_indices(size)
    matrix[lower] = flat
    matrix.T[lower] = flat
    return matrix


def _six_digits(matrix: Array) -> Array:
    """Round to six significant digits, so that the text file is small."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** np.where(matrix == 0, 0.0, 5.0 - np.floor(np.log10(np.abs(matrix))))
    rounded: Array = np.round(matrix * scale) / scale
    return rounded
