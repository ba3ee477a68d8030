"""The dataset names that DAGs read from spec files are those that the loop loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tidemark.airflow.names import datasets_of
from tidemark.settings import CHECKOUT, load_settings
from tidemark.spec.load import load_specs

NAMED = "dataset: search.interactions"


@pytest.mark.parametrize(
    "line",
    [
        NAMED,
        'dataset: "search.interactions"',
        "dataset: 'search.interactions'",
        '"dataset": search.interactions',
        "dataset : search.interactions  # in other words",
    ],
)
def test_a_dataset_is_found_however_yaml_writes_it(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "schemas"
    shutil.copytree(CHECKOUT / "schemas", folder)
    file = folder / "interactions.yaml"
    file.write_text(file.read_text().replace(NAMED, line))
    settings = load_settings({"TIDEMARK_HOME": str(tmp_path)})
    assert datasets_of(folder) == sorted(load_specs(folder, settings.values))
