"""The other inputs besides logs: items, the engine's logged features, human grades."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np

from infra.demo import words
from infra.demo.catalogue import Bools, generator, prices, title_of
from infra.demo.days import LogFile, log_file
from infra.demo.grading import draw_grades
from infra.demo.relevance import log_price_ratio
from infra.demo.shop import Shop, known_weeks

SECOND_GRADING_DAY = 14


def inputs_of(shop: Shop, day: int) -> list[LogFile]:
    """Return the files that arrive at the start of a day; on most days there are none."""
    files = _judgments(shop, day)
    if day % 7 == 0:
        files += [_items(shop, day // 7), _feature_log(shop, day // 7)]
    return files


def _file(shop: Shop, folder: str, name: str, day: int, rows: list[dict[str, Any]]) -> LogFile:
    start = shop.parameters.start + timedelta(days=day)
    return log_file(f"{folder}/{start:%Y-%m-%dT%H}/{name}", [json.dumps(r) for r in rows], start)


def _items(shop: Shop, week: int) -> LogFile:
    items, p = shop.items, shop.parameters
    rng = generator(p, "attributes")
    price, changed = prices(p, items, week)
    launched = items.launch_week == week
    age = rng.integers(1, 400, len(items.ids))
    warranty = np.clip(np.round(2 + 0.9 * items.quality + rng.normal(0, 0.9, age.size)), 0, 5)
    pictures = np.clip(np.round(4 + 1.2 * items.quality + 1.5 * items.flashy + rng.normal(0, 1, age.size)), 1, 12)
    ratings = np.exp(3 + 0.8 * items.popularity + rng.normal(0, 0.5, age.size)).astype(int)
    start = p.start + timedelta(days=7 * week)
    rows = [
        {
            "object_id": items.ids[i],
            "title": title_of(items, i),
            "category": words.category_of(int(items.topic[i])),
            "brand": words.BRANDS[items.aspect[i, 0]],
            "style": words.STYLES[items.aspect[i, 1]],
            "material": words.MATERIALS[items.aspect[i, 2]],
            "colour": words.COLOURS[items.aspect[i, 3]],
            "price": float(price[i]),
            "warranty_years": int(warranty[i]),
            "picture_count": int(pictures[i]),
            "rating_count": int(ratings[i] * (1 + 0.02 * week)),
            "valid_from": f"{start - timedelta(days=int(age[i]) if week == 0 else 0):%Y-%m-%dT%H:%M:%SZ}",
        }
        for i in np.flatnonzero((items.launch_week < week) & changed | launched).tolist()
    ]
    return _file(shop, "items", "items.jsonl", 7 * week, rows)


def _feature_log(shop: Shop, week: int) -> LogFile:
    pairs, p = shop.pairs, shop.parameters
    price, changed = prices(p, shop.items, week)
    ratio = np.round(log_price_ratio(price, shop.items.topic, pairs.item), 4)
    known = known_weeks(shop)
    is_logged: Bools = (known == week) | ((known < week) & changed[pairs.item])
    logged_at = f"{p.start + timedelta(days=7 * week):%Y-%m-%dT%H:%M:%SZ}"
    names = [*pairs.features, "price_ratio"]
    values = np.stack([*pairs.features.values(), ratio], axis=1)
    rows = [
        {
            "application": p.application,
            "user_query": shop.queries.texts[pairs.query[r]],
            "object_id": shop.items.ids[pairs.item[r]],
            "logged_at": logged_at,
            "features": dict(zip(names, values[r].tolist(), strict=True)),
        }
        for r in np.flatnonzero(is_logged).tolist()
    ]
    return _file(shop, "feature_log", "features.jsonl.gz", 7 * week, rows)


def _judgments(shop: Shop, day: int) -> list[LogFile]:
    """Return the grades that arrive on a day: four fifths on the first day, the rest two weeks later."""
    if day not in (0, SECOND_GRADING_DAY):
        return []
    pairs, grades = draw_grades(shop)
    rng = generator(shop.parameters, "judged_at")
    second = rng.random(pairs.size) < 0.2
    before = rng.integers(60, 14 * 24 * 60, pairs.size).tolist()
    arrival = shop.parameters.start + timedelta(days=day)
    rows = [
        {
            "application": shop.parameters.application,
            "user_query": shop.queries.texts[shop.pairs.query[pairs[n]]],
            "object_id": shop.items.ids[shop.pairs.item[pairs[n]]],
            "grade": int(grades[n]),
            "judged_at": f"{arrival - timedelta(minutes=before[n]):%Y-%m-%dT%H:%M:%SZ}",
            "source": "demo_graders",
            "weight": 1.0,
        }
        for n in np.flatnonzero(second == (day > 0)).tolist()
    ]
    return [_file(shop, "judgments", "judgments.jsonl", day, rows)] if rows else []
