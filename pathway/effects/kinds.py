"""Which insatser are of which type and group, and the amounts of them that a person had."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.effects import lasting
from pathway.effects.given import matrix
from pathway.effects.layout import Layout

Array = npt.NDArray[np.float64]
_ONE_TYPE = "insats"  # the type of all insatser where no table of attributes says otherwise


@dataclass(frozen=True)
class Kinds:
    """Types and groups of K insatser.

    Attributes
    ----------
    types, groups
        Names; groups that have more than one insats only.
    type_of, group_of
        Number of each insats' type, and of its group or -1, shape (K,).
    anchor_type
        The type beside which the others may gain more.
    """

    types: tuple[str, ...]
    type_of: npt.NDArray[np.intp]
    groups: tuple[str, ...]
    group_of: npt.NDArray[np.intp]
    anchor_type: str

    @classmethod
    def of(cls, insatser: pd.DataFrame | None, n_insatser: int, anchor_type: str) -> "Kinds":
        """Give numbers to types and groups in a table of insatser, `n_insatser` rows; one type where there is none."""
        if insatser is not None and len(insatser) != n_insatser:
            raise ValueError(f"insatser has {len(insatser)} rows, A has {n_insatser} columns")
        given = pd.DataFrame(index=range(n_insatser)) if insatser is None else insatser
        type_names = [str(name) for name in given["type"]] if "type" in given else [_ONE_TYPE] * n_insatser
        group_names = list(given["group"]) if "group" in given else [None] * n_insatser
        named = pd.Series(group_names, dtype=object).dropna().astype(str)
        types = tuple(sorted(set(type_names)))
        counts = named.value_counts()
        groups = tuple(sorted(counts.index[counts > 1]))
        numbers = {name: number for number, name in enumerate(groups)}
        return cls(
            types=types,
            type_of=np.array([types.index(name) for name in type_names], dtype=np.intp),
            groups=groups,
            group_of=np.array([numbers.get(str(name), -1) for name in group_names], dtype=np.intp),
            anchor_type=anchor_type,
        )

    @property
    def n_insatser(self) -> int:
        """K."""
        return len(self.type_of)

    @property
    def by_type(self) -> Array:
        """Which type each insats is of, 0 or 1, shape (K, T)."""
        return np.eye(len(self.types))[self.type_of]

    @property
    def is_anchor(self) -> npt.NDArray[np.bool_]:
        """Which insatser are of the anchor type, shape (K,)."""
        return np.array([self.types[kind] == self.anchor_type for kind in self.type_of], dtype=np.bool_)

    def layout(self, n_slopes: int = 0) -> Layout:
        """Lay out the coefficients of these insatser, with slopes on so many modifiers."""
        return Layout.of(self.type_of, len(self.types), self.group_of, len(self.groups), n_slopes)

    def amounts(self, doses: Array, beside: Any, covered: Any, late: Any) -> Array:
        """Put all amounts side by side, shape (n, 2 K + 1 + T), filling in what is not given.

        Columns: doses and doses beside by insats, time covered, time that had passed by type.
        """
        shape = doses.shape
        given_beside = self._spread_evenly(doses) if beside is None else matrix(beside, "beside", shape)
        time = np.zeros(shape[0]) if covered is None else np.asarray(covered, dtype=np.float64)
        passed = np.zeros(shape) if late is None else matrix(late, "late", shape)
        covering = matrix(time[:, None], "covered", (shape[0], 1))
        return np.hstack([doses, given_beside, covering, passed @ self.by_type])

    def over_time(self, amounts: Array, follows: npt.NDArray[np.intp] | None) -> Array:
        """Put beside amounts those of earlier intervals, if known (`lasting.with_earlier`): shape (1 or 3, n, …).

        Time that had passed when something began is no amount of anything, and does not last.
        """
        if follows is None:
            return amounts[None]
        all_of_them = lasting.with_earlier(amounts, follows)
        all_of_them[1:, :, 2 * self.n_insatser + 1 :] = 0.0
        return all_of_them

    def parted(self, amounts: Array) -> list[Array]:
        """Part amounts into doses (…, K), doses beside (…, K), time covered (…, 1) and late by type (…, T)."""
        return np.split(amounts, [self.n_insatser, 2 * self.n_insatser, 2 * self.n_insatser + 1], axis=-1)

    def _spread_evenly(self, doses: Array) -> Array:
        anchored = np.minimum(doses[:, self.is_anchor].sum(axis=1), 1.0)
        return np.where(self.is_anchor[None, :], 0.0, doses * anchored[:, None])

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return {
            "types": list(self.types),
            "type_of": self.type_of.tolist(),
            "groups": list(self.groups),
            "group_of": self.group_of.tolist(),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any], anchor_type: str) -> "Kinds":
        """Turn plain data back into kinds."""
        return cls(
            types=tuple(data["types"]),
            type_of=np.array(data["type_of"], dtype=np.intp),
            groups=tuple(data["groups"]),
            group_of=np.array(data["group_of"], dtype=np.intp),
            anchor_type=anchor_type,
        )
