"""The fixture of the random world, in which all datasets are built once in full."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.behaviour.world import World


@pytest.fixture(scope="session")
def world(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Five weeks of random logs and all datasets built from them."""
    return World.build(spark, tmp_path_factory.mktemp("home"))
