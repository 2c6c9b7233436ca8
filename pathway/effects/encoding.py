"""Turns a table of features into the numbers that linear models need, the same way at training and at the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.effects.given import numbers_of

Array = npt.NDArray[np.float64]
_WINSOR = 3.0  # standard deviations: one odd value may not drag a linear effect along


@dataclass(frozen=True)
class Number:
    """A numeric column: centred, scaled, bent at its quartiles for controls; missing counts as the mean."""

    name: str
    mean: float
    sd: float
    knots: tuple[float, ...]
    may_be_missing: bool

    @classmethod
    def learn(cls, column: pd.Series) -> "Number":
        """Learn centre, scale and quartiles from a training column."""
        values = _finite(column)
        known = values[~np.isnan(values)]
        if len(known) == 0:
            return cls(str(column.name), 0.0, 0.0, (), True)
        mean, sd = float(known.mean()), float(known.std())
        if sd < 1e-12 * max(1.0, abs(mean)):
            sd = 0.0
        knots = tuple(sorted({float(q) for q in np.quantile(known, (0.25, 0.5, 0.75))})) if sd else ()
        return cls(str(column.name), mean, sd, knots, len(known) < len(values))

    def standardised(self, column: pd.Series) -> Array:
        """Centre, scale and winsorise, shape (n,); missing and constant columns give 0."""
        values = _finite(column)
        if not self.sd:
            return np.zeros(len(values))
        return np.nan_to_num(np.clip((values - self.mean) / self.sd, -_WINSOR, _WINSOR), nan=0.0)

    def controls(self, column: pd.Series) -> list[Array]:
        """Give the columns that let a linear model bend: the value, hinges at the quartiles, a flag for missing."""
        if not self.sd:
            return []
        z = self.standardised(column)
        hinges = [np.maximum(z - (knot - self.mean) / self.sd, 0.0) for knot in self.knots]
        missing = [column.isna().to_numpy(dtype=np.float64)] if self.may_be_missing else []
        return [z, *hinges, *missing]


@dataclass(frozen=True)
class Category:
    """A categorical column: one indicator per category seen in training; others and missing count as none of them."""

    name: str
    categories: tuple[str, ...]

    @classmethod
    def learn(cls, column: pd.Series) -> "Category":
        """Learn which categories there are."""
        return cls(str(column.name), tuple(sorted({_word(value) for value in column.dropna().unique()})))

    def controls(self, column: pd.Series) -> list[Array]:
        """Give one 0/1 column per category."""
        text = column.map(_word, na_action="ignore").astype("string")
        return [np.asarray((text == category).fillna(False), dtype=np.float64) for category in self.categories]

    def codes(self, column: pd.Series) -> Array:
        """Give the category's number, NaN where unknown, for trees."""
        number = {category: float(code) for code, category in enumerate(self.categories)}
        return np.asarray(column.map(_word, na_action="ignore").astype("string").map(number), dtype=np.float64)


def _word(category: Any) -> str:
    """Say a category; 1 and 1.0 are the same, since pandas turns one into the other where something is missing."""
    whole = isinstance(category, float) and category.is_integer()
    return str(int(category) if whole else category)


def _finite(column: pd.Series) -> Array:
    values = numbers_of(column, f"column {column.name}")
    if np.isinf(values).any():
        raise ValueError(f"column {column.name}: infinite values; replace them or leave them missing")
    return values


@dataclass(frozen=True)
class Encoding:
    """How each column of the feature table is read.

    Attributes
    ----------
    columns
        In the order of the training table.
    modifiers
        Names of the numeric columns that may change a gain.
    """

    columns: tuple[Number | Category, ...]
    modifiers: tuple[str, ...]

    @classmethod
    def learn(cls, X: pd.DataFrame, modifiers: tuple[str, ...] | None) -> "Encoding":
        """Learn from a training table; `modifiers` defaults to every numeric column.

        Raises
        ------
        ValueError
            A column is neither number nor categorical, stands twice, or a modifier is not a numeric column.
        """
        if not X.columns.is_unique:
            raise ValueError("the columns of X must have unique names")
        columns: list[Number | Category] = []
        for name in X.columns:
            if isinstance(X[name].dtype, pd.CategoricalDtype):
                columns.append(Category.learn(X[name]))
            elif pd.api.types.is_numeric_dtype(X[name].dtype):
                columns.append(Number.learn(X[name]))
            else:
                raise ValueError(f"column {name}: must be numbers or a pandas categorical, not {X[name].dtype}")
        numeric = [column.name for column in columns if isinstance(column, Number)]
        for name in modifiers or ():
            if name not in numeric:
                raise ValueError(f"modifier {name}: is not a numeric column of X")
        return cls(tuple(columns), tuple(numeric) if modifiers is None else tuple(modifiers))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in the order of the training table."""
        return tuple(column.name for column in self.columns)

    def aligned(self, X: pd.DataFrame, others: Sequence[str] = ()) -> pd.DataFrame:
        """Put the columns in the order of training, others last; raises `ValueError` naming one that is missing."""
        missing = [name for name in self.names if name not in X.columns]
        if missing:
            raise ValueError(f"X lacks the column {missing[0]} that the model was trained with")
        order = [*self.names, *others]
        return X if X.columns.tolist() == order else X[order]

    def controls(self, X: pd.DataFrame) -> Array:
        """Give the design of the nuisance models, shape (n, c)."""
        parts = [part for column in self.columns for part in column.controls(X[column.name])]
        return np.column_stack(parts) if parts else np.zeros((len(X), 0))

    def modifier_values(self, X: pd.DataFrame) -> Array:
        """Give the standardised modifiers, shape (n, q); 0 is the mean of the training table."""
        parts = [self.number(name).standardised(X[name]) for name in self.modifiers]
        return np.column_stack(parts) if parts else np.zeros((len(X), 0))

    def smooth_values(self, X: pd.DataFrame) -> Array:
        """Give standardised numbers and one 0/1 column per category, shape (n, s): for distances between people."""
        parts = [
            [column.standardised(X[column.name])] if isinstance(column, Number) else column.controls(X[column.name])
            for column in self.columns
        ]
        return np.column_stack([one for own in parts for one in own])

    @property
    def smooth_columns(self) -> npt.NDArray[np.intp]:
        """Number of the column that each of `smooth_values` is from, shape (s,)."""
        sizes = [1 if isinstance(column, Number) else len(column.categories) for column in self.columns]
        return np.repeat(np.arange(len(sizes)), sizes)

    def tree_values(self, X: pd.DataFrame) -> Array:
        """Give plain numbers for trees, shape (n, p): categories as codes, missing as NaN."""
        return np.column_stack(
            [
                column.codes(X[column.name]) if isinstance(column, Category) else _finite(X[column.name])
                for column in self.columns
            ]
        )

    def number(self, name: str) -> Number:
        """Give the numeric column of this name; `KeyError` if there is none."""
        for column in self.columns:
            if column.name == name and isinstance(column, Number):
                return column
        raise KeyError(name)

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return {"columns": [vars(column) for column in self.columns], "modifiers": list(self.modifiers)}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Encoding":
        """Turn plain data back into an encoding."""
        columns = [
            Category(raw["name"], tuple(raw["categories"]))
            if "categories" in raw
            else Number(raw["name"], raw["mean"], raw["sd"], tuple(raw["knots"]), raw["may_be_missing"])
            for raw in data["columns"]
        ]
        return cls(tuple(columns), tuple(data["modifiers"]))
