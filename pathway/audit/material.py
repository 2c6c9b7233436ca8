"""What an audit looks at, made once: episodes of people whom each judging model has not seen, and everybody's present.

The model of the folder has seen most of the register. To judge what it says of people it has not seen, its recipe (the
same class with the same parameters) is learned anew without a third of the clients at a time, as at training. Register
rows that came after the training are judged by the model of the folder itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold

from pathway import checks, episodes, evaluation, features, subgroups
from pathway.checks import Fold, Rows
from pathway.checks.shown import Shown
from pathway.episodes import LONGEST_DAYS, SHORTEST_DAYS, Insatser, answered
from pathway.errors import Mismatch, TooLittleData
from pathway.evaluation import MODEL
from pathway.instrument import Instrument
from pathway.modelfolder import Model
from pathway.register import Tables

Array = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]
FEWEST_CLIENTS = 50  # with two measurements, below which nothing is judged
MOST_CLIENTS = 3_000  # judged; more are drawn by chance, so that a large register takes no longer
_FOLDS = 3
_AT_A_TIME = 2_000


@dataclass(frozen=True)
class Judged:
    """Episodes of clients, each judged by a model that has not seen the client.

    Attributes
    ----------
    rows
        The episodes, n rows.
    folds
        Models and who they learned from.
    predicted
        By method: change, shape (n, J).
    inside
        Whether the observed level lay in the 90 % interval, as wide as the folder's model makes it; NaN where not
        measured, shape (n, J).
    shown
        What is left of gains and changes (`pathway.checks.show`).
    n_drawn_from
        Clients that these were drawn from.
    """

    rows: Rows
    folds: tuple[Fold, ...]
    predicted: dict[str, Array]
    inside: Array
    shown: Shown
    n_drawn_from: int

    @property
    def observed(self) -> Array:
        """Change, NaN where not measured, shape (n, J)."""
        return self.rows.episodes.changes.to_numpy()

    @property
    def missed(self) -> Array:
        """Observed less predicted change, shape (n, J)."""
        return self.observed - self.predicted[MODEL]


@dataclass(frozen=True)
class Material:
    """Tables of a register and a model, and what is worked out of them when first asked for."""

    tables: Tables
    model: Model
    register_version: str
    seed: int
    most_clients: int
    tell: Progress

    @property
    def instrument(self) -> Instrument:
        """The model's."""
        return self.model.instrument

    @property
    def insatser(self) -> Insatser:
        """The model's."""
        return self.model.insatser

    @property
    def same_register(self) -> bool:
        """Whether the model was trained on just these rows."""
        return self.register_version == self.model.training.register_version

    @cached_property
    def last_day(self) -> pd.Timestamp:
        """The last day that anything was measured."""
        return pd.Timestamp(self.tables.measurements["measured_on"].max())

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Group of each client along every dimension, indexed by client."""
        return subgroups.of_clients(self.tables.clients, self.last_day.year)

    @cached_property
    def dates(self) -> pd.DataFrame:
        """Days of measurement with an answer, one row a client and day, sorted."""
        rows = answered(self.tables.measurements)[["client_id", "measured_on"]].drop_duplicates()
        return rows.sort_values(["client_id", "measured_on"]).reset_index(drop=True)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Days of measurement that an episode lies between: columns ``client_id`` and ``ended_on``."""
        dates = self.dates.assign(ended_on=self.dates.groupby("client_id")["measured_on"].shift(-1))
        days = (dates["ended_on"] - dates["measured_on"]).dt.days
        return dates.loc[days.between(SHORTEST_DAYS, LONGEST_DAYS), ["client_id", "ended_on"]]

    @cached_property
    def present(self) -> pd.DataFrame:
        """Features of every client at the last measurement, with the columns ``client_id`` and ``as_of`` before."""
        return self._features(self.dates.groupby("client_id", sort=False).tail(1))

    @cached_property
    def arrivals(self) -> pd.DataFrame:
        """Features of every client at the first measurement, as `present`."""
        return self._features(self.dates.groupby("client_id", sort=False).head(1))

    @cached_property
    def doses(self) -> Array:
        """Dose that people like each present client were expected to have, shape (m, K)."""
        return np.asarray(self.model.gains.predict_dose(self.present), dtype=np.float64)

    @cached_property
    def spoken(self) -> npt.NDArray[np.bool_]:
        """Which insatser the model may speak of to each present client, shape (m, K) (`pathway.overlap.judge`)."""
        support, names = self.model.support, self.model.gains.insatser_
        enough = np.array([support.n_clients[name] >= support.fewest_clients for name in names])
        least = np.array([support.least_expected_dose[name] for name in names])
        listed = np.array([name in self.insatser.types for name in names])
        may: npt.NDArray[np.bool_] = enough & listed & (self.doses >= least)
        return may

    def gains_at_present(self, value: Callable[[Array, slice], Array]) -> Array:
        """Gather `value` of the gains (m, K, J) of present clients, a part of them at a time."""
        X, parts = self.present, []
        for start in range(0, len(X), _AT_A_TIME):
            part = slice(start, start + _AT_A_TIME)
            parts.append(value(self.model.gains.predict_added(X.iloc[part]), part))
        return np.concatenate(parts)

    @cached_property
    def drawn(self) -> Rows:
        """Episodes of clients that are judged, all of them or as many as `most_clients`, drawn by chance."""
        clients = np.unique(self.pairs["client_id"].to_numpy(dtype=str))
        if len(clients) < FEWEST_CLIENTS:
            raise TooLittleData(
                f"the register has fewer than {FEWEST_CLIENTS} clients with two measurements; import more to audit"
            )
        if len(clients) > self.most_clients:
            clients = np.random.default_rng(self.seed).choice(clients, self.most_clients, replace=False)
        rows = self._episodes(clients)
        if not rows.doses.any():
            raise Mismatch("nobody in the register had an insats that the model knows; give the model's own register")
        return rows

    @cached_property
    def later(self) -> Rows | None:
        """Episodes that ended after all that the model had seen; None where there are none."""
        if self.same_register:
            return None
        until = pd.Timestamp(self.model.training.last_measured_on)
        after = self.pairs.loc[self.pairs["ended_on"] > until, "client_id"].to_numpy(dtype=str)
        if not len(after):
            return None
        rows = self._episodes(np.unique(after)[: self.most_clients])
        return rows.at((rows.episodes.spans["ended_on"] > until).to_numpy())

    @cached_property
    def judged(self) -> Judged:
        """Judge the episodes that were drawn."""
        rows, ranking = self.drawn, self.instrument.ranking
        predicted = {name: np.zeros((len(rows), len(ranking))) for name in (MODEL, *evaluation.BASELINES)}
        folds = []
        parts = GroupKFold(_FOLDS, shuffle=True, random_state=self.seed).split(rows.X, groups=rows.clients)
        for number, (train, test) in enumerate(parts):
            self.tell("judging clients held out", number, _FOLDS)
            before, asked = rows.at(train), rows.at(test)
            fitted = before.fit(self.model.gains)
            folds.append(Fold(fitted, train, test))
            amounts = (asked.episodes.doses, asked.episodes.beside, asked.episodes.covered)
            predicted[MODEL][test] = fitted.predict_without(asked.X) + fitted.predict_mix(asked.X, *amounts)
            for name, change in evaluation.baselines(
                before.X, before.episodes, asked.X, asked.episodes, ranking
            ).items():
                predicted[name][test] = change
        missed = rows.episodes.changes.to_numpy() - predicted[MODEL]
        half = np.array([self.model.spread.half_widths(q, ranking) for q in rows.episodes.spans["quarters"]])
        inside = np.where(np.isnan(missed), np.nan, np.abs(missed) <= half)
        n_clients = int(self.pairs["client_id"].nunique())
        return Judged(rows, tuple(folds), predicted, inside, checks.show(rows, folds), n_clients)

    def _features(self, points: pd.DataFrame) -> pd.DataFrame:
        points = points.rename(columns={"measured_on": "as_of"}).assign(quarters=features.PLANNED_QUARTERS)
        points = points.reset_index(drop=True)
        X = self._built(points, self.tables.measurements, self.tables.participations)
        return pd.concat([points[["client_id", "as_of"]], X], axis=1)

    def _built(self, points: pd.DataFrame, measurements: pd.DataFrame, participations: pd.DataFrame) -> pd.DataFrame:
        return features.build(points, self.tables.clients, measurements, participations, self.insatser, self.instrument)

    def _episodes(self, clients: npt.NDArray[Any]) -> Rows:
        measurements, participations = (
            table[table["client_id"].isin(clients)] for table in (self.tables.measurements, self.tables.participations)
        )
        cut = episodes.cut(measurements, participations, self.insatser, self.instrument)
        points = cut.spans.rename(columns={"started_on": "as_of"})[["client_id", "as_of", "quarters"]]
        return Rows(self._built(points, measurements, participations), cut, np.ones(len(cut)), self.insatser.table())
