"""Spec files for tests: a valid one for each mode, and functions that change them."""

from __future__ import annotations

from pathlib import Path

from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_spec

VALUES = {"horizon": "28d", "skew": "90m", "limit": 3, "actions": {"click": ["tap"]}}

VISITS = """\
dataset: shop.visits
why: Each visit with what was bought in the day after it.
grain: [shop, visit_id]
mode: stateful
event_time: began_at
partition_by: [day(began_at), shop]
transform: shops.visits:build
params: {horizon: $horizon, limits: [$limit, 4], smoothing: 20}
settings: [actions]
inputs:
  doors: {dataset: shop.doors, rows: true}
  sales: {dataset: shop.sales, window: {before: $skew, after: 1d}, waits_for: final_through, optional: true}
catch_up_limit: 60d
columns:
  shop: {type: string, required: true, one_of: [north, south], means: the shop}
  visit_id: {type: long, required: true, means: the visit}
  began_at: {type: timestamp, required: true, means: when the door opened}
  bought: {type: int, required: true, min: 0, max: 100, unit: count, means: things bought}
  note: {type: string, max_length: 20, means: what the seller wrote}
  prices: {type: "map<string, decimal(9,2)>", means: "price of each thing, by name"}
expectations:
  - {expect: rows where bought > 50, at_most: 0.02, severity: warn, because: few people carry so much}
  - {expect: row count, min: 1, severity: fail, because: a shop has visitors}
  - {expect: mean of bought, max: 9.5, severity: warn, because: more are robots}
  - {expect: distinct shop, max: 2, severity: fail, because: there are two}
"""

DOORS = """\
dataset: shop.doors
why: What the doors said.
grain: [visit_id]
mode: source
event_time: opened_at
partition_by: [hour(arrived_at)]
landing: {group: shop, folders: [doors], parser: "shops.feed:parse", quarantine: none}
columns:
  visit_id: {type: long, required: true, means: the visit}
  opened_at: {type: timestamp, required: true, means: when the door opened}
  arrived_at: {type: timestamp, required: true, means: when we heard of it}
"""

SALES = """\
dataset: shop.sales
why: What the tills said.
grain: [sale_id]
mode: source
event_time: sold_at
partition_by: [hour(sold_at)]
landing: {group: shop, folders: [tills], parser: "shops.feed:parse", settling: 1m, quarantine: none}
columns:
  sale_id: {type: long, required: true, means: the sale}
  sold_at: {type: timestamp, required: true, means: when it was paid}
"""

DAYS = """\
dataset: shop.days
why: Visits of each day.
grain: [day]
mode: stateful
event_time: day
partition_by: [month(day)]
transform: shops.days:build
inputs:
  visits: {dataset: shop.visits, window: {before: 28d, after: -1d}}
columns:
  day: {type: date, required: true, means: the UTC day}
  visits: {type: long, required: true, means: visits of the 28 days before}
"""

PRICES = """\
dataset: shop.prices
why: The price list in force.
grain: [version, thing]
mode: versioned
replace: whole
transform: shops.prices:build
inputs:
  days: {dataset: shop.days}
  before: {dataset: shop.prices}
columns:
  version: {type: string, required: true, means: the session that made it}
  thing: {type: string, required: true, means: what is sold}
"""

ENTRIES = """\
dataset: shop.entries
why: Each opening of a door.
grain: [visit_id]
mode: stateless
event_time: opened_at
partition_by: [day(opened_at)]
transform: shops.entries:build
inputs:
  doors: {dataset: shop.doors, event_time: opened_at}
columns:
  visit_id: {type: long, required: true, means: the visit}
  opened_at: {type: timestamp, required: true, means: when the door opened}
"""

SHOP = {"visits": VISITS, "doors": DOORS, "sales": SALES, "days": DAYS, "prices": PRICES}


def put(folder: Path, **changed: str) -> Path:
    """Write the shop's specs into a folder, some of them changed or added."""
    for name, text in {**SHOP, **changed}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def load(folder: Path, text: str, name: str = "visits") -> DatasetSpec:
    """Return the spec that a text defines."""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return load_spec(path, VALUES)


def swap(text: str, old: str, new: str) -> str:
    """Return the text with one passage replaced. The passage must occur exactly once."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def line_of(text: str, passage: str) -> int:
    """Return the number of the line in which a passage begins."""
    return text[: text.index(passage)].count("\n") + 1
