"""Specs are rendered for Iceberg and Spark and read back, with the same columns and partitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from pyiceberg import types as I
from pyiceberg.partitioning import PartitionField, PartitionSpec, assign_fresh_partition_spec_ids
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.transforms import BucketTransform
from pyspark.sql import types as S

from tests.spec.strategies import specs
from tests.spec.writing import VISITS, load
from tidemark.errors import SpecError
from tidemark.spec import Column, DatasetSpec
from tidemark.spec.render.expectations import expectation_text
from tidemark.spec.render.iceberg import (
    from_partition_spec,
    from_schema,
    to_partition_spec,
    to_schema,
    to_table_properties,
)
from tidemark.spec.render.spark import from_struct, to_struct


@given(specs())
def test_columns_survive_iceberg(spec: DatasetSpec) -> None:
    written = to_schema(spec).model_dump_json()
    assert from_schema(Schema.model_validate_json(written)) == spec.columns
    assert list(from_schema(to_schema(spec))) == list(spec.columns)


@given(specs())
def test_columns_survive_spark(spec: DatasetSpec) -> None:
    written = to_struct(spec).json()
    back = from_struct(S.StructType.fromJson(json.loads(written)))
    assert back == spec.columns
    assert list(back) == list(spec.columns)


@given(specs())
def test_partitioning_survives_iceberg(spec: DatasetSpec) -> None:
    schema = to_schema(spec)
    written = to_partition_spec(spec, schema).model_dump_json()
    assert from_partition_spec(PartitionSpec.model_validate_json(written), schema) == spec.partition_by


@given(specs())
def test_a_table_takes_the_rendering_as_it_is(spec: DatasetSpec) -> None:
    """The catalog assigns new field ids when it creates a table. Our ids are the same as those."""
    schema = to_schema(spec)
    fresh = assign_fresh_schema_ids(schema)
    assert fresh == schema
    partitioning = to_partition_spec(spec, schema)
    assert assign_fresh_partition_spec_ids(partitioning, schema, fresh) == partitioning
    partitioning.check_compatible(schema)


@given(specs())
def test_the_grain_identifies_rows(spec: DatasetSpec) -> None:
    assert to_schema(spec).identifier_field_names() == set(spec.grain)


def of_columns(*columns: Column, grain: tuple[str, ...] = ("id",), event_time: str | None = None) -> DatasetSpec:
    return DatasetSpec(
        "made.up",
        "why",
        grain,
        "versioned",
        {c.name: c for c in columns},
        Path("up.yaml"),
        event_time=event_time,
    )


def test_a_grain_with_a_double_identifies_nothing_in_iceberg() -> None:
    spec = of_columns(Column("id", "long", "id", True), Column("x", "double", "x", True), grain=("id", "x"))
    assert to_schema(spec).identifier_field_ids == []


def test_what_iceberg_has_and_a_spec_has_not_is_named() -> None:
    for kind in (I.FloatType(), I.TimestampType(), I.UUIDType(), I.MapType(2, I.LongType(), 3, I.LongType())):
        schema = Schema(I.NestedField(1, "odd", kind, required=False))
        with pytest.raises(SpecError, match=r"column odd: the spec language has no type "):
            from_schema(schema)
    schema = Schema(I.NestedField(1, "id", I.LongType(), required=True))
    partitioning = PartitionSpec(PartitionField(1, 1000, BucketTransform(4), "id_bucket"))
    with pytest.raises(SpecError, match=r"partition id_bucket: the spec language has no transform bucket\[4\]"):
        from_partition_spec(partitioning, schema)


def test_what_spark_has_and_a_spec_has_not_is_named() -> None:
    for kind in (S.FloatType(), S.ShortType(), S.TimestampNTZType(), S.MapType(S.LongType(), S.LongType())):
        with pytest.raises(SpecError, match=r"column odd: the spec language has no type "):
            from_struct(S.StructType([S.StructField("odd", kind)]))


def test_tables_can_be_followed_and_audited(tmp_path: Path) -> None:
    properties = to_table_properties(load(tmp_path, VISITS))
    assert properties["format-version"] == "2"
    assert properties["write.metadata.metrics.default"] == "truncate(16)"
    assert properties["write.metadata.metrics.column.began_at"] == "full"
    assert properties["write.summary.partition-limit"] == "100"
    assert properties["write.distribution-mode"] == "hash"
    assert properties["write.spark.fanout.enabled"] == "false"
    assert {properties[f"write.{kind}.mode"] for kind in ("delete", "update", "merge")} == {"copy-on-write"}
    assert all(isinstance(value, str) for value in properties.values())


def test_a_wide_table_keeps_the_bounds_of_its_last_columns() -> None:
    wide = [Column(f"c{i}", "double", "c") for i in range(101)]
    last = [
        Column("text", "string", "t"),
        Column("tags", "list<string>", "t"),
        Column("at", "timestamp", "t", True),
    ]
    properties = to_table_properties(of_columns(Column("id", "long", "id", True), *wide, *last, event_time="at"))
    modes = {k.removeprefix("write.metadata.metrics.column."): v for k, v in properties.items() if ".column." in k}
    assert modes == {"c99": "full", "c100": "full", "text": "truncate(16)", "at": "full"}
    assert properties["write.distribution-mode"] == "none"


def test_expectations_are_called_as_the_spec_words_them(tmp_path: Path) -> None:
    words = [expectation_text(expectation) for expectation in load(tmp_path, VISITS).expectations]
    assert words == ["rows where bought > 50", "row count", "mean of bought", "distinct shop"]
