"""A second voice for one insats that people had or had not: a smooth surface for each, and the difference between them.

With a single treatment and some hundred people there is data enough for a Gaussian process with and one without it;
how much the difference may bend is decided by the marginal likelihood. With many insatser at once there is not: then
`pathway.effects.GainModel` has its linear voice only. The surfaces keep the rows that they were fitted on, so a model
with a second voice cannot be written to a file.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

Array = npt.NDArray[np.float64]
MOST_ROWS = 2000  # a Gaussian process costs the cube of the rows
FEWEST_ROWS = 30  # on either side


def suits(doses: Array) -> bool:
    """Tell whether there is one insats that enough people, but not too many, had wholly or not at all; doses (n, K)."""
    if doses.shape[1] != 1 or len(doses) > MOST_ROWS:
        return False
    had = doses[:, 0] == 1
    return bool(np.all(had | (doses[:, 0] == 0)) and FEWEST_ROWS <= had.sum() <= len(had) - FEWEST_ROWS)


@dataclass(frozen=True)
class Surface:
    """The expected outcome over features, as a Gaussian process with one length for all of them.

    Attributes
    ----------
    process
        Fitted on standardised features and on the outcome in its own unit.
    """

    process: GaussianProcessRegressor

    @classmethod
    def fit(cls, values: Array, outcome: Array, like: "Surface | None" = None) -> "Surface":
        """Fit on features (n, p) and an outcome (n,), with the lengths of another surface where one is given."""
        if like is None:
            # lengths on the scale of distances between people, shorter ones only fit noise (and are slow: denormals)
            typical = float(np.sqrt(values.shape[1]))
            start = ConstantKernel(1.0) * RBF(typical, (0.3 * typical, 100 * typical)) + WhiteKernel(0.3)
            process = GaussianProcessRegressor(start, normalize_y=True)
        else:
            process = GaussianProcessRegressor(like.process.kernel_, optimizer=None, normalize_y=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound says: flat, or as noise
            return cls(process.fit(values, outcome))

    def at(self, values: Array) -> tuple[Array, Array]:
        """Give mean and standard deviation of the surface, without the noise of a single outcome; both (n,)."""
        mean, sd = self.process.predict(values, return_std=True)
        noise = self.process.kernel_.k2.noise_level * self.process._y_train_std**2
        return np.asarray(mean), np.sqrt(np.maximum(sd**2 - noise, 0.0))

    def shares(self, values: Array) -> tuple[float, Array]:
        """Split the surface into its value at the features' mean (0) and a part per feature, shape (n, p).

        The parts are exact Shapley values. The kernel is a product over the features; the Shapley values of a product
        are integrals of polynomials along the diagonal of its multilinear extension (Owen 1972), and Gauss-Legendre
        quadrature with half as many nodes as features is exact for them.
        """
        process = self.process
        rows, length = process.X_train_, process.kernel_.k1.k2.length_scale
        weights = process.alpha_ * process.kernel_.k1.k1.constant_value * process._y_train_std
        nodes, node_weights = np.polynomial.legendre.leggauss(values.shape[1] // 2 + 1)
        nodes, node_weights = (nodes + 1) / 2, node_weights / 2
        absent = np.exp(-0.5 * (rows / length) ** 2)  # (m, p)
        parts = np.zeros(values.shape)
        for number, row in enumerate(values):
            present = np.exp(-0.5 * ((rows - row) / length) ** 2)
            for node, node_weight in zip(nodes, node_weights, strict=True):
                mixed = node * present + (1 - node) * absent
                parts[number] += node_weight * (weights @ (mixed.prod(axis=1)[:, None] / mixed * (present - absent)))
        return float(process._y_train_mean + weights @ absent.prod(axis=1)), parts


@dataclass(frozen=True)
class Voice:
    """The second voice on one outcome.

    Attributes
    ----------
    without, having
        Surfaces of those who had the insats not, and of those who had it.
    weight
        Its share in what is expected, 0 to 1; the linear voice has the rest.
    """

    without: Surface
    having: Surface
    weight: float

    def gain(self, values: Array) -> tuple[Array, Array]:
        """Give the difference between the surfaces and its standard deviation; both (n,)."""
        (low, low_sd), (high, high_sd) = self.without.at(values), self.having.at(values)
        return high - low, np.hypot(low_sd, high_sd)

    def shares(self, values: Array) -> tuple[float, Array]:
        """Split the difference into its value at the features' mean and a part per feature, shape (n, p)."""
        (low, low_parts), (high, high_parts) = self.without.shares(values), self.having.shares(values)
        return high - low, high_parts - low_parts


def listen(
    values: Array,
    had: npt.NDArray[np.bool_],
    outcome: Array,
    folds: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]],
    dose_left: Array,
    left: Array,
    first_voice: Array,
) -> Voice:
    """Fit the second voice on one outcome, and weigh it by how well it foretells people held out.

    Parameters
    ----------
    values, had, outcome
        Features (n, p), who had the insats (n,), and the outcome (n,), known for all.
    dose_left, left
        Dose and outcome less what the features foretell, for people held out, shape (n,).
    first_voice
        Gain by the other voice, for people held out, shape (n,).

    Returns
    -------
    voice whose weight makes the squared error of `left` by dose times gain least (R-loss; Nie & Wager 2021)
    """
    without, having = Surface.fit(values[~had], outcome[~had]), Surface.fit(values[had], outcome[had])
    second = np.zeros(len(values))
    for train, test in folds:
        low = Surface.fit(values[train][~had[train]], outcome[train][~had[train]], like=without)
        high = Surface.fit(values[train][had[train]], outcome[train][had[train]], like=having)
        second[test] = high.at(values[test])[0] - low.at(values[test])[0]
    apart, missed = dose_left * (second - first_voice), left - dose_left * first_voice
    square = float(apart @ apart)
    weight = float(np.clip(apart @ missed / square, 0.0, 1.0)) if square > 0 else 0.0
    return Voice(without, having, weight)


def listen_to_all(
    values: Array,
    had: npt.NDArray[np.bool_],
    outcomes: Array,
    folds: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]],
    dose_left: Array,
    left: Array,
    first_voice: Array,
) -> tuple[Voice, ...]:
    """Fit the second voice on each outcome, as `listen`; outcomes and left (n, J), first voice (n, 1, J)."""
    return tuple(
        listen(values, had, outcomes[:, j], folds, dose_left, left[:, j], first_voice[:, 0, j])
        for j in range(outcomes.shape[1])
    )
