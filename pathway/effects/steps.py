"""Traits that count by being above some value, not by how much."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)  # of people below a value that is tried
_FEWEST = 0.1  # share of people on either side


@dataclass(frozen=True)
class Steps:
    """Which traits count in steps, and how these are standardised; shapes (q,).

    Attributes
    ----------
    above
        Value of the standardised trait that the step is at, NaN where the trait counts by how much.
    mean, sd
        Of being above it.
    """

    above: Array
    mean: Array
    sd: Array

    @classmethod
    def none(cls, n_traits: int) -> "Steps":
        """Let all traits count by how much."""
        return cls(np.full(n_traits, np.nan), np.zeros(n_traits), np.ones(n_traits))

    def tried(self, trait: int, values: Array) -> "list[Steps]":
        """Give what may be tried with one trait, given its standardised values of everybody, shape (n,)."""
        found = []
        for above in np.unique(np.quantile(values, _SHARES)):
            share = float((values > above).mean())
            if _FEWEST <= share <= 1 - _FEWEST:
                at, sd = np.arange(len(self.above)) == trait, np.sqrt(share * (1 - share))
                found.append(
                    Steps(np.where(at, above, self.above), np.where(at, share, self.mean), np.where(at, sd, self.sd))
                )
        return found

    def on(self, modifiers: Array) -> Array:
        """Turn those traits of standardised modifiers (…, q) into standardised steps; one not known is at its mean."""
        stepped: Array = np.where(np.isnan(self.above), modifiers, ((modifiers > self.above) - self.mean) / self.sd)
        return stepped

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return {
            "above": [None if np.isnan(one) else one for one in self.above.tolist()],
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Steps":
        """Turn plain data back."""
        return cls(*(np.array(data[name], dtype=np.float64) for name in ("above", "mean", "sd")))
