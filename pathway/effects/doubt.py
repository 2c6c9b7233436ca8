"""How uncertain gains are: their variances one by one, the covariance of a whole plan, and joint draws."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pathway.effects.learned import Learned

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Doubt:
    """What is uncertain in what was learned; what is the same for everybody is worked out once.

    Modifiers and levels are standardised, shapes (n, q) and (n, J), or (q,) and (J,) where it is about one person.
    """

    learned: Learned

    def sd(self, modifiers: Array, levels: Array, unseen: float, gap: bool = True) -> Array:
        """Give the standard deviation of each gain alone, in steps, shape (n, K, J).

        Parameters
        ----------
        unseen
            Variance of the factors that no trait tells.
        gap
            Against a gap; else beside something that already fills it.
        """
        learned, shared = self.learned, self._shared
        type_of, factors = learned.kinds.type_of, learned.factors
        factor, base = factors.on(modifiers, levels, type_of), learned.bases()[0]
        slopes = modifiers[:, : learned.layout.n_modifiers]
        rest = np.column_stack([slopes, np.full(len(modifiers), float(gap))])
        variance = factor**2 * shared.bases[:, None] + 2 * factor * (rest @ shared.between.T)[:, :, None]
        variance += base**2 * ((modifiers**2 @ factors.own_variance.T)[:, :, None] + unseen)
        for kind, chance in enumerate(factors.variance):
            own = type_of == kind
            fixed = ((rest @ shared.rest[kind]) * rest).sum(axis=1)
            of_traits = ((modifiers @ chance[:-1, :-1]) * modifiers).sum(axis=1)[:, None]
            of_traits = of_traits + 2 * levels * (modifiers @ chance[:-1, -1])[:, None] + levels**2 * chance[-1, -1]
            variance[:, own] += fixed[:, None, None] + base[own] ** 2 * of_traits[:, None]
        sd: Array = np.sqrt(np.maximum(variance, 0.0)) * learned.units
        return sd

    def covariance(self, modifiers: Array, levels: Array, doses: Array, beside: Array, unseen: float) -> Array:
        """Give the covariance over outcomes, in steps, of all that one person has: doses (K,), beside (K,): (J, J).

        `unseen` is as in `sd`.
        """
        learned = self.learned
        layout, factors, by_type = learned.layout, learned.factors, learned.kinds.by_type
        factor = factors.on(modifiers[None], levels[None], learned.kinds.type_of)[0]  # (K, J)
        rows = np.zeros((len(levels), layout.size))
        member = layout.membership
        rows[:, layout.alone] = ((doses + beside)[:, None] * factor).T @ member
        rows[:, layout.beside] = (beside[:, None] * factor).T @ member
        rows[:, layout.slope] = ((doses @ by_type)[:, None] * modifiers[None, : layout.n_modifiers]).reshape(1, -1)
        covariance: Array = rows @ learned.covariance_common @ rows.T
        covariance += np.diag(np.einsum("jp,pq,jq->j", rows, learned.covariance_own, rows))

        base, extra = learned.bases()
        at_stake = (doses + beside)[:, None] * base + beside[:, None] * extra  # steps that the factors multiply
        traits = np.column_stack([np.tile(modifiers, (len(levels), 1)), levels])  # (J, q + 1)
        stake_by_type = by_type.T @ at_stake
        for kind, variance in enumerate(factors.variance):
            covariance += np.outer(stake_by_type[kind], stake_by_type[kind]) * (traits @ variance @ traits.T)
        of_insats = factors.own_variance @ modifiers**2 + unseen
        covariance += (at_stake * of_insats[:, None]).T @ at_stake
        covariance *= np.outer(learned.units, learned.units)
        return covariance

    def draw(self, modifiers: Array, levels: Array, n_draws: int, seed: int) -> Array:
        """Draw the gains of one person, gap not counted, in steps: shape (S, K, J)."""
        type_of = self.learned.kinds.type_of
        base, slopes, by_trait, unseen, room = self._world(n_draws, seed)
        factor = 1.0 + (unseen + by_trait @ modifiers)[:, :, None] + room[:, type_of, None] * levels[None, None]
        drawn: Array = base * factor + np.einsum("stqj,q->stj", slopes, modifiers[: slopes.shape[2]])[:, type_of]
        return drawn * self.learned.units

    def _world(self, n_draws: int, seed: int) -> tuple[Array, ...]:
        """Draw effects alone (S, K, J), slopes (S, T, q or 0, J), factors seen (S, K, q), not seen (S, K), room (S, T).

        They are the same for every client, so those that were asked for last are kept.
        """
        asked = (n_draws, seed)
        if asked not in self._drawn:
            self._drawn.clear()
            self._drawn[asked] = self._draw_world(n_draws, seed)
        return self._drawn[asked]

    @cached_property
    def _drawn(self) -> dict[tuple[int, int], tuple[Array, ...]]:
        return {}

    def _draw_world(self, n_draws: int, seed: int) -> tuple[Array, ...]:
        learned, rng = self.learned, np.random.default_rng(seed)
        layout, factors, n_outcomes = learned.layout, learned.factors, len(learned.units)
        shared = rng.standard_normal((n_draws, 1, layout.size)) @ _root(learned.covariance_common).T
        own = rng.standard_normal((n_draws, n_outcomes, layout.size)) @ _root(learned.covariance_own).T
        drawn = learned.coefficients[None] + shared + own  # (S, J, P)
        base = np.ascontiguousarray((drawn[..., layout.alone] @ layout.membership.T).transpose(0, 2, 1))
        slopes = drawn[..., layout.slope].reshape(n_draws, n_outcomes, layout.n_types, layout.n_modifiers)
        of_type = np.stack(
            [rng.standard_normal((n_draws, len(chance))) @ _root(chance).T for chance in factors.variance], axis=1
        )  # (S, T, q + 1)
        of_own = rng.standard_normal((n_draws, *factors.own_variance.shape)) * np.sqrt(factors.own_variance)
        unseen = rng.standard_normal((n_draws, layout.n_insatser)) * np.sqrt(factors.unseen)
        by_trait = factors.slopes + of_type[:, learned.kinds.type_of, :-1] + of_own
        return base, slopes.transpose(0, 2, 3, 1), by_trait, unseen, factors.room + of_type[..., -1]

    @cached_property
    def _shared(self) -> "_Shared":
        """What of the variances of gains alone is the same for everybody."""
        learned = self.learned
        layout, joint = learned.layout, learned.covariance_common + learned.covariance_own
        member, everyone = layout.membership, np.arange(layout.n_insatser)
        of_alone = member @ joint[layout.alone]
        of_slopes = of_alone[:, layout.slope].reshape(layout.n_insatser, layout.n_types, layout.n_modifiers)
        columns = np.arange(layout.slope.start, layout.slope.stop).reshape(layout.n_types, layout.n_modifiers)
        columns = np.hstack([columns, np.full((layout.n_types, 1), layout.gap.start)])
        return _Shared(
            bases=(of_alone[:, layout.alone] * member).sum(axis=1),
            between=np.hstack([of_slopes[everyone, learned.kinds.type_of], of_alone[:, layout.gap]]),
            rest=np.stack([joint[np.ix_(own, own)] for own in columns]),
        )


@dataclass(frozen=True)
class _Shared:
    """Covariances in units: of bases (K,), of these with slopes and gap (K, q + 1), of the latter (T, q + 1, q + 1)."""

    bases: Array
    between: Array
    rest: Array


def _root(covariance: Array) -> Array:
    """Give a matrix whose square is the covariance, also where rounding took it off positive definite."""
    values, vectors = np.linalg.eigh(covariance)
    root: Array = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
