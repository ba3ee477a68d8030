"""Registration in MLflow itself: in a folder, and at a server whose address TIDEMARK_MLFLOW names."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranking.training import learner
from steering import mlflow_registry
from steering.mlflow_registry import MlflowFailed, MlflowRegistry
from steering.register import register_after_run
from steering.registration_settings import MlflowSettings
from steering.registry import DECISIONS, RANKERS
from steering.served_rows import FEATURES
from tests.conftest import CHECKOUT
from tests.docs.pages import marked
from tests.steering.stored_rankers import CHAMPION, NAMES, add, decision, pair, ranker, train
from tidemark.catalog import Lake, open_lake
from tidemark.errors import RequestRefused
from tidemark.settings import load_settings
from tidemark.steps.context import Context

pytestmark = pytest.mark.skipif(not mlflow_registry.is_installed(), reason="the extra `mlflow` is not installed")

SECOND = "r20260413-0002"
ROWS = np.array([[3, 0.1, np.nan, 7], [np.nan, np.nan, 1, -2], [40, 0.9, 2, np.nan]], dtype=np.float32)


@pytest.fixture(scope="module")
def first() -> learner.Trained:
    return train(10)


@pytest.fixture(scope="module")
def second() -> learner.Trained:
    return train(12)


@pytest.fixture(scope="module", params=["folder", "server"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where MLflow is. A folder is a store of its own, which takes some seconds to make."""
    if request.param == "folder":
        return str(tmp_path_factory.mktemp("ml flow é"))
    if not os.environ.get("TIDEMARK_MLFLOW"):
        pytest.skip("TIDEMARK_MLFLOW does not name a running MLflow server")
    return os.environ["TIDEMARK_MLFLOW"]


@pytest.fixture
def wanted(address: str) -> MlflowSettings:
    return MlflowSettings(address, f"ranker-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def lake(home: Path, first: learner.Trained, wanted: MlflowSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake with a champion, and the setting. The folder of the test must not become a store."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    monkeypatch.chdir(home)
    text = f'registration: {{mlflow: {{tracking_uri: "{wanted.tracking_uri}", model: {wanted.model}}}}}\n'
    (home / "search.yaml").write_text(text, encoding="utf-8")
    found = open_lake(load_settings())
    found.ensure_namespace("ranking")
    add(found, RANKERS, ranker(first, version=1, promoted=True))
    add(found, FEATURES, *(pair(number) for number in range(20)))
    yield found
    assert not [path.name for path in home.glob("ml*")], "MLflow wrote into its default store"


def after_run(lake: Lake) -> str:
    return register_after_run(Context(load_settings(), lake, {}, datetime(2026, 4, 14, tzinfo=UTC)))


def client_of(wanted: MlflowSettings) -> Any:
    return MlflowRegistry(wanted)._client


def test_each_champion_is_registered_once_and_the_alias_follows(
    lake: Lake, wanted: MlflowSettings, second: learner.Trained
) -> None:
    said = after_run(lake)
    assert f"{CHAMPION}: version 1 of {wanted.model} at {wanted.tracking_uri}, newly registered" in said
    assert "checked by 20 rows of ranking.query_item_features and " in said
    assert after_run(lake).endswith("alias champion: version 1, as before")
    add(lake, RANKERS, ranker(second, version=2, model_version=SECOND, promoted=True, verdict="Better again."))
    assert after_run(lake).endswith("alias champion: version 2, until now version 1")
    add(lake, DECISIONS, decision("rollback", CHAMPION, after_version=2))
    assert after_run(lake).endswith("alias champion: version 1, until now version 2")

    client = client_of(wanted)
    versions = client.search_model_versions(f"name = '{wanted.model}'")
    found = {each.version: (each.tags["tidemark.model_version"], each.description) for each in versions}
    assert {int(number): each for number, each in found.items()} == {
        1: (CHAMPION, "Better."),
        2: (SECOND, "Better again."),
    }
    run = client.get_run(next(each.run_id for each in versions if int(each.version) == 1))
    assert run.info.status == "FINISHED"
    assert run.data.params["learning_rate"] == "0.06"
    assert run.data.metrics["training_rows"] == 1200
    assert run.data.tags["tidemark.snapshot.examples"] == "4410"


def test_what_mlflow_loads_scores_rows_by_the_names_of_their_features(
    lake: Lake, wanted: MlflowSettings, first: learner.Trained, tmp_path: Path
) -> None:
    import mlflow.pyfunc
    import pandas as pd
    from mlflow import MlflowException
    from mlflow.artifacts import download_artifacts

    after_run(lake)
    client = client_of(wanted)
    champion = client.get_model_version_by_alias(wanted.model, "champion")
    place = client.get_model_version_download_uri(wanted.model, champion.version)
    address = str(client.tracking_uri)
    folder = download_artifacts(place, dst_path=str(tmp_path / "model"), tracking_uri=address)
    assert sorted(path.name for path in Path(folder).iterdir() if path.suffix in (".pkl", ".skops", ".lgb")) == [
        "model.lgb"
    ]
    frame = pd.DataFrame(ROWS, columns=list(NAMES))[list(reversed(NAMES))]
    expected = learner.load_model(first.artifact, first.sha256, NAMES).predict(ROWS)
    loaded = mlflow.pyfunc.load_model(folder)
    assert np.array_equal(loaded.predict(frame), expected)
    with pytest.raises(MlflowException, match="float64"):
        loaded.predict(frame.astype(np.float64))


def test_the_code_of_the_cookbook_scores_a_pair(lake: Lake, wanted: MlflowSettings, tmp_path: Path) -> None:
    after_run(lake)
    code = marked(CHECKOUT / "docs" / "cookbook" / "register-in-mlflow.md", "serve")["mlflow"]
    code = code.replace("http://127.0.0.1:5000", client_of(wanted).tracking_uri).replace("shop-ranker", wanted.model)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert np.isfinite(float(done.stdout.strip("[] \n")))


def test_a_try_that_failed_halfway_leaves_no_second_run(
    lake: Lake, wanted: MlflowSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionResetError("reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_model_version", fail)
        assert "did not take the ranker: reset by peer. Nothing in the lake changed" in after_run(lake)
    assert after_run(lake).endswith("alias champion: version 1")
    client = client_of(wanted)
    experiment = client.get_experiment_by_name(wanted.model)
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_a_model_that_was_changed_in_the_store_gets_no_alias(
    lake: Lake, wanted: MlflowSettings, second: learner.Trained, tmp_path: Path
) -> None:
    after_run(lake)
    client = client_of(wanted)
    client.delete_registered_model_alias(wanted.model, "champion")
    run = client.get_model_version(wanted.model, "1").run_id
    (tmp_path / "model.lgb").write_bytes(second.artifact)
    client.log_artifact(run, str(tmp_path / "model.lgb"), "model")
    with pytest.raises(RequestRefused, match=r"is another model: .* rows score otherwise than by the ranker"):
        after_run(lake)
    assert client.get_registered_model(wanted.model).aliases == {}


def test_a_server_that_is_not_there_is_said_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = MlflowRegistry(MlflowSettings("http://127.0.0.1:9", "ranker"))
    with pytest.raises(MlflowFailed, match=r"^MLflow at http://127\.0\.0\.1:9 did not read the alias: "):
        registry.champion()
