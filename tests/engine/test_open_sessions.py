"""Sessions of a process: one a home, the oldest closed when there are many, none closed by garbage collection."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from pyspark.sql.connect.session import SparkSession

from tidemark.engine.session import MOST_OPEN, connect, open_session
from tidemark.settings import CHECKOUT, Settings

pytestmark = pytest.mark.spark


def home_of(folder: Path, spark_remote: str) -> Settings:
    return Settings(home=folder, schemas=CHECKOUT / "schemas", spark_remote=spark_remote)


def test_a_home_keeps_its_session_and_the_one_unused_for_longest_is_closed(tmp_path: Path, spark_remote: str) -> None:
    homes = [home_of(tmp_path / str(number), spark_remote) for number in range(MOST_OPEN + 1)]
    first, second = connect(homes[0]), connect(homes[1])
    for home in homes[2:-1]:
        connect(home)
    assert connect(homes[0]) is first
    last = connect(homes[-1])
    assert second.is_stopped and not first.is_stopped
    assert connect(homes[0]) is first and last.range(2).count() == 2
    assert SparkSession.builder.getOrCreate().range(4).count() == 4, "Great Expectations asks for any session"
    again = connect(homes[1])
    assert again is not second and again.range(3).count() == 3


def test_a_session_that_nobody_holds_is_not_closed_by_the_garbage_collector(spark_remote: str) -> None:
    dropped = weakref.ref(open_session(spark_remote, {"spark.sql.session.timeZone": "UTC"}))
    gc.collect()
    session = dropped()
    assert session is not None and not session.is_stopped
    session.stop()
