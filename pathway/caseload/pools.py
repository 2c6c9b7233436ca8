"""Pools of plans of many clients as arrays, and the places that they take: what the caseload shares out."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Matrix = Any  # a csr_array of floats; its stubs change between versions
NONE = -1  # stands where a client has no plan


@dataclass(frozen=True, eq=False)
class Pools:
    """For n clients P plans in all, and R kinds of places (an insats in a period).

    Attributes
    ----------
    first
        (n + 1,) where each client's plans begin among all plans; the last is P. A client may have no plan.
    value
        (P,) what a plan is worth, in steps of the client's heaviest indicator; above zero.
    uses
        (P, R) sparse: places that a plan takes, whole numbers.
    places
        (R,) places that there are.
    """

    first: Ints
    value: Array
    uses: Matrix
    places: Ints

    def __post_init__(self) -> None:
        n_plans = int(self.first[-1])
        if self.uses.shape != (n_plans, len(self.places)) or len(self.value) != n_plans:
            raise ValueError("first, value, uses and places do not belong together")
        if np.any(np.diff(self.first) < 0) or not np.all(np.isfinite(self.value)) or np.any(self.places < 0):
            raise ValueError("plans must be grouped by client, values finite and places not below zero")

    @property
    def n_clients(self) -> int:
        """Number of clients."""
        return len(self.first) - 1

    @cached_property
    def owner(self) -> Ints:
        """(P,) the client of each plan."""
        return np.repeat(np.arange(self.n_clients), np.diff(self.first))

    @cached_property
    def _grid(self) -> Ints | None:
        """(n, most) plans in rows, filled up with P; ``None`` where all clients have equally many."""
        sizes = np.diff(self.first)
        most = int(sizes.max(initial=0))
        if most and np.all(sizes == most):
            return None
        across = np.arange(max(most, 1))
        grid: Ints = np.where(across < sizes[:, None], self.first[:-1, None] + across, len(self.value))
        return grid

    def in_rows(self, worth: Array) -> Array:
        """Lay (P,) numbers out as (n, most plans of a client); minus infinity where there is no plan."""
        if self._grid is None:
            return worth.reshape(self.n_clients, -1)
        rows: Array = np.append(worth, -np.inf)[self._grid]
        return rows

    def best(self, worth: Array) -> tuple[Ints, Array]:
        """Find each client's plan of the highest worth, `NONE` where none is above zero, and that worth (or zero)."""
        rows = self.in_rows(worth)
        column = rows.argmax(axis=1)
        highest = rows[np.arange(self.n_clients), column]
        return np.where(highest > 0, self.first[:-1] + column, NONE), np.maximum(highest, 0.0)

    def regret(self, worth: Array) -> Array:
        """(n,) how much each client's highest worth is above the second highest, or above going without."""
        rows = self.in_rows(worth)
        if rows.shape[1] == 1:
            return np.maximum(rows[:, 0], 0.0)
        two = np.partition(rows, -2, axis=1)[:, -2:]
        lead: Array = np.maximum(two[:, 1], 0.0) - np.maximum(two[:, 0], 0.0)
        return lead

    def taken(self, choice: Ints) -> Ints:
        """(R,) places that the chosen plans take."""
        plans = choice[choice != NONE]
        starts = self.uses.indptr[plans].astype(np.int64)
        lengths = self.uses.indptr[plans + 1] - starts
        offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) if len(plans) else starts
        at = offsets + np.arange(len(offsets))
        counted = np.bincount(self.uses.indices[at], weights=self.uses.data[at], minlength=len(self.places))
        return np.rint(counted).astype(np.int64)

    def gains(self, choice: Ints) -> Array:
        """(n,) value of each client's chosen plan; zero without one."""
        return np.where(choice == NONE, 0.0, np.append(self.value, 0.0)[choice])

    def of(self, clients: Ints, places: Ints) -> "Pools":
        """Pools of some of the clients, for as many places as are said."""
        plans = self.plans_of(clients)
        first = np.concatenate([[0], np.cumsum(self.first[clients + 1] - self.first[clients])])
        return Pools(first, self.value[plans], self.uses[plans], places)

    def plans_of(self, clients: Ints) -> Ints:
        """Plans of some of the clients, in the clients' order."""
        sizes = self.first[clients + 1] - self.first[clients]
        ends = np.cumsum(sizes)
        plans: Ints = np.repeat(self.first[clients] - (ends - sizes), sizes) + np.arange(int(sizes.sum()))
        return plans

    def possible(self) -> "tuple[Pools, Ints]":
        """Leave out plans that need more places than there are at all, or that are worth nothing.

        Returns
        -------
        Pools, Ints
            What is left, and which plans (of those before) they are.
        """
        needed = self.uses.copy()
        needed.data = (needed.data > self.places[needed.indices]).astype(np.float64)
        kept = np.flatnonzero((needed @ np.ones(len(self.places)) == 0) & (self.value > 0))
        sizes = np.bincount(self.owner[kept], minlength=self.n_clients)
        first = np.concatenate([[0], np.cumsum(sizes)])
        return replace(self, first=first, value=self.value[kept], uses=self.uses[kept]), kept


def gather(values: list[list[float]], places_of: list[list[dict[int, int]]], places: Ints) -> Pools:
    """Make pools from lists: per client the values of the plans, and per plan how many of which place it takes."""
    first = np.concatenate([[0], np.cumsum([len(plans) for plans in values])]).astype(np.int64)
    rows = [taken for client in places_of for taken in client]
    indptr = np.concatenate([[0], np.cumsum([len(taken) for taken in rows])]).astype(np.int64)
    indices = np.array([at for taken in rows for at in taken], dtype=np.int64)
    amounts = np.array([n for taken in rows for n in taken.values()], dtype=np.float64)
    uses = csr_array((amounts, indices, indptr), shape=(len(rows), len(places)))
    return Pools(first, np.array([v for plans in values for v in plans], dtype=np.float64), uses, places)
