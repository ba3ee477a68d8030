"""A table that one engine creates from a spec has the same columns in the other engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.writing import VISITS, load
from tidemark.catalog import open_lake
from tidemark.catalog.properties import CATALOG
from tidemark.engine.session import connect
from tidemark.settings import Settings
from tidemark.spec.render.iceberg import from_partition_spec, from_schema, to_schema, to_table_properties
from tidemark.spec.render.spark import from_struct

pytestmark = pytest.mark.spark


def test_columns_and_partitions_survive_the_catalog_and_spark(settings: Settings, tmp_path: Path) -> None:
    spec = load(tmp_path, VISITS)
    table = open_lake(settings).ensure_table(spec)
    assert table.schema() == to_schema(spec)
    assert from_partition_spec(table.spec(), table.schema()) == spec.partition_by
    kept = {key: table.properties[key] for key in to_table_properties(spec) if key in table.properties}
    assert {**kept, "format-version": "2"} == to_table_properties(spec)
    assert table.format_version == 2
    seen = from_struct(connect(settings).table(f"{CATALOG}.{spec.dataset}").schema)
    assert seen == from_schema(table.schema())
    assert {name: (c.type, c.required, c.means, c.unit) for name, c in seen.items()} == {
        name: (c.type, c.required, c.means, c.unit) for name, c in spec.columns.items()
    }
