"""Parquet files."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from tests.landing.reading import Landing, event, query

AT = datetime(2026, 4, 12, 7, 15, 0, 250_000, tzinfo=UTC)


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=1000, write_page_checksum=True, compression="none")
    return buffer.getvalue()


def table(rows: int, unit: Literal["ms", "us", "ns"] = "ms") -> pa.Table:
    records = pa.Table.from_pylist([query(query_id=f"q{n}") for n in range(rows)])
    when = pa.array([AT] * rows, pa.timestamp(unit, tz="UTC"))
    return records.set_column(records.schema.get_field_index("timestamp"), "timestamp", when)


def test_rows_land_with_their_number_whatever_the_unit_of_time(landing: Landing) -> None:
    units: tuple[Literal["ms", "us", "ns"], ...] = ("ms", "us", "ns")
    for unit in units:
        landing.put(f"queries/{unit}.parquet", parquet(table(3, unit)))
    rows = landing.rows("search_queries")
    assert [row["place"] for row in rows] == [1, 2, 3] * 3
    assert {row["queried_at"] for row in rows} == {AT}
    assert rows[0]["query_attributes"] == '{"device":"phone"}'
    assert len({(row["record_id"], row["file_id"]) for row in rows}) == 9


def test_nested_columns_and_json_text_in_columns_are_read_alike(landing: Landing) -> None:
    as_text = event(event_attributes='{"object": {"object_id": "i2"}, "position": {"ordinal": 2}}')
    for name, record in (("nested", event()), ("text", as_text)):
        landing.put(f"events/{name}.parquet", parquet(pa.Table.from_pylist([record])))
    rows = landing.rows("search_events")
    assert [(row["item_id"], row["position"]) for row in rows] == [("i2", 2)] * 2
    assert rows[0]["event_attributes"] == rows[1]["event_attributes"]


def test_queries_and_events_in_one_file_are_told_apart_by_values_for_each_row_has_all_columns(landing: Landing) -> None:
    nameless = event(action_name=None, event_attributes=None)
    records = [query(), event(), query(query_attributes=None, query_response_id=None), nameless]
    columns = sorted({key for record in records for key in record})
    mixed = pa.Table.from_pylist([{column: record.get(column) for column in columns} for record in records])
    landing.put("logs/both.parquet", parquet(mixed))
    assert [row["place"] for row in landing.rows("search_queries")] == [1, 3]
    assert [row["place"] for row in landing.rows("search_events")] == [2]
    assert landing.refusals() == {4: "action_name is missing"}


def test_s29_truncated_empty_and_foreign_files_are_refused_whole(landing: Landing) -> None:
    whole = parquet(table(10))
    for name, content in (("cut", whole[:-20]), ("empty", b""), ("foreign", b"hello")):
        landing.put(f"queries/{name}.parquet", content)
    assert landing.rows("search_queries") == []
    rows = landing.rows("quarantined_records")
    assert [(row["file_path"], row["place"]) for row in rows] == [
        ("queries/cut.parquet", 0), ("queries/empty.parquet", 0), ("queries/foreign.parquet", 0),
    ]  # fmt: skip
    assert all(row["reason"].startswith("broken Parquet: ") for row in rows)


def test_s29_before_a_flipped_bit_the_rows_land(landing: Landing) -> None:
    content = bytearray(parquet(table(5000)))
    content[content.index(b"q4500")] ^= 1
    landing.put("queries/a.parquet", bytes(content))
    landed = len(landing.rows("search_queries"))
    ((place, reason),) = landing.refusals().items()
    assert landed < 5000
    assert place == 0
    assert reason.startswith(f"broken Parquet: after row {landed}: ")


def test_a_missing_column_is_named(landing: Landing) -> None:
    landing.put("queries/a.parquet", parquet(table(2).drop_columns(["query_id"])))
    assert landing.refusals() == {1: "query_id is missing", 2: "query_id is missing"}
