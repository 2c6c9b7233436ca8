"""What the gain model is given: arrays of any make, checked against each other before anything is learned."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


def frame_of(X: Any) -> pd.DataFrame:
    """Give plain arrays the column names 0, 1, …; a data frame keeps its own. Rows go by place.

    Raises
    ------
    ValueError
        There are no columns, or a plain array holds something else than numbers.
    """
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(numbers_of(X, "X"))
    if not frame.shape[1]:
        raise ValueError("X has no columns; where nothing is known of anybody, give one that is the same for all")
    return frame.rename(columns=str).set_axis(range(len(frame)))


def numbers_of(array: Any, name: str) -> Array:
    """Give numbers of any make as floats, NaN where they are missing; the error names the array, not what it holds."""
    try:
        if isinstance(array, pd.DataFrame | pd.Series):
            return array.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: must be numbers") from None


def deviations(level: float) -> float:
    """Give half the width of an interval of this level, in standard deviations."""
    from scipy.stats import norm

    if not 0 < level < 1:
        raise ValueError(f"level: must be between 0 and 1, not {level:g}")
    return float(norm.ppf(0.5 + level / 2))


def columns_of(array: Any, name: str) -> tuple[Array, tuple[str, ...]]:
    """Give an array as numbers, shape (n, m), and the names of its columns: 0, 1, … where it has none."""
    numbers = numbers_of(array, name)
    numbers = numbers[:, None] if numbers.ndim == 1 else numbers
    if numbers.ndim != 2 or not numbers.shape[1]:
        raise ValueError(f"{name}: has the shape {numbers.shape}, must have one row a row of X, and columns")
    names = array.columns if isinstance(array, pd.DataFrame) else range(numbers.shape[1])
    return numbers, tuple(str(name) for name in names)


def matrix(array: Any, name: str, shape: tuple[int, int]) -> Array:
    """Give amounts as numbers.

    Raises
    ------
    ValueError
        They have another shape, or are negative or not finite.
    """
    numbers = numbers_of(array, name)
    if numbers.shape != shape:
        raise ValueError(f"{name}: has the shape {numbers.shape}, must have {shape}")
    if not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f"{name}: must be finite and at least 0")
    return numbers


def check_rows(n: int, doses: Array, changes: Array) -> None:
    """Refuse doses (n, K) and changes (n, J) that have other rows than the features, or infinite values."""
    for name, array in (("A", doses), ("Y", changes)):
        if len(array) != n:
            raise ValueError(f"{name} has {len(array)} rows, X has {n}")
        if np.isinf(array).any():
            raise ValueError(f"{name}: infinite values; replace them or leave them missing")


def check_anybody(X: pd.DataFrame, one: bool = False) -> None:
    """Refuse nobody, and several where one person is asked about."""
    if one and len(X) != 1:
        raise ValueError(f"x has {len(X)} rows, must have one: draws are of one client")
    if not len(X):
        raise ValueError("X has no rows; there is nobody to take the mean over")


def clients(groups: Any, n: int) -> npt.NDArray[Any]:
    """Give the client of each row, shape (n,); each row its own by default."""
    ids = np.arange(n) if groups is None else np.asarray(groups)
    if ids.shape != (n,):
        raise ValueError(f"groups: has the shape {ids.shape}, must have {(n,)}")
    if (unknown := pd.isna(ids)).any():
        raise ValueError(f"groups, row {np.flatnonzero(unknown)[0]}: the client is missing")
    return ids


def in_order(insatser: pd.DataFrame | None, names: tuple[str, ...]) -> pd.DataFrame | None:
    """Put the rows of a table of insatser in the order of the doses, if both have the same names.

    Without names of their own, doses are in the order that the table's rows have, whatever numbers these bear.

    Raises
    ------
    ValueError
        It is no table.
    """
    unnamed = names == tuple(map(str, range(len(names))))
    if not isinstance(insatser, pd.DataFrame | None):
        raise ValueError("insatser: must be a pandas DataFrame of attributes, a row per insats")
    if insatser is None or unnamed or len(insatser) != len(names) or set(map(str, insatser.index)) != set(names):
        return insatser
    return insatser.set_axis(insatser.index.map(str)).loc[list(names)]


def check_levels(X: pd.DataFrame, levels: list[str], lifted: list[str]) -> None:
    """Refuse levels at the start that are no numbers, and what can only be known later."""
    for name in X.columns.intersection(levels):
        if not pd.api.types.is_numeric_dtype(X[name].dtype):
            raise ValueError(f"column {name}: is an outcome's level at the start, and must be numbers")
    for name in X.columns.intersection(lifted):
        raise ValueError(f"column {name}: says what was added since the level was rated; leave it out of training")


def check_lifted(X: pd.DataFrame, lifted: list[str]) -> None:
    """Refuse steps added that are no finite numbers."""
    for name in lifted:
        if not pd.api.types.is_numeric_dtype(X[name].dtype) or not np.isfinite(X[name].to_numpy(np.float64)).all():
            raise ValueError(f"column {name}: must be finite numbers, 0 where nothing was added")


def check_doses(doses: Array, insatser: tuple[str, ...]) -> None:
    """Refuse doses (n, K) that are unknown or negative, or where nobody had anything else than anybody."""
    for k, insats in enumerate(insatser):
        if np.isnan(doses[:, k]).any() or (doses[:, k] < 0).any():
            raise ValueError(f"A, insats {insats}: doses must be known and at least 0")
    if not doses.any():
        raise ValueError("A: nobody had any insats; there is nothing to learn an effect from")
    if (doses == doses[:1]).all():
        raise ValueError("A: all rows have the same doses; there is nobody to compare with")


def check_changes(changes: Array, outcomes: tuple[str, ...], largest: float | None) -> None:
    """Refuse changes (n, J) of an outcome that hardly anybody has, or that are larger than the scale is wide."""
    for j, outcome in enumerate(outcomes):
        if (~np.isnan(changes[:, j])).sum() < 2:
            raise ValueError(f"Y, outcome {outcome}: fewer than two rows are measured; leave the outcome out")
        if largest is not None and np.nanmax(np.abs(changes[:, j])) > largest:
            raise ValueError(f"Y, outcome {outcome}: a change is larger than {largest:g}, the width of the scale")


def row_weights(weights: Any, n: int) -> Array:
    """Give weights of the rows, shape (n,), with mean 1 over those that have any; the same for all by default."""
    numbers = np.ones(n) if weights is None else matrix(np.asarray(weights)[:, None], "weights", (n, 1))[:, 0]
    if not numbers.sum():
        raise ValueError("weights: all are 0; give some rows a weight")
    scaled: Array = numbers / numbers[numbers > 0].mean()  # a row without weight is nobody to be sure by
    return scaled


def chain(follows: Any, groups: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Give the row that each one follows on, -1 for none, shape (n,).

    Raises
    ------
    ValueError
        There are not n of them, or a row is not among these or another client's.
    """
    rows, n = np.asarray(follows), len(groups)
    if rows.shape != (n,) or not np.issubdtype(rows.dtype, np.integer) or (rows < -1).any() or (rows >= n).any():
        raise ValueError(f"follows: must be {n} numbers of rows, from 0 to {n - 1}, or -1 for none")
    if (other := (rows >= 0) & (groups[rows] != groups)).any():
        raise ValueError(f"follows, row {np.flatnonzero(other)[0]}: is another client's than the row before it")
    return rows.astype(np.intp)


def merged(groups: npt.NDArray[Any], frame: pd.DataFrame, doses: Array, changes: Array) -> npt.NDArray[np.intp]:
    """Give each client a number, and the same one where all rows, two or more, are the same in every cell.

    The same person under two ids would else be on both sides of a fold.
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    cells = pd.concat([frame, pd.DataFrame(doses), pd.DataFrame(changes)], axis=1, ignore_index=True)
    rows = pd.DataFrame({"client": numbers, "row": pd.util.hash_pandas_object(cells, index=False).to_numpy()})
    own = rows.sort_values(["client", "row"]).groupby("client")["row"].agg(tuple)
    first = {signature: client for client, signature in reversed(list(own.items())) if len(signature) > 1}
    clients = np.array([first.get(signature, client) for client, signature in own.items()], dtype=np.intp)
    return clients[numbers]
