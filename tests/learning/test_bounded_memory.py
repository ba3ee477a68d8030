"""Features stay in files: they are read a row group at a time, by two processes of their own, in sizes that fit."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ranking.training import canary, evaluation, feature_rows, learner, memory, separate
from ranking.training.feature_files import FeatureFiles, column_name
from ranking.training.feature_rows import StoredFeatures, Window
from ranking.training.learner.builder import build
from ranking.training.learner.task import TRAIN, Rows, Settings, Task, data_file
from ranking.training.matrices import Examples
from ranking.training.memory import Size
from ranking.training.recipe import Recipe
from tests.learning import made

RECIPE = Recipe(rounds=30, unwatched_rounds=30, min_rows_in_leaf=5, patience=10)
PARAMETERS = RECIPE.parameters(200)


def stored(matrix: np.ndarray, folder: Path, row_group: int = 7) -> StoredFeatures:
    """Write features as two files with short row groups."""
    folder.mkdir(exist_ok=True)
    half = len(matrix) // 2
    for number, rows in enumerate((matrix[:half], matrix[half:])):
        columns = {column_name(place): pa.array(rows[:, place]) for place in range(rows.shape[1])}
        pq.write_table(pa.table(columns), folder / f"part-{number}.parquet", row_group_size=row_group)
    return StoredFeatures.of(FeatureFiles.in_folder(folder, matrix.shape[1]))


def in_files(rows: Examples, folder: Path) -> Examples:
    return replace(rows, features=stored(made.matrix(rows), folder))


def test_processes_of_their_own_give_the_same_bytes_from_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train, valid = made.examples(), made.examples(seed=1)
    here = learner.train(train, valid, RECIPE, sample=200)
    with caplog.at_level(logging.INFO, logger="ranking"):
        apart = learner.train(in_files(train, tmp_path / "t"), in_files(valid, tmp_path / "v"), RECIPE, 200, tmp_path)
    assert apart == here
    assert here.artifact != learner.train(train, valid, RECIPE).artifact, "the sample chooses the bins"
    lines = caplog.messages
    assert "binned 600 of 600 rows to train on" in lines
    assert "binned 600 of 600 rows again, without behaviour" in lines
    assert any(
        line.startswith("boosted lambdarank, round 3 of at most 30; nDCG@10 of the curve lists 0.") for line in lines
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t", "v"], "what they wrote is gone"


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"the process that should build ended with 1: (.|\n)*task\.json"):
        separate.run(separate.BUILD, tmp_path, print)


def test_rows_columns_and_batches_of_files_are_those_of_the_matrix(tmp_path: Path) -> None:
    rows = made.examples(queries=5)
    chosen = np.random.default_rng(1).random(len(rows)) < 0.6
    matrix, some = made.matrix(rows)[chosen], in_files(rows, tmp_path).take(chosen)
    assert isinstance(some.features, StoredFeatures)
    assert some.features.shape == matrix.shape
    assert np.array_equal(np.concatenate(list(feature_rows.batches(some.features))), matrix)
    assert np.array_equal(some.feature("c_match"), matrix[:, 0].astype(np.float64))
    window = Window(some.features)
    assert np.array_equal(np.concatenate([window.read(n, n + 1) for n in range(len(matrix))]), matrix)
    assert np.array_equal(Window(some.features).read(2, 19), matrix[2:19])


def test_each_row_group_is_read_once_in_a_pass_over_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    features = stored(made.matrix(made.examples(queries=5)), tmp_path)
    groups: list[int] = []
    whole = FeatureFiles.matrix

    def noted(self: FeatureFiles, group: int) -> Any:
        groups.append(group)
        return whole(self, group)

    monkeypatch.setattr(FeatureFiles, "matrix", noted)
    window = Window(features)
    for row in range(0, 50, 3):
        assert len(window.read(row, min(row + 3, 50))) <= 3
    assert groups == list(range(8))


def test_scores_and_the_leak_of_files_are_those_of_memory(tmp_path: Path) -> None:
    rows = made.examples(seed=4)
    model = learner.train(made.examples(), made.examples(seed=1), RECIPE)
    ranker = learner.load_model(model.artifact, model.sha256, model.names)
    there = in_files(rows, tmp_path)
    one, two = evaluation.model_scores(ranker, rows), evaluation.model_scores(ranker, there)
    assert {view: scores.tolist() for view, scores in one.items()} == {v: s.tolist() for v, s in two.items()}
    planted = made.matrix(rows).copy()
    planted[:, 2] = 1e6 - rows.grade
    leak = canary.find_leak(replace(rows, features=stored(planted, tmp_path / "leak")))
    assert leak is not None
    assert leak.startswith("Leak: the feature f_noise equals the label of 600 examples")
    assert canary.find_leak(there) is None


def task_of(rows: Examples, folder: Path, hidden: list[bool]) -> None:
    settings = Settings(PARAMETERS, ["lambdarank"], ["a", "b", "c", "d"], hidden, 3, None, 0)
    features = stored(made.matrix(rows), folder / "rows")
    sizes = np.full(len(rows) // 3, 3)
    Task(settings, {TRAIN: Rows(features, rows.grade, sizes, rows.weight)}).write(folder)


def test_twins_follow_their_rows_masked_halved_and_in_lists_of_their_own(tmp_path: Path) -> None:
    rows = made.examples(queries=20, items=3)
    task_of(rows, tmp_path, rows.behaviour.tolist())
    build(tmp_path, lambda _: None)
    data = lgb.Dataset(data_file(tmp_path, TRAIN), params=PARAMETERS).construct()
    assert data.get_group().tolist() == [3] * 40
    assert data.get_weight().tolist() == [0.25] * 120
    level = data.get_label().tolist()
    assert level[:60] == level[60:]
    masked = stored(np.where(rows.behaviour, np.nan, made.matrix(rows)).astype(np.float32), tmp_path / "masked")
    twins = np.concatenate([made.matrix(rows), *feature_rows.batches(masked)])
    plain = lgb.Dataset(
        twins, level, group=[3] * 40, weight=[0.25] * 120, feature_name=["a", "b", "c", "d"], params=PARAMETERS
    )
    one, other = (lgb.train(PARAMETERS, each, 5).predict(twins) for each in (data, plain))
    assert one.tolist() == other.tolist()


def test_without_twins_rows_weigh_what_they_do(tmp_path: Path) -> None:
    rows = made.examples(queries=20, items=3)
    task_of(rows, tmp_path, [])
    build(tmp_path, lambda _: None)
    data = lgb.Dataset(data_file(tmp_path, TRAIN), params=PARAMETERS).construct()
    assert data.get_weight().tolist() == [0.5] * 60


WIDE = Size(examples=50_000, trained=20_000, features=3_000)


def test_less_memory_takes_a_smaller_sample_and_then_shorter_row_groups() -> None:
    roomy = memory.choose(WIDE, Recipe(), "8g")
    tight = memory.choose(WIDE, Recipe(), f"{(roomy.need >> 20) - 1}m")
    least = memory.choose(WIDE, Recipe(), _least(WIDE))
    found = [(each.sample, each.row_group) for each in (roomy, tight, least)]
    assert found == [(20_000, 20_000), (20_000, 10_000), (5_000, 2_000)]
    assert tight.need <= tight.limit < roomy.need
    said = tight.describe(WIDE)
    assert "50,000 examples with 3,000 features" in said
    assert f"of training_memory = {tight.limit >> 20}m" in said
    assert "a sample of 20,000 rows, and features are read in row groups of 10,000" in said


def test_a_run_that_cannot_fit_is_refused_with_what_it_needs() -> None:
    with pytest.raises(ValueError, match="training_memory is 300m") as refused:
        memory.choose(WIDE, Recipe(), "300m")
    said = str(refused.value)
    assert "20,000 training examples and as many twins with 3,000 features need about" in said
    assert f"Set training_memory in search.yaml to at least {_least(WIDE)}, or set training.cuts to fewer cuts" in said


def _least(size: Size) -> str:
    """Return the least setting that the size fits into."""
    return f"{-(-memory.need(size, Recipe(), memory.SAMPLES[-1], memory.ROW_GROUPS[-1]) // (1 << 20))}m"


@pytest.mark.parametrize("text", ["2", "g", "0g", "2 g", "-1g", "2t", ""])
def test_a_setting_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"training_memory: .* is not a size; write a number and m or g"):
        memory.read_size(text)


@pytest.mark.parametrize("features", [2, 3_000])
def test_twins_double_what_grows_with_the_rows_and_no_more(features: int) -> None:
    def grows(recipe: Recipe) -> int:
        sizes = [Size(400_000, trained, features) for trained in (100_000, 200_000)]
        needs = [memory.need(size, recipe, 5_000, 2_000) for size in sizes]
        return needs[1] - needs[0]

    assert 0 < grows(Recipe()) == 2 * grows(Recipe(twins=False))
