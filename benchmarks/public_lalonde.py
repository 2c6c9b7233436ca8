"""LaLonde: the effect of job training on the trained, from observation, against what the experiment found.

    .venv/bin/python -m benchmarks.public_lalonde --data FOLDER
    .venv/bin/python -m benchmarks.public_lalonde --data FOLDER --peers    # after `-m benchmarks.peers setup`

The 185 trained of the National Supported Work demonstration (Dehejia & Wahba 1999), beside four groups of people who
were never offered it. The truth is the difference of means within the experiment; it has a standard error of its own,
so errors of a few hundred dollars are no errors. Estimate: mean effect over the trained, on earnings of 1978 in
dollars; covariates age, education, black, hispanic, married, nodegree, earnings of 1974 and 1975 and whether there were
any, as in Dehejia & Wahba. The peers' LightGBM has the library's own settings (A) or those for small data (B).
"""

from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.peers import PeerError
from benchmarks.public_data import Answer, Problem, Source, arguments, markdown, of_peer, ours

CONTROLS = {"PSID-1": "psid_controls", "PSID-3": "psid_controls3", "CPS-1": "cps_controls", "CPS-3": "cps_controls3"}
SOURCE = Source(
    ("jobs_lalonde/nsw_dw.dta", *(f"jobs_lalonde/{name}.dta" for name in CONTROLS.values())),
    "0403a4d71cef8723e0577c643110b70342faaec8fee626c220232052f8237d68",
    "github.com/bradyneal/realcause, folder datasets",
)
COVARIATES = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75", "none74", "none75"]
PEERS = (
    "econml LinearDML", "econml R (NonParamDML)", "econml T", "econml X", "econml S", "econml DomainAdaptation",
    "econml CausalForestDML", "econml DR", "causalml X", "causalml R", "causalml DR",
)  # fmt: skip


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the experiment (``nsw_dw``) and the control groups."""
    return {Path(name).stem: pd.read_stata(content) for name, content in SOURCE.read(folder).items()}


def problem_of(trained: pd.DataFrame, controls: pd.DataFrame) -> Problem:
    """Put the trained beside a control group."""
    rows = pd.concat([trained, controls])
    rows = rows.assign(none74=rows["re74"] == 0, none75=rows["re75"] == 0)
    return Problem(
        X=rows[COVARIATES].to_numpy(float)[None],
        treated=rows["treat"].to_numpy(float)[None],
        Y=rows["re78"].to_numpy(float)[None],
        X_new=np.zeros((1, 0, len(COVARIATES))),
    )


def on_trained(problem: Problem, answer: Answer) -> float:
    """Give the mean effect over the trained, in dollars."""
    return float(answer.seen[0, problem.treated[0] == 1].mean())


def row(name: str, estimates: list[float], truth: float, seconds: list[float]) -> list[str]:
    """Write the estimates of one learner and their mean absolute error."""
    error = np.abs(np.array(estimates) - truth).mean()
    return [name, *(f"{estimate:,.0f}" for estimate in estimates), f"{error:,.0f}", f"{sum(seconds):.1f}"]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--peers", action="store_true", help="run the peers too")
    parser.add_argument("--random-states", type=int, nargs="+", default=[0], help="one row of GainModel for each")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds until a peer is given up")
    chosen = parser.parse_args()
    tables = read(chosen.data)
    experiment = tables["nsw_dw"]
    trained, randomised = experiment[experiment["treat"] == 1], experiment[experiment["treat"] == 0]
    truth = trained["re78"].mean() - randomised["re78"].mean()
    error = np.sqrt(sum(part["re78"].var() / len(part) for part in (trained, randomised)))
    problems = [problem_of(trained, tables[name]) for name in CONTROLS.values()]

    raw = [float(np.subtract(*(p.Y[p.treated == t].mean() for t in (1, 0)))) for p in problems]
    rows = [row("difference of means", raw, truth, [])]
    for state in chosen.random_states:
        with threadpool_limits(1):
            answers = [ours(problem, state) for problem in problems]
        estimates = [on_trained(*pair) for pair in zip(problems, answers, strict=True)]
        seconds = [float(answer.fit_seconds[0]) for answer in answers]
        rows.append(row(f"**GainModel**, random state {state}", estimates, truth, seconds))
    called = [(learner, base) for learner in PEERS for base in "AB"] + [("T ridge", "A")]
    for learner, base in called if chosen.peers else []:
        name = learner if learner == "T ridge" else f"{learner}, {base}"
        try:
            answers = [of_peer(problem, learner, base, chosen.timeout) for problem in problems]
        except PeerError as failure:
            rows.append([f"{name}: {failure}", *[""] * 6])
            continue
        estimates = [on_trained(*pair) for pair in zip(problems, answers, strict=True)]
        rows.append(row(name, estimates, truth, [float(answer.fit_seconds[0]) for answer in answers]))
    print(markdown(["learner", *CONTROLS, "mean abs. error, $", "fits, CPU s"], rows))
    print(f"\nThe experiment: $ {truth:,.0f} ± {error:,.0f} (standard error), {len(trained)} trained.")


if __name__ == "__main__":
    main()
