"""Keys are read by the types of the grain, and the rows of an input are found by rules. No engine is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import CHECKOUT
from tidemark.errors import RequestRefused
from tidemark.operate.origin.chain import Explanation, LandedRows, Origin, Step
from tidemark.operate.origin.keys import read_keys
from tidemark.operate.origin.matching import match, times_of
from tidemark.operate.origin.text import explanation_lines
from tidemark.settings import load_settings
from tidemark.spec import Column, DatasetSpec
from tidemark.spec.load import load_specs
from tidemark.state.ranges import MICROSECOND, Interval

SPECS = load_specs(CHECKOUT / "schemas", load_settings({}).values)
TYPES = ("string", "int", "long", "double", "boolean", "date", "timestamp", "decimal(9, 2)")


def typed() -> DatasetSpec:
    columns = {kind.split("(")[0]: Column(kind.split("(")[0], kind, "a key", required=True) for kind in TYPES}
    return replace(SPECS["search.interactions"], grain=tuple(columns), columns=columns)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("string=a=b", "a=b"),
        ("string=", ""),
        ("int=-7", -7),
        ("long=9007199254740993", 9007199254740993),
        ("double=0.5", 0.5),
        ("boolean=True", True),
        ("date=2026-04-12", date(2026, 4, 12)),
        ("timestamp=2026-04-12T07:00Z", datetime(2026, 4, 12, 7, tzinfo=UTC)),
        ("decimal=1.50", Decimal("1.50")),
    ],
)
def test_a_value_is_read_in_the_type_of_its_column(text: str, value: Any) -> None:
    assert list(read_keys(typed(), [text]).values()) == [value]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["query_id"], r"'query_id': write it as column=value; the grain is application, query_id, item_id, shown_at"),
        (["item=1"], r"'item': is no column of it, search\.interactions \(did you mean item_id\?\); the grain is "),
        (["clicks=1"], r"'clicks': is no column of its grain, search\.interactions; the grain is "),
        (["query_id=a", "query_id=b"], "query_id: is given twice"),
        (["shown_at=yesterday"], "shown_at: 'yesterday' is not of type timestamp; write an instant such as"),
        (["query_id=" + "x" * 3000], "query_id: longer than 2000 characters"),
        (["\x1b[31m=1"], r"x1b\[31m': is no column of it"),
    ],
)
def test_a_wrong_key_is_refused_with_what_to_write(texts: list[str], message: str) -> None:
    with pytest.raises(RequestRefused, match=message) as refused:
        read_keys(SPECS["search.interactions"], texts)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "text", ["int=2147483648", "int=1.5", "boolean=yes", "date=2026-13-01", "decimal=x", "double=x"]
)
def test_a_value_of_another_type_is_refused(text: str) -> None:
    with pytest.raises(RequestRefused, match="is not of type"):
        read_keys(typed(), [text])


@pytest.mark.parametrize(
    ("dataset", "name", "columns", "by_time", "specific"),
    [
        ("search.user_actions", "events", {"application", "record_id", "file_id"}, False, True),
        ("search.interactions", "impressions", {"application", "query_id", "item_id", "shown_at"}, False, True),
        ("search.interactions", "actions", {"application", "query_id", "item_id"}, True, True),
        ("search.impressions", "requests", {"application", "query_id"}, True, True),
        ("ranking.query_item_features", "counts", {"application", "query", "item_id"}, True, True),
        ("ranking.query_item_features", "propensities", {"application"}, True, False),
        ("ranking.ranker_scores", "rankers", {"model_version"}, False, True),
        ("ranking.ranker_scores", "features", {"application", "query", "item_id", "day"}, False, True),
        ("ranking.rankers", "examples", set(), False, False),
    ],
)
def test_the_rows_of_an_input_are_found_by_what_both_have(
    dataset: str, name: str, columns: set[str], by_time: bool, specific: bool
) -> None:
    spec = SPECS[dataset]
    found = match(spec, SPECS[spec.inputs[name].dataset], spec.inputs[name])
    assert (set(found.columns), found.by_time, found.specific) == (columns, by_time, specific)


def test_a_column_of_another_name_is_found_by_what_the_spec_says() -> None:
    scores = SPECS["ranking.ranker_scores"]
    assert (
        match(scores, SPECS["ranking.query_item_features"], scores.inputs["features"]).columns["day"] == "feature_day"
    )


def test_a_chain_in_words_cuts_long_values_and_forges_no_line() -> None:
    row = {"application": "shop", "query_id": "q\x1b[31m\nlanded files: 7", "item_id": "i" * 500}
    files = tuple(LandedRows(f"logs/{number:03}.jsonl", "0" * 64, (number,)) for number in range(60))
    origin = Origin("s1", 2, 1, cause="news", run="land/\nx", files=files)
    found = Explanation(
        Step("", "search.search_events", 1, "of the given keys", 12, rows=(row,), origins=(origin,)), ()
    )
    lines = explanation_lines(found, SPECS)
    assert lines[0] == "search.search_events: 12 rows with these keys, at snapshot 1"
    assert lines[2] == "  only these 1 are explained; give more columns of the grain"
    assert "landed files: 60" in lines and lines[-1] == "  and 10 more"
    assert all(line.isprintable() and len(line) < 300 for line in lines)


def test_the_window_says_which_times_a_row_depends_on() -> None:
    features, interactions = SPECS["ranking.query_item_features"], SPECS["search.interactions"]
    day = datetime(2026, 4, 12, tzinfo=UTC)
    assert times_of(features, features.inputs["counts"], {"day": date(2026, 4, 12)}) == (
        Interval(day - timedelta(days=28), day),
    )
    shown = day + timedelta(hours=7)
    (times,) = times_of(interactions, interactions.inputs["actions"], {"shown_at": shown})
    assert (times.start, times.end) == (shown - timedelta(minutes=5), shown + timedelta(days=14) + MICROSECOND)
