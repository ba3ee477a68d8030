"""Any content of a file lands or is refused with a reason."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.landing.reading import Landing, event, query
from tidemark.landing.formats.lines import Line, split_lines
from tidemark.landing.reading import split_files
from tidemark.landing.rows.instants import EPOCH, read_instant, to_micros
from tidemark.settings import load_settings
from tidemark.state.effect import FileRef

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PATHS = [
    ("action_name",),
    ("query_id",),
    ("timestamp",),
    ("application",),
    ("event_attributes",),
    ("message",),
    ("user_query",),
    ("query_response_hit_ids",),
    ("query_attributes",),
    ("event_attributes", "object"),
    ("event_attributes", "position"),
    ("event_attributes", "position", "ordinal"),
]


def spoilt(record: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    head, *rest = path
    inner = record.get(head)
    below = spoilt(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value
    return {**record, head: below}


LINES = st.one_of(
    st.binary(max_size=200).map(lambda b: b.replace(b"\n", b" ")),
    ANYTHING.map(lambda v: json.dumps(v).encode()),
    st.builds(spoilt, st.sampled_from([query(), event()]), st.sampled_from(PATHS), ANYTHING).map(
        lambda r: json.dumps(r).encode()
    ),
    st.sampled_from([b'{"index":{"_index":"ubi_events","_id":"1"}}', b'{"delete":{}}', json.dumps(query()).encode()]),
)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(LINES, max_size=6),
    st.sampled_from(["logs/a.jsonl", "logs/a.json.gz", "judgments/a.txt", "items/a"]),
)
@example([b"[", b"]"], "logs/a.jsonl")
@example([b'{"query_id":"\\ud800","timestamp":"2026-04-12"}'], "logs/a.jsonl")
@example([b'{"index":{"_index":"ubi_events","_id":"1"}}', b"[]"], "logs/a.jsonl")
def test_no_file_stops_landing_and_no_place_is_met_twice(lines: list[bytes], path: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        landing = Landing(load_settings({"TIDEMARK_HOME": home}))
        landing.put(path, b"\n".join(lines))
        tables = ("search_queries", "search_events") if path.startswith("logs") else ("judgments", "catalog_items")
        landed = [row for name in tables for row in landing.rows(name)]
        refused = landing.rows("quarantined_records")
    grain = [(row["application"], row["record_id"]) for row in landed]
    places = {row["place"] for row in landed}
    assert len(set(grain)) == len(grain)
    assert len({row["place"] for row in refused}) == len(refused)
    assert places.isdisjoint(row["place"] for row in refused)
    if not any(isinstance(value, list) or path.startswith("judg") for value in map(loosely, lines)):
        at_most = sum(1 for line in lines if line.strip()) or 1  # A file without a record is refused as a whole.
        assert len(landed) + len(refused) <= at_most
    assert bool(landed or refused) or not any(is_record(line) for line in lines)


def loosely(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def is_record(line: bytes) -> bool:
    return isinstance(loosely(line), dict)


@given(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), max_size=8), st.integers(1, 7))
def test_lines_are_the_same_however_the_stream_hands_them_over(lines: list[bytes], step: int) -> None:
    content = b"\n".join(lines)
    position = 0

    def read(_: int) -> bytes:
        nonlocal position
        position += step
        return content[position - step : position]

    found = [line.content for line in split_lines(read, 1000) if isinstance(line, Line)]
    expected = content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if content else []
    assert found == (expected[:-1] if expected and not expected[-1] and content[-1:] == b"\n" else expected)


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 9))
def test_of_long_lines_the_number_counts_and_nothing_else_is_touched(lengths: list[int], step: int) -> None:
    content = b"".join(b"x" * length + b"\n" for length in lengths)
    position = 0

    def read(_: int) -> bytes:
        nonlocal position
        position += step
        return content[position - step : position]

    found = list(split_lines(read, 20))
    kept = [(n, length) for n, length in enumerate(lengths, 1) if length <= 20]
    assert len(found) == len(lengths)
    assert [(line.number, len(line.content)) for line in found if isinstance(line, Line)] == kept


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))
def test_an_instant_is_read_back_from_each_of_its_forms(naive: datetime) -> None:
    instant = naive.replace(tzinfo=UTC)
    micros = to_micros(instant)
    assert read_instant(instant) == read_instant(instant.isoformat()) == read_instant(f"{naive.isoformat()}Z") == micros
    assert read_instant(micros // 1000) == read_instant(str(micros // 1000)) == micros // 1000 * 1000
    assert EPOCH.timestamp() == 0


@given(st.lists(st.integers(0, 1 << 33), max_size=60), st.integers(1, 16))
def test_every_file_is_in_one_task_and_tasks_are_few(sizes: list[int], cores: int) -> None:
    files = [FileRef(f"logs/{n}.jsonl", size, str(n)) for n, size in enumerate(sizes)]
    tasks = split_files(files, cores)
    assert sorted(f.path for task in tasks for f in task) == sorted(f.path for f in files)
    assert 1 <= len(tasks) <= max(1, min(8 * cores, len(files)))
    assert all(tasks) or not files
