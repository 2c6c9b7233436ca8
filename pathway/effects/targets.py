"""What insatser aim at: an insats may do much for a few outcomes and little for the rest, and then that shows.

`pathway.effects.shrinkage` believes effects to be normal about their type's, which is to say nothing of whether an
insats works on everything a little or on a few things much. Here the second is tried: effects at full strength are
either large or about nothing; how large, and how often by type and outcome, is learned. It matters for what an insats
gives in all. Good and bad times move all outcomes together and blur the mean over them, but not which of them stand
out; and if the rest are about nothing, those that stand out tell the sum. A few effects may be as large the other way,
so that harm is not taken for little.

All effects are inferred together (`pathway.effects.large_or_none`), since insatser that people had side by side are
told apart only as far as each is known. How surely effects are spread so rather than evenly is told by the evidence
for both, with BIC's penalty, and is the weight that it has. Uncertainty stays that of the even spread.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.large_or_none import Groups, infer
from pathway.effects.layout import FEWEST_OUTCOMES, Layout
from pathway.effects.outcomes import Effects
from pathway.effects.shrinkage import Moments, Posterior

Array = npt.NDArray[np.float64]
FEWEST_INSATSER = 5  # with fewer, how effects spread is anybody's guess
_LEAST = 1e-4  # variance of what all insatser do
_LEVEL = 0.06**2  # variance of what small effects are on average, beforehand: about nothing
_ALONE = (0.15, 0.9)  # share of full strength that insatser of other types than the anchor's give alone
_MORE_PARAMETERS = 4  # a mean, two variances, a share and that given alone, instead of a variance


@dataclass(frozen=True)
class Targets:
    """How effects at full strength spread, in units.

    Attributes
    ----------
    large, small
        Mean of effects on what insatser aim at, and on the rest.
    large_variance, small_variance
        Variances about these means.
    weight
        How surely they spread so, rather than evenly: 0 to 1.
    """

    large: float
    small: float
    large_variance: float
    small_variance: float
    weight: float = 0.0

    @classmethod
    def from_plain(cls, data: dict[str, float]) -> "Targets":
        """Turn plain data back."""
        return cls(**data)

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return asdict(self)


def aim(effects: Effects, layout: Layout, is_anchor: npt.NDArray[np.bool_]) -> tuple[Effects, Targets | None]:
    """Move effects towards what follows if each insats aims at a few outcomes, as surely as it does.

    Parameters
    ----------
    is_anchor
        Insatser whose strength is what they do alone, shape (K,). That of the others is what they do beside those.

    Returns
    -------
    effects, and how they spread; unchanged, and None, where there are too few outcomes or insatser to tell
    """
    if effects.own is None or len(effects.own.mean) < FEWEST_OUTCOMES or len(is_anchor) < FEWEST_INSATSER:
        return effects, None
    made_of, plainly = _made_of(effects, layout, is_anchor if is_anchor.any() else np.ones_like(is_anchor))
    of_mean = _Told.of(effects.common, layout, made_of, shared=made_of.sum(axis=1, keepdims=True))
    of_each = _Told.of(effects.own, layout, made_of, shared=made_of[:, :0])
    type_of = layout.membership[:, 1 : 1 + layout.n_types].argmax(axis=1)
    n_outcomes = len(of_each.towards)
    towards = of_each.towards - of_each.towards.mean(axis=0) + of_mean.towards / n_outcomes
    found = infer(of_mean.precision, of_each.precision, towards, Groups.at_first(plainly.T), type_of)

    odds = found.evidence - of_mean.evidence(1.0) - of_each.evidence(1 - 1 / n_outcomes)
    odds -= 0.5 * _MORE_PARAMETERS * np.log(towards.size)
    weight = float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))
    mean = found.expected.mean(axis=0)
    level = float(of_mean.rest_beside(mean[:, None])[0, 0])
    aimed = Effects(
        _moved(effects.common, of_mean.coefficients(mean[:, None]), weight),
        _moved(effects.own, of_each.coefficients((found.expected - mean).T), weight),
    )
    return aimed, Targets(found.groups.large + level, level, *found.groups.variances, weight)


def _made_of(effects: Effects, layout: Layout, anchor: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Give the coefficients that an effect at full strength comes to, (P, K), and effects in the even spread, (K, J).

    Insatser of other types give the same share of it alone, all of it beside an anchor; what they all give alone and
    beside, as the even spread has it, tells the share.
    """
    alone = layout.membership @ effects.coefficients[:, layout.alone].T
    beside = layout.membership @ effects.coefficients[:, layout.beside].T
    others = ~anchor
    at_full = np.where(others[:, None], 2 * alone + beside, alone)
    full = float(at_full[others].sum())
    share = np.ones(layout.n_insatser)
    share[others] = np.clip(alone[others].sum() / full, *_ALONE) if full > 0 else 0.5
    made_of = np.zeros((layout.size, layout.n_insatser))
    made_of[layout.own] = np.diag(share)
    made_of[layout.beside][-layout.n_insatser :] = np.diag(np.where(others, 1 - 2 * share, 0.0))
    return made_of, at_full


@dataclass(frozen=True)
class _Told:
    """What the data tell of effects F at full strength, by ``exp(F'towards - F'precision F / 2)``; the rest left open.

    The rest is what is learned beside effects: what small ones are on average, what is added beside an anchor on top of
    the share, gaps, late starts.

    Attributes
    ----------
    precision, towards
        Shapes (K, K) and (J, K), or (1, K) for the mean over outcomes.
    moments
        Of all coefficients, by units of the noise.
    made_of, rest
        Coefficients of an effect (P, K), and of the rest (P, R).
    prior, evenly
        Variances of the rest (R,), and of all coefficients in the even spread (P,), there with what all insatser do as
        large as it is: it is hardly shrunk, which evidence would take for a bad guess.
    """

    precision: Array
    towards: Array
    moments: Moments
    made_of: Array
    rest: Array
    prior: Array
    evenly: Array

    @classmethod
    def of(cls, posterior: Posterior, layout: Layout, made_of: Array, shared: Array) -> "_Told":
        """Take the data's part of a posterior; `shared` is what all effects have in common, shape (P, 1 or 0)."""
        seen, variances = posterior.moments, np.maximum(posterior.variances[layout.blocks.of], 1e-10)
        scaled = Moments(seen.gram / posterior.noise, seen.cross / posterior.noise, seen.square, seen.n)
        rest = np.hstack([shared, np.eye(layout.size)[:, layout.beside.start :]])
        prior = np.r_[np.full(shared.shape[1], _LEVEL), variances[layout.beside.start :]]
        of_effects, of_rest = scaled.spread(made_of), scaled.spread(rest)
        between = made_of.T @ scaled.gram[0] @ rest
        known = np.linalg.solve(of_rest.gram[0] + np.diag(1 / prior), between.T)
        return cls(
            precision=of_effects.gram[0] - between @ known,
            towards=of_effects.cross - of_rest.cross @ known,
            moments=scaled,
            made_of=made_of,
            rest=rest,
            prior=prior,
            evenly=np.r_[max(float((posterior.mean[:, 0] ** 2).mean()), _LEAST), variances[1:]],
        )

    def rest_beside(self, effects: Array) -> Array:
        """Give what is expected of the rest beside effects of shape (K, J or 1): shape (J or 1, R)."""
        gram = self.moments.gram[0]
        left = (self.moments.cross - (self.made_of @ effects).T @ gram) @ self.rest
        rest: Array = np.linalg.solve(self.rest.T @ gram @ self.rest + np.diag(1 / self.prior), left.T).T
        return rest

    def coefficients(self, effects: Array) -> Array:
        """Give all coefficients that go with effects of shape (K, J or 1): shape (J or 1, P)."""
        coefficients: Array = (self.made_of @ effects).T + self.rest_beside(effects) @ self.rest.T
        return coefficients

    def evidence(self, share: float) -> float:
        """Give the log evidence of the even spread beyond that of the rest alone.

        Parameters
        ----------
        share
            Of the outcomes, how many a deviation from their mean tells of.
        """
        return self._of(np.eye(len(self.evenly)), self.evenly, share) - self._of(self.rest, self.prior, share)

    def _of(self, columns: Array, prior: Array, share: float) -> float:
        seen, prior = self.moments.spread(columns), prior / share
        inner = np.eye(len(prior)) + prior[:, None] * seen.gram[0]
        explained = (seen.cross.T * np.linalg.solve(inner, prior[:, None] * seen.cross.T)).sum()
        return float(0.5 * explained - 0.5 * share * len(seen.cross) * np.linalg.slogdet(inner)[1])


def _moved(posterior: Posterior, coefficients: Array, weight: float) -> Posterior:
    return replace(posterior, mean=posterior.mean + weight * (coefficients - posterior.mean))
