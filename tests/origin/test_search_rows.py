"""A row of the search tables leads to the very lines of the landed files that it comes from."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.origin.conftest import reached, session_of
from tests.record_accounts.logs import FIRST, LogShop, act, query
from tidemark.errors import RequestRefused
from tidemark.operate.origin.chain import Explanation, Step
from tidemark.operate.origin.explanation import explain_row
from tidemark.operate.origin.keys import read_keys

pytestmark = [pytest.mark.loop, pytest.mark.spark]

QUERIES, EVENTS, INTERACTIONS = "search.search_queries", "search.search_events", "search.interactions"


def explain(shop: LogShop, dataset: str, *keys: str) -> Explanation:
    return explain_row(shop.context.lake, shop.context.specs, dataset, read_keys(shop.context.spec(dataset), keys))


def inputs(step: Step) -> dict[str, Step]:
    (origin,) = step.origins
    return {read.input: read for read in origin.inputs}


def test_a_late_click_leads_to_the_file_and_line_that_held_it(shop: LogShop) -> None:
    shop.hand_in("a.jsonl", FIRST)
    first = shop.run()
    shop.hand_in("b.jsonl", [query("q9"), act("click", "q9", "i1"), act("click", "q1", "i2")])
    second = shop.run()

    late = explain(shop, INTERACTIONS, "query_id=q1", "item_id=i2")
    assert reached(late) == {
        (QUERIES, "logs/a.jsonl", (1,), session_of(first, QUERIES)),
        (EVENTS, "logs/b.jsonl", (3,), session_of(second, EVENTS)),
    }
    assert late.row.count == 1 and late.row.rows[0]["clicks"] == 1
    (origin,) = late.row.origins
    assert origin.session == session_of(second, INTERACTIONS)
    plan = second[INTERACTIONS].plan
    assert {name: read.snapshot for name, read in inputs(late.row).items()} == {
        name: read.read_snapshot for name, read in plan.inputs.items()
    }
    shown = inputs(inputs(late.row)["impressions"])
    assert shown["requests"].rows[0]["query_id"] == "q1"

    clicked = explain(shop, INTERACTIONS, "query_id=q1", "item_id=i1")
    assert {(path, places) for _, path, places, _ in reached(clicked)} == {
        ("logs/a.jsonl", (1,)),
        ("logs/a.jsonl", (2,)),
    }


def test_a_landed_row_leads_to_its_file(shop: LogShop) -> None:
    shop.hand_in("a.jsonl", FIRST)
    shop.run()
    (row,) = (row for row in shop.rows(EVENTS) if row["action_name"] == "click")
    found = explain(shop, EVENTS, f"record_id={row['record_id']}")
    (file,) = found.row.origins[0].files
    content = (shop.settings.landing / "logs" / "a.jsonl").read_bytes()
    assert (file.path, file.places, file.file_id) == ("logs/a.jsonl", (2,), hashlib.sha256(content).hexdigest())


def test_of_many_rows_ten_are_explained(shop: LogShop) -> None:
    asked: list[Any] = [query(f"q{number:02}") for number in range(12)]
    shop.hand_in("a.jsonl", asked)
    shop.run()
    found = explain(shop, QUERIES, "application=shop")
    assert (found.row.count, len(found.row.rows)) == (12, 10)
    assert sum(len(file.places) for origin in found.row.origins for file in origin.files) == 10


@pytest.mark.parametrize(
    "value", ["q0", "q1' OR '1'='1", "%", "*", "../../etc/passwd", "\x00\x1b[31m", "q1\nq1", "é" * 1000]
)
def test_a_key_that_matches_no_row_says_so_whatever_it_holds(shop: LogShop, value: str) -> None:
    shop.hand_in("a.jsonl", FIRST)
    shop.context.lake.ensure_table(shop.context.spec(INTERACTIONS))
    with pytest.raises(
        RequestRefused, match=r"^search\.interactions: no row has query_id=.*Leave out a key"
    ) as refused:
        explain(shop, INTERACTIONS, f"query_id={value}")
    assert str(refused.value).isprintable()


def test_a_table_that_does_not_exist_says_how_it_comes_to_be(shop: LogShop) -> None:
    with pytest.raises(RequestRefused, match=r"does not exist yet; run tidemark run search\.interactions"):
        explain(shop, INTERACTIONS, "query_id=q1")
