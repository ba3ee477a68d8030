"""What a world's logs become before the ranking tables: tables with the columns of the landed and cleaned datasets."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from bench.labels.worlds import DAYS, Grades, World
from infra.demo.behaviour import ACTIONS, CLICK, IMPRESSION, QUERY, act
from infra.demo.catalogue import Bools, Ints
from infra.demo.grading import draw_grades
from infra.demo.inputs import inputs_of
from infra.demo.parameters import DEVICES, SHOWN
from infra.demo.shipping import Shipped, ship
from infra.demo.shop import Shop, known_weeks, open_shop
from infra.demo.visits import draw_requests
from ranking.labels.splits import bucket_of

Frames = dict[str, pd.DataFrame]
NAMES = {"page_exit": "other", "add_to_cart": "cart"}
NEVER = np.iinfo(np.int64).max


def traffic(world: World) -> Iterator[Frames]:
    """Yield for each day the rows of search.impressions and search.user_actions."""
    shop = open_shop(world.parameters)
    for day in range(DAYS):
        requests = draw_requests(shop, day)
        shipped = ship(shop, requests, act(shop, requests))
        yield {"search.impressions": _impressions(shop, shipped), "search.user_actions": _actions(shop, shipped)}


def inputs(world: World) -> Frames:
    """Return the rows of search.catalog_items and search.feature_log that arrive before the cut."""
    shop = open_shop(world.parameters)
    files = [file for day in range(DAYS) for file in inputs_of(shop, day)]
    rows: dict[str, list[dict[str, Any]]] = {"items": [], "feature_log": []}
    for file in files:
        kind = file.path.split("/")[0]
        if kind in rows:
            content = gzip.decompress(file.content) if file.path.endswith(".gz") else file.content
            rows[kind] += [{**json.loads(line), "arrived_at": file.closed_at} for line in content.splitlines()]
    application = shop.parameters.application
    return {
        "search.catalog_items": _landed(application, [_item(row) for row in rows["items"]]),
        "search.feature_log": _landed(application, [_logged(row) for row in rows["feature_log"]]),
    }


def judgments(world: World, grades: Grades, exam_share: float) -> pd.DataFrame:
    """Return the rows of search.judgments for a setting: grades of queries with traffic, outside the exam."""
    changed = dataclasses.replace(world.parameters, **_without_name(grades))
    shop = open_shop(world.parameters)
    pairs, grade = draw_grades(dataclasses.replace(shop, parameters=changed), _gradable(shop, exam_share))
    rows = [
        {
            "query": shop.queries.texts[shop.pairs.query[pair]],
            "item_id": shop.items.ids[shop.pairs.item[pair]],
            "grade": float(given),
            "raw_grade": str(given),
            "weight": 1.0,
            "source": "demo_graders",
            "judged_at": shop.parameters.start,
            "arrived_at": shop.parameters.start,
        }
        for pair, given in zip(pairs.tolist(), grade.tolist(), strict=True)
    ]
    return _landed(shop.parameters.application, rows)


def truth(world: World) -> pd.DataFrame:
    """Return each pair that is known before the cut: query, item_id, grade, and whether its query has no traffic."""
    shop = open_shop(world.parameters)
    frame = pd.DataFrame(
        {
            "query": np.array(shop.queries.texts, dtype=object)[shop.pairs.query],
            "item_id": np.array(shop.items.ids, dtype=object)[shop.pairs.item],
            "true_grade": shop.pairs.grade.astype(float),
            "cold": _is_cold(shop),
        }
    )
    return frame[known_weeks(shop) < DAYS // 7]


def _without_name(grades: Grades) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(grades).items() if name != "name"}


def _is_cold(shop: Shop) -> Bools:
    return np.asarray((shop.queries.first_week >= DAYS // 7)[shop.pairs.query])


def _gradable(shop: Shop, exam_share: float) -> Bools:
    exam = np.array([bucket_of(text) < exam_share for text in shop.queries.texts])
    return np.asarray(~exam[shop.pairs.query] & ~_is_cold(shop) & (known_weeks(shop) == 0))


def _impressions(shop: Shop, shipped: Shipped) -> pd.DataFrame:
    """Return one row per shown item. It is known when the query record and its impression event have arrived."""
    requests = shipped.requests
    count = len(requests.query)
    asked = np.full(count, NEVER)
    np.minimum.at(asked, shipped.request[shipped.kind == QUERY], shipped.arrival_ms[shipped.kind == QUERY])
    seen = np.full((count, SHOWN), NEVER)
    events = shipped.kind == IMPRESSION
    np.minimum.at(seen, (shipped.request[events], shipped.place[events]), shipped.arrival_ms[events])
    start = np.zeros(count, dtype=np.int64)
    start[shipped.request[shipped.kind == QUERY]] = shipped.time_ms[shipped.kind == QUERY]
    row, place = np.nonzero(requests.shown >= 0)
    logs = requests.logs_impressions[row]
    frame = _of_request(shop, shipped, row, requests.shown[row, place])
    return frame.assign(
        shown_at=_instants(start[row]),
        user_query=frame["query"],
        device=np.array(DEVICES, dtype=object)[shop.clients.device[requests.client[row]]],
        position=(place + 1).astype(np.int32),
        shown_by=np.where(logs, "event", "hits").astype(object),
        in_ranker_order=requests.in_engine_order[row],
        position_taken_twice=False,
        impression_known_at=_instants(np.where(logs, np.maximum(asked[row], seen[row, place]), asked[row])),
    )


def _actions(shop: Shop, shipped: Shipped) -> pd.DataFrame:
    """Return clicks and what follows, and the first impression event of each request, which ends an earlier stay."""
    kept = (shipped.kind >= CLICK) | ((shipped.kind == IMPRESSION) & (shipped.place == 0))
    row, place = shipped.request[kept], shipped.place[kept]
    names = np.array(ACTIONS, dtype=object)[shipped.kind[kept]]
    frame = _of_request(shop, shipped, row, shipped.requests.shown[row, place])
    return frame.assign(
        record_id=[f"{number}" for number in range(len(row))],
        file_id=f"day {shipped.requests.day}",
        arrived_at=_instants(shipped.arrival_ms[kept]),
        occurred_at=_instants(shipped.time_ms[kept]),
        action=[NAMES.get(name, name) for name in names],
        action_name=names,
    )


def _of_request(shop: Shop, shipped: Shipped, row: Ints, pair: Ints) -> pd.DataFrame:
    requests = shipped.requests
    ids = np.array([f"q{requests.day}-{number}" for number in range(len(requests.query))], dtype=object)
    return pd.DataFrame(
        {
            "application": shop.parameters.application,
            "query_id": ids[row],
            "item_id": np.array(shop.items.ids, dtype=object)[shop.pairs.item[pair]],
            "query": np.array(shop.queries.texts, dtype=object)[requests.query[row]],
            "client_id": np.array(shop.clients.ids, dtype=object)[requests.client[row]],
        }
    )


def _instants(ms: Ints) -> pd.Series[pd.Timestamp]:
    return pd.Series(pd.to_datetime(ms, unit="ms", utc=True)).astype("datetime64[us, UTC]")


def _item(row: dict[str, Any]) -> dict[str, Any]:
    attributes = {name: value for name, value in row.items() if name not in ("object_id", "valid_from", "arrived_at")}
    return {
        "item_id": row["object_id"],
        "attributes": json.dumps(attributes),
        "valid_from": datetime.fromisoformat(row["valid_from"]),
        "arrived_at": row["arrived_at"],
    }


def _logged(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "query": row["user_query"],
        "user_query": row["user_query"],
        "item_id": row["object_id"],
        "logged_at": datetime.fromisoformat(row["logged_at"]),
        "arrived_at": row["arrived_at"],
        "features": list(row["features"].items()),
    }


def _landed(application: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Add the columns that all landed rows have."""
    about = {"application": application, "file_id": "world", "file_path": "world", "dated": True}
    return pd.DataFrame([{**about, "record_id": f"r{n}", "place": n + 1, **row} for n, row in enumerate(rows)])
