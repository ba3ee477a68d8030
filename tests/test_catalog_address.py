"""What becomes of the address of a Postgres catalog on its way to PyIceberg and to Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemark.catalog.lake import catalog_properties
from tidemark.engine.session import catalog_conf
from tidemark.errors import EngineError
from tidemark.settings import Settings

ADDRESS = "postgresql+psycopg2://user:p%40ss@host:5432/lake"


@pytest.mark.parametrize(
    ("said", "to_pyiceberg", "to_spark"),
    [
        ("", "?options=-c+lock_timeout%3D30000", "-c lock_timeout=30000"),
        ("?options=-c%20lock_timeout%3D5", "?options=-c+lock_timeout%3D5", "-c lock_timeout=5"),
        ("?options=%20", "?options=+", " "),
    ],
)
def test_a_postgres_catalog_is_waited_for_but_not_for_ever(said: str, to_pyiceberg: str, to_spark: str) -> None:
    settings = Settings(home=Path("/home"), schemas=Path("schemas"), catalog_uri=ADDRESS + said)
    conf = catalog_conf(settings)

    assert catalog_properties(settings)["uri"] == ADDRESS + to_pyiceberg
    assert conf["spark.sql.catalog.lake.jdbc.options"] == to_spark
    assert conf["spark.sql.catalog.lake.jdbc.password"] == "p@ss"
    assert conf["spark.sql.catalog.lake.uri"] == "jdbc:postgresql://host:5432/lake"


@pytest.mark.parametrize("address", ["nonsense", "mysql://host/lake", "http://host:x"])
def test_an_address_of_no_catalog_that_both_share_is_refused_in_a_sentence(address: str) -> None:
    with pytest.raises(EngineError, match="TIDEMARK_CATALOG_URI"):
        catalog_conf(Settings(home=Path("/home"), schemas=Path("schemas"), catalog_uri=address))
