"""A registered model in MLflow. Only this module imports MLflow, which belongs to the optional extra `mlflow`.

The calls are those that servers since MLflow 2.3 know. The model is saved in MLflow's LightGBM flavour, whose file is
the text that LightGBM writes. What comes back from the server is read as text too, and never unpickled.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ranking.training import model_text
from ranking.training.learner import Model
from steering.registered_facts import VERSION_TAG, Facts
from steering.registration_settings import MlflowSettings
from tidemark.errors import TidemarkError
from tidemark.support.paths import to_link
from tidemark.support.text import cut, printable

PINNED = "mlflow-skinny==3.17.2"
"""The extra, as in `pyproject.toml`."""
ALIAS = "champion"
MODEL_FOLDER, MODEL_FILE, DESCRIPTION = "model", "model.lgb", "tidemark.json"
SETTINGS: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Environment variables of MLflow, unless they are set. Its own defaults report its use to its makers, wait four
minutes for a server that is down, and ask a package registry about the requirements of a model."""


class MlflowFailed(TidemarkError):
    """MLflow cannot be reached, or did not do what it was asked. Nothing of the lake has changed."""


@dataclass(frozen=True)
class Registered:
    """A version of the registered model, and its tags."""

    number: str
    tags: Mapping[str, str]


def is_installed() -> bool:
    """Whether the extra is installed."""
    return find_spec("mlflow") is not None


class MlflowRegistry:
    """The registered model that the settings name. Each call raises MlflowFailed if MLflow does not do it."""

    def __init__(self, settings: MlflowSettings) -> None:
        self.settings = settings
        self._address = _address(settings)
        with self._translating("open"):
            for name, value in SETTINGS.items():
                os.environ.setdefault(name, value)
            from mlflow import MlflowClient

            if settings.folder is not None:
                settings.folder.mkdir(parents=True, exist_ok=True)
            self._client = MlflowClient(self._address, self._address)

    def find(self, model_version: str) -> Registered | None:
        """Return the first version that holds this ranker; None if it is not registered."""
        with self._translating("list the versions of the model"):
            found = self._client.search_model_versions(f"name = '{self.settings.model}'")
            ours = [each for each in found if each.tags.get(VERSION_TAG) == model_version]
            first = min(ours, key=lambda each: int(each.version), default=None)
            return None if first is None else Registered(str(first.version), dict(first.tags))

    def champion(self) -> str | None:
        """Return the number of the version that has the alias; None if none has it."""
        with self._translating("read the alias"):
            number = self._registered_model().aliases.get(ALIAS)
            return None if number is None else str(number)

    def add(self, facts: Facts, model: Model, description: str) -> Registered:
        """Register a ranker as a new version. `description` is a JSON text that lies beside the model."""
        with self._translating("take the ranker"), TemporaryDirectory(prefix="mlflow-") as folder:
            self._registered_model()
            run = self._run(facts)
            saved = Path(folder) / MODEL_FOLDER
            _save(model, saved, description)
            self._client.log_artifacts(run.info.run_id, str(saved), MODEL_FOLDER)
            self._client.set_terminated(run.info.run_id)
            made = self._client.create_model_version(
                self.settings.model,
                source=f"{run.info.artifact_uri}/{MODEL_FOLDER}",
                run_id=run.info.run_id,
                tags=dict(facts.tags),
                description=facts.verdict,
            )
            return Registered(str(made.version), dict(facts.tags))

    def amend(self, known: Registered, tags: Mapping[str, str]) -> bool:
        """Set the tags that a version lacks or has with other values. Returns whether there were any."""
        changed = {name: value for name, value in tags.items() if known.tags.get(name) != value}
        with self._translating("set the tags"):
            for name, value in changed.items():
                self._client.set_model_version_tag(self.settings.model, known.number, name, value)
        return bool(changed)

    def read_model(self, number: str) -> bytes:
        """Return the model of a version as the server hands it out."""
        with self._translating("hand out the model"), TemporaryDirectory(prefix="mlflow-") as folder:
            from mlflow.artifacts import download_artifacts

            # An address that begins with `models:/` would be looked up in the default registry, whatever is given here.
            place = self._client.get_model_version_download_uri(self.settings.model, number)
            found = download_artifacts(f"{place}/{MODEL_FILE}", dst_path=folder, tracking_uri=self._address)
            path = Path(found)
            if path.stat().st_size > model_text.LARGEST:
                raise ValueError(f"the model is larger than {model_text.LARGEST} bytes")
            return path.read_bytes()

    def make_champion(self, number: str) -> None:
        """Move the alias to a version."""
        with self._translating("move the alias"):
            self._client.set_registered_model_alias(self.settings.model, ALIAS, number)

    def _registered_model(self) -> Any:
        """Return the registered model. It is created if it does not exist."""
        from mlflow import MlflowException

        try:
            return self._client.get_registered_model(self.settings.model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return self._client.create_registered_model(self.settings.model)

    def _run(self, facts: Facts) -> Any:
        """Return the run of a ranker with its parameters and metrics. One that an earlier try began is used again."""
        from mlflow.entities import Metric, Param

        experiment = self._experiment()
        begun = self._client.search_runs([experiment])
        run = next((each for each in begun if each.data.tags.get(VERSION_TAG) == facts.model_version), None)
        if run is None:
            run = self._client.create_run(experiment, tags=dict(facts.tags), run_name=facts.model_version)
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, 0) for name, value in facts.metrics.items()]
        self._client.log_batch(run.info.run_id, metrics, [Param(*each) for each in facts.parameters.items()])
        return run

    def _experiment(self) -> str:
        """Return the id of the experiment with the name of the model. It is created if it does not exist."""
        name, folder = self.settings.model, self.settings.folder
        known = self._client.get_experiment_by_name(name)
        if known is not None:
            return str(known.experiment_id)
        place = None if folder is None else to_link(folder / "artifacts")
        return str(self._client.create_experiment(name, artifact_location=place))

    @contextlib.contextmanager
    def _translating(self, what: str) -> Iterator[None]:
        """Translate every error: a client of MLflow brings the errors of its HTTP, database and storage libraries."""
        try:
            yield
        except Exception as error:
            if isinstance(error, MlflowFailed):
                raise
            raise MlflowFailed(f"MLflow at {self.settings.tracking_uri} did not {what}: {_why(error)}") from error


def _address(settings: MlflowSettings) -> str:
    return settings.tracking_uri if settings.folder is None else f"sqlite:///{settings.folder / 'mlflow.db'}"


def _why(error: Exception) -> str:
    """Return what an error says, on one short line and without the page that a server sent with it."""
    return printable(cut(str(error).partition(". Response body")[0], 240)) or type(error).__name__


def _save(model: Model, folder: Path, description: str) -> None:
    """Save a model in MLflow's LightGBM flavour, with a signature of its features' own names."""
    import mlflow.lightgbm
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("float", name) for name in model.names])
    mlflow.lightgbm.save_model(
        model.booster,
        str(folder),
        signature=ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double")])),
        pip_requirements=[f"lightgbm=={version('lightgbm')}"],
    )
    (folder / DESCRIPTION).write_text(description, encoding="utf-8")
