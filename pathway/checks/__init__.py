"""Whether expected gains deserve to be called effects: checks that need no truth, made at every training.

* `shown`: do clients held out show what is expected, beyond what the features foretell?
* `kinds`: does another method say the same of types of insatser?
* `nothing`: is anything found where there can be nothing?
* `robustness`: how strong an unmeasured cause would explain it all?

None of them can prove an effect; each can disprove one. `lines` words them for the card.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pathway.checks import kinds, nothing, robustness, shown
from pathway.checks.card import lines
from pathway.checks.robustness import Measured
from pathway.checks.rows import Rows, mean_of_known
from pathway.checks.shown import Fold, Shown, show
from pathway.effects import GainModel
from pathway.evaluation import Resampled

__all__ = ["Fold", "Rows", "Shown", "lines", "run", "show"]


def run(
    rows: Rows,
    folds: Sequence[Fold],
    held_out: Shown,
    model: GainModel,
    participations: pd.DataFrame,
    measurements: pd.DataFrame,
    fewest: int,
    seed: int,
) -> dict[str, Any]:
    """Make all checks; plain data.

    Parameters
    ----------
    rows
        All that `model` learned from.
    folds, held_out
        Models that had not seen some of the clients, and what these show (`show`).
    participations, measurements
        Tables of the register.
    fewest
        Clients that an insats must have had for the model to speak of it.
    """
    resampled = Resampled.of(rows.clients, seed)
    mean = mean_of_known(rows.episodes.changes.to_numpy())
    had = (rows.by_type(rows.doses) >= kinds.HAD).astype(float)
    measured = Measured.of(rows.X, model.encoding_, had, mean[:, None])
    parts = [(fold.train, fold.test) for fold in folds]
    return {
        "r_loss": shown.r_loss(held_out, rows, resampled),
        "calibration": shown.calibration(held_out, resampled),
        "kinds": kinds.compare(rows, model, parts, measured, seed),
        "found": nothing.looked(model, rows, fewest),
        "before": nothing.before(rows, model, participations, fewest),
        "respondents": nothing.respondents(rows, model, measurements, fewest),
        "shuffled": nothing.shuffled(rows, model, folds, fewest, seed),
        "robustness": robustness.of_insatser(model, rows, rows.n_clients() >= fewest),
    }
