"""Keeps models and where they come from in MLflow: runs, plots, versions, @candidate and @champion. MLflow's only door.

A store is a folder (SQLite, and the files beside it) or any tracking URI. What is kept of a model is its folder: text,
read by this project alone. MLflow is told to refuse pickles, and to send no figures about its use to anybody.
"""

import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Read by MLflow when it is loaded, so they stand before the import.
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException

from pathway.errors import PathwayError, TrackingUnavailable
from pathway.modelfolder.folder import read, write
from pathway.modelfolder.model import Model

NAME = "pathway-gains"
CANDIDATE, CHAMPION = "candidate", "champion"
FILE, ARTIFACTS, MODEL = "tracking.sqlite", "artifacts", "model"
_AT_ONCE = 500  # metrics in one call
_LONGEST = 5_000  # characters of a tag
_THEIRS = ("mlflow", "sqlalchemy", "requests", "urllib3", "alembic")  # whose errors tell of the store, not of a mistake

for _name in ("mlflow", "alembic"):
    logging.getLogger(_name).setLevel(logging.ERROR)


@dataclass(frozen=True)
class Kept:
    """A version of the model in a store.

    Attributes
    ----------
    number
        Counts up from 1.
    model_version
        Name of the model's content (`pathway.modelfolder.Model.version`).
    aliases
        ``candidate`` and ``champion`` among them, where it is one.
    """

    number: int
    model_version: str
    register_version: str
    kept_at: datetime
    aliases: tuple[str, ...]


class Store:
    """Models kept at one place.

    Parameters
    ----------
    where
        A folder, made if there is none, or a tracking URI such as ``http://…``, ``postgresql://…``, ``sqlite:///…``.

    Raises
    ------
    TrackingUnavailable
        It cannot be opened.
    """

    def __init__(self, where: str | Path) -> None:
        uri, self._artifacts = _place(where)
        self.place = re.sub(r"//[^/@]*@", "//…@", uri)
        with self._told():
            self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def keep(
        self,
        model: Model,
        metrics: Mapping[str, float],
        lineage: Mapping[str, Any] | None = None,
        extras: Mapping[str, bytes] | None = None,
    ) -> Kept:
        """Keep a model as a run and a version, and call it the candidate.

        Parameters
        ----------
        metrics
            Figures by name; signs that MLflow does not take become blanks.
        lineage
            Where the register's rows come from, as plain data without anything of single people.
        extras
            Further files by name, such as plots.
        """
        with self._told():
            champion = self._named(CHAMPION)
            run = self._client.create_run(self._experiment(), run_name=model.version, tags=_tags(model, lineage))
            id = run.info.run_id
            if champion:
                self._client.set_tag(id, "champion_then", champion.number)
            self._client.log_batch(id, params=_parameters(model))
            now, told = int(datetime.now(UTC).timestamp() * 1000), list(metrics.items())
            for start in range(0, len(told), _AT_ONCE):
                part = told[start : start + _AT_ONCE]
                self._client.log_batch(id, metrics=[Metric(_name_of(name), one, now, 0) for name, one in part])
            self._client.log_inputs(id, [_register_of(model, lineage or {})])
            with tempfile.TemporaryDirectory() as folder:
                write(model, Path(folder) / MODEL)
                for name, content in (extras or {}).items():
                    path = Path(folder) / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                self._client.log_artifacts(id, folder)
            self._client.set_terminated(id)
            number = self._register(model, id, f"{run.info.artifact_uri}/{MODEL}")
            self._client.set_registered_model_alias(NAME, CANDIDATE, str(number))
            return self._kept(self._client.get_model_version(NAME, str(number)))

    def versions(self) -> tuple[Kept, ...]:
        """List all versions, the newest first."""
        with self._told():
            if not self._has_versions():
                return ()
            found = self._client.search_model_versions(f"name='{NAME}'", order_by=["version_number DESC"])
            return tuple(self._kept(self._client.get_model_version(NAME, one.version)) for one in found)

    def find(self, name: str) -> Kept:
        """Find a version by alias (``@champion`` or ``champion``) or number.

        Raises
        ------
        TrackingUnavailable
            There is none of this name.
        """
        with self._told():
            found = self._named(name.removeprefix("@"))
        if found is None:
            raise TrackingUnavailable(
                f"{self.place}: holds no model called {name}; see pathway model list, or keep one with pathway train "
                "--track"
            )
        return found

    def champion(self) -> Kept | None:
        """Give the champion, if there is one."""
        with self._told():
            return self._named(CHAMPION)

    def fetch(self, kept: Kept) -> Model:
        """Read a kept model, every file held against its checksum.

        Raises
        ------
        FaultyModelFolder
            Its files are incomplete or altered.
        TrackingUnavailable
            They cannot be had.
        """
        with self._told(), tempfile.TemporaryDirectory() as folder:
            run = str(self._client.get_model_version(NAME, str(kept.number)).run_id)
            return read(Path(self._client.download_artifacts(run, MODEL, folder)))

    def crown(self, kept: Kept) -> None:
        """Call a version the champion."""
        with self._told():
            self._client.set_registered_model_alias(NAME, CHAMPION, str(kept.number))

    def _experiment(self) -> str:
        known = self._client.get_experiment_by_name(NAME)
        if known is not None:
            return str(known.experiment_id)
        return str(self._client.create_experiment(NAME, artifact_location=self._artifacts))

    def _register(self, model: Model, run_id: str, source: str) -> int:
        if not self._has_versions():
            self._client.create_registered_model(NAME, description="Expected gains of insatser (Pathway Generator)")
        version = self._client.create_model_version(
            NAME, source, run_id, {"model_version": model.version, "register_version": model.training.register_version}
        )
        return int(version.version)

    def _has_versions(self) -> bool:
        return bool(self._client.search_registered_models(f"name='{NAME}'"))

    def _named(self, name: str) -> Kept | None:
        try:
            known = (
                self._client.get_model_version(NAME, name)
                if name.isdigit()
                else self._client.get_model_version_by_alias(NAME, name)
            )
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        return self._kept(known)

    def _kept(self, known: Any) -> Kept:
        return Kept(
            number=int(known.version),
            model_version=known.tags.get("model_version", ""),
            register_version=known.tags.get("register_version", ""),
            kept_at=datetime.fromtimestamp(known.creation_timestamp / 1000, UTC),
            aliases=tuple(sorted(known.aliases)),
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what MLflow says into one line that says what to do."""
        try:
            yield
        except PathwayError:
            raise
        except Exception as error:
            if not isinstance(error, OSError) and not type(error).__module__.startswith(_THEIRS):
                raise
            why = getattr(error, "error_code", None) or type(error).__name__
            raise TrackingUnavailable(
                f"{self.place}: the models kept there cannot be reached ({why}); check --track"
            ) from None


def _place(where: str | Path) -> tuple[str, str | None]:
    """Give the tracking URI, and where files go; None where the server decides."""
    text = str(where)
    if "://" not in text:
        folder = Path(where).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrackingUnavailable(
                f"{where}: cannot be written ({error.strerror}); check space and permissions"
            ) from None
        return f"sqlite:///{folder / FILE}", (folder / ARTIFACTS).as_uri()
    if text.startswith("sqlite:///"):
        return text, (Path(text.removeprefix("sqlite:///")).absolute().parent / ARTIFACTS).as_uri()
    return text, None


def _parameters(model: Model) -> list[Param]:
    training, chosen = model.training, model.gains.get_params()
    told = chosen | {
        "seed": training.seed,
        "tuned_on": training.tuned_on or "nobody",
        "catalogue_version": training.catalogue_version,
        "instrument": model.instrument.name,
        "n_features": len(model.gains.encoding_.names),
        "n_insatser": len(model.gains.insatser_),
    }
    return [Param(name, str(value)[:_LONGEST]) for name, value in told.items()]


def _tags(model: Model, lineage: Mapping[str, Any] | None) -> dict[str, str]:
    tags = {name: str(value) for name, value in asdict(model.training).items()}
    return tags | {"model_version": model.version, "lineage": json.dumps(lineage or {})[:_LONGEST]}


def _register_of(model: Model, lineage: Mapping[str, Any]) -> DatasetInput:
    training = model.training
    counts = {"clients": training.n_clients, "episodes": training.n_episodes}
    dataset = Dataset(
        name="register",
        digest=training.register_version,
        source_type="register",
        source=json.dumps(lineage)[:_LONGEST],
        profile=json.dumps(counts),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _name_of(metric: str) -> str:
    return re.sub(r"[^\w.\- :/]", " ", metric)
