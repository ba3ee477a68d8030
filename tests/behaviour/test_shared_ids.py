"""A query_id that a logger writes for everybody is not used as an id, and does not affect the other rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from ranking.traffic.showings import MOST
from tests.behaviour.world import World
from tests.cases.case import frame

START = datetime(2026, 4, 12, 10, tzinfo=UTC)
PARAMS = {"ranges": ((START - timedelta(days=9), START + timedelta(days=9)),)}


def request(number: int, query_id: str) -> dict[str, Any]:
    at = START + timedelta(seconds=number)
    return {
        "application": "shop",
        "record_id": f"{query_id}{number}",
        "file_id": "f",
        "arrived_at": at,
        "requested_at": at,
        "query_id": query_id,
        "client_id": f"c{number}",
        "query": "tent",
        "device": "phone",
        "user_sorted": False,
        "user_filtered": False,
        "sponsored": False,
        "hit_ids": ["a", "b"],
    }


@pytest.mark.spark
@pytest.mark.parametrize(("clients", "shown"), [(MOST // 2, MOST), (3 * MOST, 0)])
def test_a_constant_query_id_counts_as_an_id_only_for_a_few_clients(
    world: World, spark: SparkSession, clients: int, shown: int
) -> None:
    rows = [request(number, "1234") for number in range(clients)] + [request(0, "own")]
    tables = {"search_requests": frame(spark, world.specs["search_requests"], rows).toArrow()}
    found = world.run("impressions", PARAMS["ranges"], tables).to_pylist()
    assert sum(row["query_id"] == "1234" for row in found) == shown
    assert sum(row["query_id"] == "own" for row in found) == 2
