"""Runs each data case through the transform of its dataset. New files are found automatically."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.cases.case import Case, compare, run
from tidemark.settings import Settings, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.yaml"))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the checkout, without a `search.yaml` of a home."""
    return load_settings({**os.environ, "TIDEMARK_HOME": str(tmp_path_factory.mktemp("home"))})


@pytest.fixture(scope="module")
def specs(settings: Settings) -> dict[str, DatasetSpec]:
    """All specs of the checkout, by full name."""
    return load_specs(settings.schemas, settings.values)


@pytest.mark.spark
@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path, specs: dict[str, DatasetSpec], settings: Settings, spark: SparkSession) -> None:
    case = Case.read(path)
    dataset = next(spec for spec in specs.values() if spec.name == path.parent.name)
    if case.refused is not None:
        with pytest.raises(ValueError, match=re.escape(case.refused)):
            run(case, dataset, specs, settings.values, spark)
        return
    faults = compare(dataset, run(case, dataset, specs, settings.values, spark), case.then or [])
    assert not faults, "\n".join([case.why, *faults])


def test_every_dataset_of_rows_has_a_case(specs: dict[str, DatasetSpec]) -> None:
    """Stateless and stateful datasets need one. Parsers of landed datasets and versioned datasets have other tests."""
    wanted = {spec.name for spec in specs.values() if spec.mode in ("stateless", "stateful")}
    missing = wanted - {path.parent.name for path in CASES}
    assert not missing, "datasets without a data case in tests/cases/"
