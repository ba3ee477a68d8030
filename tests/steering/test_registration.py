"""`tidemark ranker register` and the last task of the DAGs about rankers, with a server in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ranking.training import learner
from steering import register as registration
from steering.mlflow_registry import PINNED, MlflowFailed, Registered
from steering.register import register_after_run
from steering.registered_facts import Facts, read_facts
from steering.registry import DECISIONS, RANKERS, read_registry, read_run
from tests.conftest import CHECKOUT
from tests.steering.stored_rankers import CHAMPION, add, decision, ranker, train
from tidemark.catalog import Lake, open_lake, ops
from tidemark.cli.main import main
from tidemark.errors import RequestRefused
from tidemark.settings import load_settings
from tidemark.steps.context import Context
from tidemark.support.file_lock import holding

SECOND = "r20260413-0002"


class Server:
    """A registered model in memory, with the calls of `MlflowRegistry`."""

    def __init__(self) -> None:
        self.settings: Any = None
        self.added: list[Facts] = []
        self.tags: list[dict[str, str]] = []
        self.models: list[bytes] = []
        self.alias: str | None = None
        self.fails: str | None = None

    def open(self, settings: Any) -> Server:
        self.settings = settings
        if self.fails:
            raise MlflowFailed(f"MLflow at {settings.tracking_uri} did not open: {self.fails}")
        return self

    def find(self, model_version: str) -> Registered | None:
        known = [facts.model_version for facts in self.added]
        if model_version not in known:
            return None
        place = known.index(model_version)
        return Registered(str(place + 1), dict(self.tags[place]))

    def champion(self) -> str | None:
        return self.alias

    def add(self, facts: Facts, model: learner.Model, description: str) -> Registered:
        assert json.loads(description)["model_version"] == facts.model_version
        self.added.append(facts)
        self.tags.append(dict(facts.tags))
        self.models.append(model.booster.model_to_string().encode())
        return Registered(str(len(self.added)), dict(facts.tags))

    def amend(self, known: Registered, tags: Mapping[str, str]) -> bool:
        place = int(known.number) - 1
        changed = self.tags[place] != dict(tags)
        self.tags[place] = dict(tags)
        return changed

    def read_model(self, number: str) -> bytes:
        return self.models[int(number) - 1]

    def make_champion(self, number: str) -> None:
        self.alias = number


@pytest.fixture(scope="module")
def first() -> learner.Trained:
    return train(10)


@pytest.fixture(scope="module")
def second() -> learner.Trained:
    return train(12)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(registration, "MlflowRegistry", found.open)
    monkeypatch.setattr(registration, "is_installed", lambda: True)
    return found


@pytest.fixture
def lake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake whose registry is empty, with the setting."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    text = "registration: {mlflow: {tracking_uri: http://127.0.0.1:5000, model: shop-ranker}}\n"
    (home / "search.yaml").write_text(text, encoding="utf-8")
    found = open_lake(load_settings())
    found.ensure_namespace("ranking")
    return found


@pytest.fixture
def served(lake: Lake, first: learner.Trained) -> Lake:
    """A lake with a champion."""
    add(lake, RANKERS, ranker(first, version=1, promoted=True))
    return lake


def after_run(lake: Lake) -> str:
    return register_after_run(Context(load_settings(), lake, {}, datetime(2026, 4, 14, tzinfo=UTC)))


def test_the_champion_is_registered_once_and_gets_the_alias(
    served: Lake, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ranker", "register"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{CHAMPION}: version 1 of shop-ranker at http://127.0.0.1:5000, newly registered"
    assert said[1].startswith("checked by 0 rows of ranking.query_item_features and ")
    assert said[2:] == ["alias champion: version 1"]
    assert after_run(served).splitlines() == [
        f"{CHAMPION}: version 1 of shop-ranker at http://127.0.0.1:5000, registered before",
        "alias champion: version 1, as before",
    ]
    assert [facts.model_version for facts in server.added] == [CHAMPION]


def test_the_alias_follows_the_champion_and_goes_back_with_a_rollback(
    served: Lake, server: Server, second: learner.Trained
) -> None:
    after_run(served)
    add(served, RANKERS, ranker(second, version=2, model_version=SECOND, promoted=True))
    assert after_run(served).endswith("alias champion: version 2, until now version 1")
    add(served, DECISIONS, decision("rollback", CHAMPION, after_version=2))
    assert after_run(served).endswith("alias champion: version 1, until now version 2")
    assert [facts.model_version for facts in server.added] == [CHAMPION, SECOND]


def test_a_run_without_a_champion_registers_nothing(lake: Lake, server: Server) -> None:
    assert after_run(lake) == "nothing is registered: there is no champion yet"
    assert server.added == []


@pytest.mark.parametrize("other", ["another ranker", "no ranker"])
def test_a_model_that_scores_otherwise_does_not_become_champion(
    served: Lake, server: Server, second: learner.Trained, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    after_run(served)
    server.alias = None
    server.models[0] = second.artifact if other == "another ranker" else b"\x80\x04cos\nsystem\n"
    assert main(["ranker", "register"]) == 1
    said = capsys.readouterr().err
    assert "version 1 of shop-ranker at http://127.0.0.1:5000 is another model: " in said
    assert ("rows score otherwise" if other == "another ranker" else "is not the text of a LightGBM") in said
    assert "The alias champion has not moved. Remove this version there" in said
    assert "train a new ranker" not in said, "the ranker of the lake is fine"
    assert server.alias is None


def test_if_mlflow_does_not_answer_the_night_ends_with_a_warning_and_the_next_run_catches_up(
    served: Lake, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    before = served.table(RANKERS).current_snapshot()
    server.fails = "connection refused"
    said = after_run(served)
    assert said.startswith("warning: MLflow at http://127.0.0.1:5000 did not open: connection refused. Nothing in the")
    assert "start the server, or correct registration.mlflow in search.yaml" in said
    assert "\n" not in said, "each line of a warning would need its own mark"
    assert main(["ranker", "register"]) == 1
    assert capsys.readouterr().err.startswith("MlflowFailed: MLflow at http://127.0.0.1:5000 did not open")
    assert served.table(RANKERS).refresh().current_snapshot() == before
    server.fails = None
    assert after_run(served).endswith("alias champion: version 1")


def test_two_registrations_at_a_time_do_not_register_a_ranker_twice(
    served: Lake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "PATIENCE", 0.1)
    with holding(served.settings.run / "registration.lock", 1):
        said = after_run(served)
    assert said.startswith("warning: registration: another process has held ")
    assert server.added == []


def test_without_the_extra_the_step_and_the_command_say_what_to_install(
    served: Lake, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registration, "is_installed", lambda: False)
    with pytest.raises(RequestRefused, match=f"run .venv/bin/python -m pip install {PINNED} and repeat"):
        after_run(served)
    assert main(["ranker", "register"]) == 1
    assert "the extra `mlflow` is not installed" in capsys.readouterr().err


def test_without_the_setting_a_run_goes_on_and_the_command_says_what_to_write(
    served: Lake, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "search.yaml").write_text("", encoding="utf-8")
    assert after_run(served) == "nothing is registered: search.yaml has no registration"
    assert main(["ranker", "register"]) == 1
    assert "write for example registration: {mlflow: {tracking_uri: " in capsys.readouterr().err


def test_parameters_figures_inputs_and_verdict_are_registered(lake: Lake, first: learner.Trained) -> None:
    ours = {"warm": {"ndcg@10": [0.61, 0.58, 0.64], "map": None}, "cold": {"ndcg@10": [0.4, 0.3, 0.5], "mrr": [0.7]}}
    exam = {"queries": 40, "pairs": 400, "rankers": {"ours": ours, "popularity": ours}}
    metrics = json.dumps({"rounds": 10, "yardsticks": {"exam": exam}})
    parameters = json.dumps({"rounds": 10, "second": "", "learning_rate": 0.05})
    row = ranker(first, version=7, promoted=True, metrics=metrics, parameters=parameters, verdict="v" * 5_000)
    add(lake, RANKERS, row)
    run = read_registry(lake).runs[0]
    facts = read_facts(lake, run, read_run(lake, run))
    assert facts.metrics == {
        "training_rows": 1200.0,
        "test_rows": 100.0,
        "rounds": 10.0,
        "exam.warm.ndcg_at_10": 0.61,
        "exam.cold.ndcg_at_10": 0.4,
        "exam.cold.mrr": 0.7,
    }
    assert facts.parameters["learning_rate"] == "0.05"
    assert facts.parameters["trained_through"] == "2026-04-05"
    assert "second" not in facts.parameters, "some servers refuse an empty value"
    assert facts.tags["tidemark.model_version"] == CHAMPION
    assert facts.tags["tidemark.training_run"] == "7"
    assert facts.tags["tidemark.sha256"] == first.sha256
    assert facts.tags["tidemark.snapshot.examples"] == "4410"
    assert len(facts.tags["tidemark.verdict"]) == 1_000
    assert "tidemark.release" not in facts.tags


def test_a_release_that_is_written_later_becomes_a_tag(served: Lake, server: Server) -> None:
    after_run(served)
    for day, name in ((15, "release_b"), (14, "release_a"), (13, "release_of_another")):
        version = SECOND if name == "release_of_another" else CHAMPION
        at = datetime(2026, 4, day, tzinfo=UTC)
        row = {"release": name, "model_version": version, "tables": "{}", "released_at": at}
        ops.append(served, "ops.releases", [row])
    assert "its tags are brought up to date" in after_run(served)
    assert server.tags[0]["tidemark.release"] == "release_a"
    assert "registered before" in after_run(served)


def test_the_version_of_the_extra_is_the_one_that_the_refusal_names() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'mlflow = ["{PINNED}"]' in text


def test_without_a_server_mlflow_is_not_imported() -> None:
    code = "import sys, steering.register; print({'mlflow', 'pyspark', 'airflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()"]
