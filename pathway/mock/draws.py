"""Random draws that come out the same, to the last bit, on every supported Python and NumPy.

A draw that decides something (who leaves, which insats) must not hang on the last bit of a library function. So the
simulator adds, subtracts, multiplies, divides and takes square roots, which are exact everywhere, and nothing else: no
``exp``, ``log``, ``power``, no matrix products (their order of summation depends on the processor), and of the
generator only ``random``, ``standard_normal``, ``integers`` and ``permutation``. Sums run in one fixed order.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EFFECTS, PEOPLE, HABITS, HISTORY, ANSWERS, OUTCOMES = range(6)  # one independent stream each


def stream(seed: int, *name: int) -> np.random.Generator:
    """Open the stream of random numbers with this name; streams with different names are independent."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *name])))


def pick(u: Floats, weights: Floats) -> Ints:
    """Choose one column per row.

    Parameters
    ----------
    u
        Uniform on [0, 1), shape (n,).
    weights
        Weights ≥ 0 with a positive sum, shape (C,) for all rows or (n, C).

    Returns
    -------
    Column numbers, shape (n,); a column of weight 0 is never chosen.
    """
    edges = np.cumsum(np.broadcast_to(weights, (len(u), weights.shape[-1])), axis=1)
    total = edges[:, -1]
    point = np.minimum(u * total, np.nextafter(total, 0.0))
    chosen: Ints = (edges <= point[:, None]).sum(axis=1, dtype=np.int64)
    return chosen


def pick_named(u: Floats, weights: Mapping[str, float]) -> npt.NDArray[np.object_]:
    """Choose one key per row, by weight."""
    names = np.array(list(weights), dtype=object)
    chosen: npt.NDArray[np.object_] = names[pick(u, np.array(list(weights.values()), dtype=np.float64))]
    return chosen


def mean_of_columns(table: Floats) -> Floats:
    """Mean over the columns, added from left to right."""
    total = table[:, 0].copy()
    for column in range(1, table.shape[1]):
        total += table[:, column]
    mean: Floats = total / table.shape[1]
    return mean


def root(x: float) -> float:
    """Take the square root, which IEEE 754 rounds the same everywhere."""
    return float(np.sqrt(x))
