"""IHDP, surface A: error of the effect per child against the known truth, `GainModel` beside other people's learners.

    .venv/bin/python -m benchmarks.public_ihdp --data FOLDER
    .venv/bin/python -m benchmarks.public_ihdp --data FOLDER --peers       # after `-m benchmarks.peers setup`

Real children and covariates, simulated outcomes (Hill 2011), 747 rows, 139 treated, 50 realisations. Realisation i is
split by ``numpy.random.RandomState(1000 + i).permutation(747)``: 672 rows to fit, the last 75 held out. Everybody gets
the 25 covariates as plain numbers and default settings; the peers' LightGBM is the setting for small data (B in
`benchmarks.peer_methods`).

The mean is ruled by few realisations with effects that differ much: read the median and the error relative to the
true standard deviation of the effects too. The last column is paired over the realisations.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.peers import PeerError
from benchmarks.public_data import Answer, Array, Problem, Source, arguments, markdown, of_peer, ours

SOURCE = Source(
    tuple(f"ihdp/ihdp_npci_{number}.csv" for number in range(1, 51)),
    "5152eee8b69c4894253ebe8918dadae21ed4b1d71242dfab05a896c76ba09c97",
    "github.com/claudiashi57/dragonnet, folder dat/ihdp/csv",
)
COLUMNS = ["treatment", "y_factual", "y_cfactual", "mu0", "mu1", *(f"x{number}" for number in range(1, 26))]
COVARIATES = COLUMNS[5:]
N_FIT = 672
PEERS = (
    "econml T", "econml DomainAdaptation", "econml X", "econml S", "econml R (NonParamDML)", "econml LinearDML",
    "econml DR", "econml CausalForestDML", "causalml T", "causalml X", "causalml S", "causalml R", "causalml DR",
    "T ridge", "T Gaussian process",
)  # fmt: skip
HEADER = (
    "learner", "√PEHE out", "median", "√PEHE in", "√PEHE / sd of effects", "error of mean effect", "fit, CPU s",
    "GainModel − it",
)  # fmt: skip


def read(folder: Path, realisations: int) -> tuple[Problem, Array, Array]:
    """Give the problem and the true effects on the rows to fit (R, 672) and on those held out (R, 75)."""
    contents = list(SOURCE.read(folder).values())[:realisations]
    train, test = [], []
    for number, content in enumerate(contents, start=1):
        rows = pd.read_csv(content, header=None, names=COLUMNS)
        shuffled = rows.iloc[np.random.RandomState(1000 + number).permutation(len(rows))]
        train.append(shuffled[:N_FIT])
        test.append(shuffled[N_FIT:])
    problem = Problem(
        X=np.array([rows[COVARIATES].to_numpy(float) for rows in train]),
        treated=np.array([rows["treatment"].to_numpy(float) for rows in train]),
        Y=np.array([rows["y_factual"].to_numpy(float) for rows in train]),
        X_new=np.array([rows[COVARIATES].to_numpy(float) for rows in test]),
    )
    seen, new = (np.array([(rows["mu1"] - rows["mu0"]).to_numpy() for rows in part]) for part in (train, test))
    return problem, seen, new


def pehe(estimated: Array, true: Array) -> Array:
    """Root mean squared error of the effects of each realisation, shape (R,)."""
    root: Array = np.sqrt(((estimated - true) ** 2).mean(axis=1))
    return root


def row(name: str, answer: Answer, seen: Array, new: Array, reference: Array) -> list[str]:
    """Score one learner; `reference` is what it is compared with, the PEHE of `GainModel` (R,)."""
    out = pehe(answer.new, new)
    of_mean = np.abs(answer.new.mean(axis=1) - new.mean(axis=1))
    return [
        name,
        mean_and_error(out),
        f"{np.median(out):.2f}",
        f"{pehe(answer.seen, seen).mean():.2f}",
        f"{(out / new.std(axis=1)).mean():.2f}",
        mean_and_error(of_mean),
        f"{np.median(answer.fit_seconds):.2f}",
        "" if np.array_equal(out, reference) else mean_and_error(reference - out),
    ]


def mean_and_error(values: Array) -> str:
    """Write a mean over the realisations and its standard error."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{values.mean():.2f} ± {error:.2f}"


def coverage(interval: Array, true: Array) -> float:
    """Share of the true effects (R, m) that their intervals (R, m, 2) hold."""
    return float(((interval[..., 0] <= true) & (true <= interval[..., 1])).mean())


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--peers", action="store_true", help="run the peers too")
    parser.add_argument("--realisations", type=int, default=len(SOURCE.names))
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds until a peer is given up")
    chosen = parser.parse_args()
    problem, seen, new = read(chosen.data, chosen.realisations)
    with threadpool_limits(1):
        own = ours(problem)
    reference = pehe(own.new, new)
    rows = [row("**GainModel**", own, seen, new, reference)]
    for learner in PEERS if chosen.peers else ():
        try:
            rows.append(row(learner, of_peer(problem, learner, "B", chosen.timeout), seen, new, reference))
        except PeerError as error:
            rows.append([f"{learner}: {error}", *[""] * (len(HEADER) - 1)])
    print(markdown(HEADER, rows))
    print(f"\n{len(new)} realisations; mean ± standard error over them.")
    assert own.interval is not None
    print(f"The 90 % intervals of GainModel hold {coverage(own.interval, new):.0%} of the held-out effects.")


if __name__ == "__main__":
    main()
