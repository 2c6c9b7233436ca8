"""Pennsylvania bonus experiment: six arms that hardly differ must shrink to one answer, and not to none.

    .venv/bin/python -m benchmarks.public_penn --data FOLDER

Unemployed people were drawn into six offers of a bonus for finding work soon, or into none. Outcome: logarithm of the
weeks on benefit, so less is better. The arms are six columns of doses, never two at once, without attributes. Beside
the gains of `GainModel` (mean over the people, mean ends of their 90 % intervals) stand the plain differences to those
without an offer, as the experiment allows; no peer here shrinks across arms.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.public_data import Source, arguments, markdown
from pathway.effects import GainModel

SOURCE = Source(
    ("penn_bonus/penn_jae.dat",),
    "bf209368d6103cd8e54b734d32e23e3c3d7475ebbdecfac83769d36be6c0e71a",
    "github.com/VC2015/DMLonGitHub, file penn_jae.dat",
)
COVARIATES = [
    "female", "black", "hispanic", "othrace", "dep", "q1", "q2", "q3", "q4", "q5", "q6", "recall", "agelt35", "agegt54",
    "durable", "nondurable", "lusd", "husd", "muld",
]  # fmt: skip


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Give covariates, doses (six columns of 0 and 1) and the outcome."""
    rows = pd.read_csv(next(iter(SOURCE.read(folder).values())), sep=r"\s+")
    doses = pd.get_dummies(rows["tg"], prefix="arm", prefix_sep=" ").drop(columns="arm 0").astype(float)
    return rows[COVARIATES].astype(float), doses, np.log(rows["inuidur1"])


def difference(outcome: pd.Series, with_it: pd.Series, without_it: pd.Series) -> tuple[float, float]:
    """Difference of means between two groups of rows, and its standard error."""
    groups = outcome[with_it], outcome[without_it]
    error = np.sqrt(sum(group.var() / len(group) for group in groups))
    return float(groups[0].mean() - groups[1].mean()), float(error)


def main() -> None:
    chosen = arguments(__doc__).parse_args()
    X, doses, outcome = read(chosen.data)
    with threadpool_limits(1):
        model = GainModel(random_state=0).fit(X, doses, outcome)
        gains, intervals = model.predict_gain(X)[:, :, 0], model.predict_interval(X)[:, :, 0].mean(axis=0)
    nobody = doses.sum(axis=1) == 0
    plain = [difference(outcome, doses[arm] == 1, nobody) for arm in doses]
    rows = [
        [arm, f"{int(doses[arm].sum()):,}", f"{plain[k][0]:.3f} ± {plain[k][1]:.3f}", f"{gains[:, k].mean():.3f}",
         f"{intervals[k, 0]:.3f} to {intervals[k, 1]:.3f}", f"{gains[:, k].std():.3f}"]
        for k, arm in enumerate(doses)
    ]  # fmt: skip
    together = difference(outcome, ~nobody, nobody)
    spread = np.std([one for one, _ in plain], ddof=1)
    rows.append(
        ["all six together", f"{int((~nobody).sum()):,}", f"{together[0]:.3f} ± {together[1]:.3f}",
         f"{gains.mean():.3f}", "", ""]
    )  # fmt: skip
    rows.append(["sd between arms", "", f"{spread:.4f}", f"{gains.mean(axis=0).std(ddof=1):.4f}", "", ""])
    print(
        markdown(["", "people", "difference ± SE", "GainModel", "mean 90 % interval", "sd of gain over people"], rows)
    )


if __name__ == "__main__":
    main()
