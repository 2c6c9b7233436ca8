"""Judges recipes by clients held out, and never by those kept apart: how much of what they show gains take away."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pathway import apart
from pathway.checks.rows import Left, Rows
from pathway.training import Recipe, River

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_HELD_OUT = 1 / 3  # of the clients that may be looked at
_TREES = 1  # none are needed: they move no gain


class Looker:
    """The clients that may be looked at, parted into those that are learned from and those that judge.

    Parameters
    ----------
    river
        With its rows weighed (`River.weigh`).
    """

    def __init__(self, river: River, seed: int) -> None:
        clients = river.episodes.spans["client_id"].astype(str).to_numpy()
        known = np.array(sorted(set(clients)))
        seen = known[~apart.kept(known)]
        judging = np.random.default_rng(seed).permutation(seen)[: max(int(len(seen) * _HELD_OUT), 1)]
        self.river, self.seed, self.n_clients = river, seed, len(seen)
        self.digest = apart.learnt_with(known)
        self.test: Ints = np.flatnonzero(np.isin(clients, judging))
        self.train: Ints = np.flatnonzero(np.isin(clients, seen) & ~np.isin(clients, judging))
        self.clients = clients[self.test]
        self.rows: Rows = river.rows()
        encoding = river.fit(self.train, seed, Recipe(n_trees=_TREES)).encoding_
        self.left = Left.of(self.rows, encoding, [(self.train, self.test)]).at(self.test)
        self.unexplained: Array = np.nansum(self.left.changes**2, axis=1)

    def loss(self, recipe: Recipe, train: Ints | None = None) -> Array:
        """Give the squared change that gains leave of each row that judges, summed over indicators.

        Parameters
        ----------
        train
            Some of the rows that are learned from; all by default.
        """
        known = self.train if train is None else train
        model = self.river.fit(known, self.seed, replace(recipe, n_trees=_TREES))
        expected = self.left.expected(model, self.rows, self.test).in_all
        loss: Array = np.nansum((self.left.changes - expected) ** 2, axis=1)
        return loss

    def some(self, share: float, seed: int) -> Ints:
        """Draw the rows of a share of the clients that are learned from."""
        clients = self.river.episodes.spans["client_id"].astype(str).to_numpy()
        known = np.array(sorted(set(clients[self.train])))
        drawn = np.random.default_rng(seed).permutation(known)[: round(share * len(known))]
        return self.train[np.isin(clients[self.train], drawn)]
