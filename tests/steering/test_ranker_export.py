"""`tidemark ranker export`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from ranking.export import onnx_form
from ranking.training import learner
from steering import export_forms
from steering.registry import DECISIONS, RANKERS
from steering.served_rows import FEATURES, read_rows
from tests.conftest import CHECKOUT
from tests.docs.pages import marked
from tests.steering.stored_rankers import CHAMPION, NAMES, add, decision, pair, ranker, train
from tidemark.catalog import Lake, open_lake
from tidemark.cli.main import main
from tidemark.errors import RequestRefused
from tidemark.settings import load_settings


@pytest.fixture(scope="module")
def trained() -> learner.Trained:
    return train()


@pytest.fixture
def lake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake whose registry is empty."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    found = open_lake(load_settings())
    found.ensure_namespace("ranking")
    return found


@pytest.fixture
def served(lake: Lake, trained: learner.Trained) -> Lake:
    """A lake with a champion, an older ranker whose artifact was cut, and a run that trained nothing."""
    add(lake, RANKERS, ranker(trained, version=1, model_version="r20260410-0001", artifact=trained.artifact[:-9]))
    add(lake, RANKERS, ranker(trained, version=2, promoted=True))
    add(lake, RANKERS, ranker(trained, version=3, model_version="r20260413-0002", artifact=None, sha256=None))
    add(lake, FEATURES, *(pair(number) for number in range(20)))
    return lake


def test_the_champion_as_text_is_the_artifact_and_what_a_service_needs(
    served: Lake, trained: learner.Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / "model.txt"
    assert main(["ranker", "export", "--as", "lightgbm", "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"{CHAMPION}: 30 trees, 4 features\n  {out}\n  {out}.json\n")
    assert hashlib.sha256(out.read_bytes()).hexdigest() == trained.sha256
    about = json.loads(out.with_name("model.txt.json").read_text(encoding="utf-8"))
    assert about["model_version"] == CHAMPION
    assert about["sha256"] == trained.sha256
    assert [each["name"] for each in about["features"]] == list(NAMES)
    assert [each["column"] for each in about["features"]] == lgb.Booster(model_file=str(out)).feature_name()
    assert about["snapshots"] == {"examples": 4410}
    assert about["trained_through"] == "2026-04-05"
    assert sorted(path.name for path in out.parent.iterdir()) == ["model.txt", "model.txt.json"]


def test_the_code_of_the_cookbook_scores_a_pair(served: Lake, tmp_path: Path) -> None:
    assert main(["ranker", "export", "--as", "lightgbm", "--out", str(tmp_path / "model.txt")]) == 0
    code = marked(CHECKOUT / "docs" / "cookbook" / "serve-a-ranker.md", "serve")["lightgbm"]
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert np.isfinite(float(done.stdout.strip("[] \n")))


@pytest.mark.parametrize("plugin", ["opensearch", "elasticsearch"])
def test_the_champion_as_a_model_of_the_plugins_is_checked_and_says_what_differs(
    served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str], plugin: str
) -> None:
    out = tmp_path / "model.json"
    assert main(["ranker", "export", "2", "--as", "ltr", "--plugin", plugin, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "checked by 20 rows of ranking.query_item_features and " in said
    assert "added in 32 bits, as the plugin does: the largest difference is " in said
    assert "missing values: " in said
    assert "values below zero: " in said
    body = json.loads(out.read_text(encoding="utf-8"))["model"]
    assert body["name"] == CHAMPION
    assert body["model"]["type"] == "model/xgboost+json"
    assert len(json.loads(body["model"]["definition"])["splits"]) == 30
    features = json.loads(out.with_name("model.json.featureset.json").read_text(encoding="utf-8"))["featureset"]
    assert [feature["name"] for feature in features["features"]] == list(NAMES)


def test_a_program_gets_one_json_object(served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model.json"
    assert main(["ranker", "export", CHAMPION, "--as", "ltr", "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == [str(out), f"{out}.featureset.json"]
    assert found["rows"]["served"] == 20
    assert max(found["largest_differences"].values()) < 1e-5


def test_rows_are_read_from_columns_and_named_features_with_nan_for_what_is_missing(served: Lake) -> None:
    rows = read_rows(served, (*NAMES, "c_unknown"), 5)
    assert rows.shape == (5, 5)
    found = rows[np.argsort(rows[:, 0])]
    assert np.isnan(found[1:3, 1]).all()
    assert found[3, 1] == np.float32(0.1 * 3)
    assert found[3, 2] == np.float32(3 / 7)
    assert np.isnan(found[:, 3:]).all()


def test_without_served_rows_the_made_ones_check(
    lake: Lake, trained: learner.Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(lake, RANKERS, ranker(trained, version=1, promoted=True))
    assert main(["ranker", "export", "--as", "ltr", "--out", str(tmp_path / "m.json")]) == 0
    assert "checked by 0 rows of ranking.query_item_features and " in capsys.readouterr().out


def test_a_decision_chooses_the_ranker_that_is_exported(
    served: Lake, trained: learner.Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(served, RANKERS, ranker(trained, version=4, model_version="r20260414-0003"))
    add(served, DECISIONS, decision("promote", "r20260414-0003", after_version=4))
    assert main(["ranker", "export", "--as", "lightgbm", "--out", str(tmp_path / "m.txt")]) == 0
    assert capsys.readouterr().out.startswith("r20260414-0003: ")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["r1"], "version: 'r1' is no ranker of ranking.rankers; `tidemark ranker list` shows them"),
        (["3"], "version: r20260413-0002 has no artifact, because nothing was trained"),
        (["1"], "ranking.rankers, r20260410-0001: the artifact has sha256"),
        (["--as", "onnx", "--plugin", "opensearch"], "plugin: --as onnx is for no plugin; leave --plugin out"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    form = [] if "--as" in options else ["--as", "ltr"]
    assert main(["ranker", "export", *form, *options, "--out", str(tmp_path / "model")]) == 1
    assert says in capsys.readouterr().err
    assert list(tmp_path.glob("model*")) == []


def test_without_a_champion_a_version_is_asked_for(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ranker", "export", "--as", "ltr", "--out", str(tmp_path / "model")]) == 1
    assert "version: there is no champion yet. Name a ranker that `tidemark ranker list`" in capsys.readouterr().err


@pytest.mark.parametrize("taken", ["m.json", "m.json.featureset.json"])
def test_a_file_that_exists_is_kept(
    served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str], taken: str
) -> None:
    (tmp_path / taken).write_text("mine", encoding="utf-8")
    assert main(["ranker", "export", "--as", "ltr", "--out", str(tmp_path / "m.json")]) == 1
    assert f"out: {tmp_path / taken} exists, and nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [taken]
    assert (tmp_path / taken).read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_made_is_said(served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert main(["ranker", "export", "--as", "lightgbm", "--out", str(tmp_path / "file" / "m.txt")]) == 1
    assert f"m.txt cannot be written ({tmp_path / 'file'}: File exists). Name another file" in capsys.readouterr().err


def test_a_form_that_scores_otherwise_is_not_written(
    served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranking.export.ltr.next_above", lambda value: value)  # `<` instead of `<=`
    assert main(["ranker", "export", "--as", "ltr", "--out", str(tmp_path / "m.json")]) == 1
    assert "rows score otherwise than by the ranker, by up to " in capsys.readouterr().err
    assert list(tmp_path.glob("m.json*")) == []


def test_scores_that_are_not_numbers_are_refused() -> None:
    nan, one = np.array([np.nan]), np.array([1.0])
    with pytest.raises(RequestRefused, match="1 of 1 rows score otherwise"):
        export_forms.compare(nan, one, 1e-6, "ltr", "r1")


def test_onnx_is_checked_by_onnxruntime_or_says_what_to_install(
    served: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.onnx"
    status = main(["ranker", "export", "--as", "onnx", "--out", str(out)])
    said = capsys.readouterr()
    if onnx_form.lacking():
        assert status == 1
        assert "); run .venv/bin/python -m pip install onnxmltools==" in said.err
        assert not out.exists()
    else:
        assert status == 0
        assert "scores of onnxruntime: the largest difference is " in said.out
        assert onnx_form.names_of(out.read_bytes()) == list(NAMES)


def test_the_versions_of_the_extra_are_those_that_the_command_names() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"onnx = {json.dumps(list(onnx_form.PINNED))}" in text


def test_an_export_starts_no_engine() -> None:
    code = "import sys, steering.ranker_export; print({'pyspark', 'airflow', 'onnx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()"]
