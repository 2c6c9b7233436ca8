"""Where each outcome's level is expected to stand: a rating is partly chance, and room for growth goes by what is not.

How much an insats can add depends on how far somebody is from the end of the scale. Of a rating that is unusually low
much is gone at the next one; learned from ratings themselves, effects would seem to shrink by far less per step than
they do (regression calibration: Carroll, Ruppert, Stefanski & Crainiceanu, Measurement Error in Nonlinear Models,
2006). What insatser have added since the rating is no chance, and counts in full.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects import ridge

Array = npt.NDArray[np.float64]
_LEAST = 0.2  # of the spread of levels: where less can be told of them, a step added is no more than so much of it


@dataclass(frozen=True)
class Standing:
    """The level expected after one interval without insatser, told by the own level at the start and other levels.

    Attributes
    ----------
    slopes
        Of the own level and of others, in standard deviations of the expected level for one of theirs, shape
        (J, 1 + l); zeros for an outcome without a level.
    spread
        Standard deviation of the expected level, or a least one, in steps, shape (J,).
    """

    slopes: Array
    spread: Array

    @classmethod
    def learn(cls, own: Array, others: Array, later: Array, given: Array, weights: Array) -> "Standing":
        """Learn it from what the levels were an interval later.

        Parameters
        ----------
        own, others
            Levels at the start, standardised, shapes (n, J) and (n, l); zeros for an outcome without a level.
        later
            Levels an interval later, in steps, NaN where not measured, shape (n, J).
        given
            Doses of all insatser together, shape (n,): who was low may have gained more, which is not chance.
        weights
            Of the rows, shape (n,).
        """
        slopes, spread = np.zeros((own.shape[1], 1 + others.shape[1])), np.ones(own.shape[1])
        for j in np.flatnonzero(own.any(axis=0)):
            columns = np.column_stack([own[:, j], others])
            by_dose = np.column_stack([columns, given, own[:, j] * given])
            found = ridge.fit(by_dose, later[:, [j]], weights)[0][: columns.shape[1], 0]
            least = _LEAST * float(np.nanstd(later[:, j]))
            if least > 0:
                spread[j] = max(float((columns @ found).std()), least)
                slopes[j] = found / spread[j]
        return cls(slopes, spread)

    def at(self, own: Array, others: Array, lifted: Array) -> Array:
        """Give expected levels in their standard deviations from the mean, steps lifted (n, J) on top: shape (n, J)."""
        expected: Array = own * self.slopes[:, 0] + others @ self.slopes[:, 1:].T + lifted / self.spread
        return expected

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return {name: value.tolist() for name, value in vars(self).items()}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Standing":
        """Turn plain data back."""
        return cls(**{name: np.array(value) for name, value in data.items()})
