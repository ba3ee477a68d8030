"""No content of a file raises: each part of it becomes a record or a row of the quarantine."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.hostile.fuzzing import tried
from tests.landing.reading import QUARANTINE, Landing, event, query
from tidemark.landing.formats.bulk import action_of
from tidemark.landing.formats.jsontext import decode_json
from tidemark.settings import load_settings

MAGIC = (b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"PK\x03\x04", b"\x04\x22\x4d\x18")
"""The first bytes of files that are not text."""
EVENTS = ("search_queries", "search_events")
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["\u0000", "\u202e", "а", "'; DROP TABLE x", "{{ x }}", "2026-04-12", "-0"]
)
NUMBERS = st.integers(-(10**25), 10**25) | st.floats() | st.sampled_from([1e308, 1 << 63, 253402300799000, 0.1, -1])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*query(), *event(), "grade", "object_id", "features", "valid_from", "extra"])
RAW = st.sampled_from(
    [
        b'"\\ud800"',
        b'"\\ud83d\\ude00"',
        b'"{\\"a\\":\\"\\\\ud800\\"}"',
        b"1e999",
        b"-1e999",
        b"NaN",
        b"9" * 400,
        b"9" * 5000,
        b"[" * 150 + b"]" * 150,
        b"[" * 985 + b"]" * 985,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b'"' + b"x" * 70_000 + b'"',
        b'{"a":1,"a":2}',
        b"\xff\xfe",
        b"0001-01-01",
        b'"9999-12-31T23:59:59-14:00"',
    ]
)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def with_raw(record: dict[str, Any], name: str, raw: bytes) -> bytes:
    """Return a record as text, with one value written by hand, after another value of the same name if there is one."""
    return as_json(record)[:-1] + b', "' + name.encode() + b'": ' + raw + b"}"


RECORDS = st.sampled_from([query(), event()])
LINES = st.one_of(
    RECORDS.map(as_json),
    st.builds(lambda r, n, v: as_json({**r, n: v}), RECORDS, NAMES, ANYTHING),
    st.builds(with_raw, RECORDS, NAMES, RAW),
    st.lists(st.builds(lambda r, n, v: {**r, n: v}, RECORDS, NAMES, ANYTHING) | ANYTHING, max_size=3).map(as_json),
    ANYTHING.map(as_json),
    RAW,
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")),
    st.sampled_from([b"", b"  ", b"\r", b"{", b"[", b"]", b"\xef\xbb\xbf{}", b"\x00"]),
    st.sampled_from(
        [b'{"index":{"_index":"ubi_events","_id":"1"}}', b'{"create":{}}', b'{"update":{"_id":"2"}}', b'{"delete":{}}']
    ),
)
FILES = st.lists(LINES, max_size=6).map(b"\n".join)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """One landing folder for all inputs. Each input overwrites the one before."""
    home = tmp_path_factory.mktemp("home")
    (home / "search.yaml").write_text("landing: {settling: 0s, longest_line: 100000}\n")
    return Landing(load_settings({"TIDEMARK_HOME": str(home)}))


def land(landing: Landing, path: str, content: bytes, *names: str) -> tuple[list[Any], list[Any]]:
    """Write a file and return its rows and refusals."""
    target = landing.settings.landing / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    rows = [row for name in names for row in landing.rows(name, path)]
    refused = landing.rows(QUARANTINE, path)
    for row in refused:
        assert row["reason"].strip()
        assert row["file_path"] == path
        assert row["place"] >= 0
    return rows, refused


def pieces(content: bytes) -> int:
    """Count the records of a text file in a slow, naive way, broken records included. An empty file counts as one."""
    lines = [line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    first = next((line for line in lines if line), b"")
    if first[:1] in (b"{", b"[") and len(first) < 32_000 and read(first) is BROKEN:
        whole = read(content.removeprefix(b"\xef\xbb\xbf"))
        if whole is not BROKEN:
            return len(whole) or 1 if isinstance(whole, list) else 1
        if first in (b"{", b"["):
            return 1
    return sum(_pieces_of_lines([line for line in lines if line])) or 1


def _pieces_of_lines(lines: list[bytes]) -> Iterator[int]:
    waiting = None
    for line in lines:
        value = read(line) if len(line) <= 100_000 else BROKEN
        action = None if value is BROKEN else action_of(1, value, line)
        if action is not None:
            yield (waiting is not None) + (action.kind == "delete")
            waiting = None if action.kind == "delete" else action
            continue
        several = isinstance(value, list) and (waiting is None or not waiting.refusal)
        # An action must be followed by a document.
        yield len(value) or (waiting is not None) if isinstance(value, list) and several else 1
        waiting = None
    yield waiting is not None


BROKEN = object()


def read(raw: bytes) -> Any:
    try:
        return decode_json(raw)
    except ValueError:
        return BROKEN


@tried
@given(FILES)
@example(with_raw(query(), "extra", b"1e999"))
@example(with_raw(query(), "query_attributes", b'"{\\"a\\":\\"\\\\ud800\\"}"'))
@example(with_raw(query(), "query_attributes", b'["\\ud83d\\ude00",' + b"[" * 984 + b"]" * 984 + b"]"))
@example(b"[\n" + with_raw(query(), "query_attributes", b"[" * 983 + b"]" * 983) + b"\n]")
def test_each_piece_of_a_log_file_becomes_one_row_or_one_refusal(landing: Landing, content: bytes) -> None:
    assume(not content.startswith(MAGIC))
    rows, refused = land(landing, "logs/a.jsonl", content, *EVENTS)
    assert len(rows) + len(refused) == pieces(content)
    places = [row["place"] for row in rows + refused]
    assert len(set(places)) == len(places)


@tried
@given(FILES, st.none() | st.tuples(st.integers(0, 10_000), st.integers(0, 255)), st.integers(0, 40))
def test_a_gzip_file_loses_nothing_and_a_broken_one_is_named(
    landing: Landing, content: bytes, flip: tuple[int, int] | None, cut: int
) -> None:
    raw = bytearray(gzip.compress(content, mtime=0))
    if flip is not None:
        raw[flip[0] % len(raw)] = flip[1]
    broken = bytes(raw[: len(raw) - cut] if cut > 20 else raw)
    rows, refused = land(landing, "logs/a.jsonl.gz", broken, *EVENTS)
    try:
        whole = gzip.decompress(broken)
    except (OSError, EOFError, ValueError, gzip.zlib.error):  # type: ignore[attr-defined]
        assert rows or refused
    else:
        assert len(rows) + len(refused) == pieces(whole)


@tried
@given(st.binary(max_size=400), st.sampled_from(["logs/a", "logs/a.parquet", "logs/a.csv", "items/a", "judgments/a"]))
def test_any_bytes_are_landed_or_refused(landing: Landing, content: bytes, path: str) -> None:
    names = {"logs": EVENTS, "items": ("catalog_items",), "judgments": ("judgments",)}[path.split("/")[0]]
    rows, refused = land(landing, path, content, *names)
    assert rows or refused


@tried
@given(st.lists(st.builds(lambda n, v, m, w: {n: v, m: w}, NAMES, ANYTHING, NAMES, ANYTHING) | ANYTHING, max_size=5))
def test_what_is_handed_in_becomes_rows_or_a_refusal(landing: Landing, records: list[Any]) -> None:
    pair = {"user_query": "a", "object_id": "i1", "logged_at": "2026-04-01", "features": {"x": 1}, "grade": 3}
    given = [{**pair, **one} if isinstance(one, dict) else one for one in records]
    content = b"\n".join(as_json(one) for one in given)
    for folder, name in (("items", "catalog_items"), ("feature_log", "feature_log")):
        rows, refused = land(landing, f"{folder}/a.jsonl", content, name)
        found = {row["place"] for row in rows} | {row["place"] for row in refused}
        assert len(found) == pieces(content)
    land(landing, "judgments/a.jsonl", content, "judgments")


CELLS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    pa.float64(): st.floats(),
    pa.int64(): st.integers(-(1 << 63), (1 << 63) - 1),
    pa.bool_(): st.booleans(),
    pa.binary(): st.binary(max_size=8),
    pa.timestamp("us"): st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    pa.timestamp("ns", tz="UTC"): st.integers(-(1 << 63) + 1, (1 << 63) - 1),
    pa.date32(): st.dates(date(1, 1, 1)),
    pa.list_(pa.string()): st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=3),
    pa.map_(pa.string(), pa.float64()): st.dictionaries(st.sampled_from("abc"), st.floats(), max_size=3).map(
        lambda found: list(found.items())
    ),
    pa.struct([("object", pa.struct([("object_id", pa.float64())]))]): st.floats().map(
        lambda number: {"object": {"object_id": number}}
    ),
}


@st.composite
def parquet_files(draw: st.DrawFn) -> tuple[bytes, int]:
    """Return a Parquet file with columns of any type, and its rows."""
    count = draw(st.integers(0, 4))
    columns = {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=5, unique=True)):
        kind = draw(st.sampled_from(list(CELLS)))
        columns[name] = pa.array(draw(st.lists(st.none() | CELLS[kind], min_size=count, max_size=count)), kind)
    columns.setdefault("timestamp", pa.array(["2026-04-12T07:00:00Z"] * count, pa.string()))
    columns.setdefault("query_id", pa.array(["q"] * count, pa.string()))
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, write_page_checksum=True)
    return out.getvalue(), count


@tried
@given(parquet_files())
def test_each_row_of_a_parquet_file_becomes_one_row_or_one_refusal(landing: Landing, made: tuple[bytes, int]) -> None:
    content, count = made
    rows, refused = land(landing, "logs/a.parquet", content, *EVENTS)
    assert len(rows) + len(refused) == count


@tried
@given(
    parquet_files(), st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=3), st.integers(0, 99)
)
def test_a_spoilt_parquet_file_is_refused_or_read(
    landing: Landing, made: tuple[bytes, int], flips: list[tuple[int, int]], cut: int
) -> None:
    raw = bytearray(made[0][: len(made[0]) - cut])
    for place, value in flips:
        raw[4 + place % max(1, len(raw) - 8)] = value
    rows, refused = land(landing, "logs/a.parquet", bytes(raw), *EVENTS)
    assert rows or refused or not (made[1] and not flips)


@pytest.mark.parametrize(("fill", "size"), [(b"x", 16 << 20), (b"[", 16 << 20), (b" ", 16 << 20), (b"\n", 1 << 18)])
def test_a_file_that_expands_without_end_takes_little_memory(landing: Landing, fill: bytes, size: int) -> None:
    bomb = gzip.compress(fill * size, compresslevel=9)
    assert len(bomb) < 32 << 10
    land(landing, "logs/first.jsonl", as_json(query()), *EVENTS)  # memory of imported modules is not counted
    tracemalloc.start()
    rows, refused = land(landing, "logs/bomb.jsonl.gz", bomb, *EVENTS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 << 20 or size < 1 << 20
    assert (len(rows), len(refused)) == (0, 1)
