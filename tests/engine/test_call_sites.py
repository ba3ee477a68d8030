"""An error of the engine names the line that asked for it, and looking for notebook packages costs nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tidemark.engine import call_sites

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_only_what_is_not_installed_is_remembered_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, installed, imported = "a_package_that_nobody_has", "xml", "sys"
    monkeypatch.setattr(call_sites, "ASKED_FOR", (missing, installed, imported))
    monkeypatch.delitem(sys.modules, installed, raising=False)
    try:
        call_sites.remember_what_is_missing()
        call_sites.remember_what_is_missing()
        assert sys.modules[missing] is None
        assert installed not in sys.modules
        assert sys.modules[imported] is sys
    finally:
        sys.modules.pop(missing, None)


@pytest.mark.spark
def test_an_error_names_the_line_of_the_expression(spark: SparkSession) -> None:
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    divided = spark.range(1).select(F.lit(1).cast("int") / F.col("id"))
    with pytest.raises(PySparkException, match=r"was called from\s+\S*test_call_sites\.py:\d+"):
        divided.collect()
