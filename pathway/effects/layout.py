"""Which coefficient is what: amounts of insatser, and the blocks that they are spread over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Term:
    """An amount of one insats.

    Attributes
    ----------
    insats
        Column number of the insats, from 0.
    dose
        Intervals at typical intensity.
    beside
        The part of `dose` that is given beside a job-oriented insats.
    """

    insats: int
    dose: float
    beside: float = 0.0


@dataclass(frozen=True)
class Layout:
    """Where each block of coefficients lies, for T types, K insatser and q modifiers."""

    n_types: int
    n_insatser: int
    n_modifiers: int

    @property
    def type(self) -> slice:
        """Effect of each type (T)."""
        return slice(0, self.n_types)

    @property
    def own(self) -> slice:
        """Deviation of each insats from its type (K)."""
        return slice(self.type.stop, self.type.stop + self.n_insatser)

    @property
    def slope(self) -> slice:
        """Type by modifier, type first (T times q)."""
        return slice(self.own.stop, self.own.stop + self.n_types * self.n_modifiers)

    @property
    def headroom(self) -> slice:
        """Type by the outcome's own level (T)."""
        return slice(self.slope.stop, self.slope.stop + self.n_types)

    @property
    def interplay(self) -> slice:
        """What each type gains beside a job-oriented insats (T)."""
        return slice(self.headroom.stop, self.headroom.stop + self.n_types)

    @property
    def own_interplay(self) -> slice:
        """Deviation of each insats from what its type gains beside a job-oriented one (K)."""
        return slice(self.interplay.stop, self.interplay.stop + self.n_insatser)

    @property
    def gap(self) -> slice:
        """What time with any insats spares, against a gap (1)."""
        return slice(self.own_interplay.stop, self.own_interplay.stop + 1)

    @property
    def blocks(self) -> npt.NDArray[np.intp]:
        """Block number of each coefficient, shape (P,)."""
        parts = (self.type, self.own, self.slope, self.headroom, self.interplay, self.own_interplay, self.gap)
        sizes = [part.stop - part.start for part in parts]
        present = [size for size in sizes if size]
        return np.repeat(np.arange(len(present)), present)
