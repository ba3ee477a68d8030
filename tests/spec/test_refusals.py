"""A wrong spec is refused with file, line, problem and remedy."""

# ruff: noqa: E501  (a table is read by its lines)

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.writing import DAYS, DOORS, ENTRIES, PRICES, VISITS, line_of, load, swap
from tidemark.errors import SpecError

SPOILED = [
    # (spec, passage, its replacement, where the error points, words of the error)
    # keys
    ("visits", "grain: [", "grian: [", "grian", "unknown key grian; did you mean grain?"),
    ("visits", "unit: count", "units: count", "bought:", "unknown key units in columns.bought; did you mean unit?"),
    ("visits", "means: things bought", "means: things, many, bought", "bought:", "the key 'many' in columns.bought has no value"),
    ("visits", "means: things bought", "means: things, in all", "bought:", "if a text contains a comma, put it in quotes"),
    ("visits", 'type: "map<string, decimal(9,2)>"', "type: map<string, int>", "prices:", "put a type that contains a comma in quotes"),
    ("visits", "why: Each visit with what was bought in the day after it.\n", "", "dataset", "the spec has no why; add why:"),
    ("visits", "why: Each visit with what was bought in the day after it.", "why:", "why:", "why is empty; write a text"),
    ("visits", "catch_up_limit: 60d", "why: again", "why: again", "the key why occurs twice, first in line 2"),
    ("visits", "params: {horizon", "params: {1: 2, horizon", "params", "the key 1 is not a text; put it in quotes"),
    # names
    ("visits", "dataset: shop.visits", "dataset: shop.visit", "dataset", "rename the file to visit.yaml"),
    ("visits", "dataset: shop.visits", "dataset: visits", "dataset", "write namespace.name"),
    ("visits", "dataset: shop.visits", "dataset: ops.visits", "dataset", "the namespace ops is reserved for the loop's own tables"),
    ("visits", "  note:", "  Note:", "Note", "'Note' is not a valid name; use lower-case letters"),
    ("visits", "shops.visits:build", "shops.visits.build", "transform", "write package.module:function"),
    # modes
    ("visits", "mode: stateful", "mode: statefull", "mode", "write one of source, stateless, stateful, versioned"),
    ("visits", "mode: stateful", "mode: stateless", "inputs:", "a stateless dataset has exactly one input"),
    ("visits", "mode: stateful", "mode: versioned", "event_time", "a versioned dataset takes no event_time; remove it"),
    ("visits", "mode: stateful", "mode: source", "mode", "a source dataset needs landing; add landing:"),
    ("visits", "transform: shops.visits:build\n", "", "mode", "a stateful dataset needs transform; add transform:"),
    ("visits", "catch_up_limit: 60d", "replace: whole", "replace", "a stateful dataset takes no replace"),
    ("entries", "transform:", "catch_up_limit: 60d\ntransform:", "catch_up", "a stateless dataset takes no catch_up_limit"),
    ("doors", "columns:", "transform: a.b:c\ncolumns:", "transform", "a source dataset takes no transform"),
    # what an input is read for
    ("visits", "optional: true", "read: added", "sales:", "an input of a stateful dataset takes no read; remove it"),
    ("visits", "optional: true", 'news_if: "shops.doors:news"', "sales:", "an input of a stateful dataset takes no news_if"),
    ("prices", "{dataset: shop.days}", "{dataset: shop.days, touches: version}", "days:", "an input of a versioned dataset takes no touches"),
    ("prices", "{dataset: shop.days}", "{dataset: shop.days, read: added}", "days:", "replace: whole needs all rows of each input"),
    ("prices", "{dataset: shop.days}", "{dataset: shop.days, read: new}", "days:", "write one of all, added"),
    ("prices", "{dataset: shop.prices}", "{dataset: shop.prices, read: added}", "before:", "shop.prices reads itself, and read does not apply"),
    ("visits", "because: few people carry so much", "because: few, shows: nobody", "few,", "shows names nobody, which is not a column"),
    ("visits", "min: 1, severity: fail", "min: 1, shows: note, severity: fail", "row count", "shows is only for rows where"),
    # columns and their roles
    ("visits", "type: long", "type: bigint", "visit_id:", "columns.visit_id.type is 'bigint'; write one of string, int"),
    ("visits", "decimal(9,2)", "decimal(39,2)", "prices:", "with p from 1 to 38 digits"),
    ("visits", "decimal(9,2)", "list<list<list<list<list<int>>>>>", "prices:", "write one of string"),
    ("visits", "grain: [shop,", "grain: [shopp,", "grain", "grain names shopp, which is not a column; name one of shop"),
    ("visits", "grain: [shop,", "grain: [visit_id,", "grain", "grain names visit_id twice"),
    ("visits", "grain: [shop, visit_id]", "grain: []", "grain", "grain is empty"),
    ("visits", "grain: [shop, visit_id]", "grain: shop", "grain", "not a list; write it as [shop]"),
    ("visits", "grain: [shop, visit_id]", "grain: {shop: [visit_id]}", "grain", "a block of keys, not a list; write it as [a"),
    ("visits", "grain: [shop, visit_id]", "grain: [note]", "grain", "grain column note is not required; add required: true"),
    ("visits", "event_time: began_at", "event_time: began", "event_time", "event_time names began, which is not a column"),
    ("visits", "event_time: began_at", "event_time: bought", "event_time", "event_time bought has type int; name a column of type"),
    ("visits", "timestamp, required: true", "timestamp", "event_time", "event_time column began_at is not required"),
    ("visits", "event_time: began_at", "event_time: began_at\nknown_time: began_at", "known_time", "known_time began_at is not a time of its own"),
    ("visits", "event_time: began_at", "event_time: began_at\nknown_time: bought", "known_time", "known_time bought is not a time of its own"),
    ("visits", "event_time: began_at", "event_time: began_at\nknown_time: note", "known_time", "known_time column note is not required"),
    ("doors", "quarantine: none}", "quarantine: none}\nknown_time: opened_at", "known_time", "a source dataset takes no known_time"),
    ("visits", "day(began_at)", "week(began_at)", "partition_by", "write hour(c), day(c), month(c) or a column's name"),
    ("visits", "day(began_at)", "day(start)", "partition_by", "partition_by names start, which is not a column"),
    ("visits", "day(began_at), shop", "day(began_at), note", "partition_by", "partition_by column note is not required"),
    ("visits", "day(began_at), shop", "day(shop)", "partition_by", "column shop has type string, which cannot be partitioned by day(shop)"),
    ("visits", "day(began_at), shop", "shop", "partition_by", "add day(began_at)"),
    ("visits", "day(began_at), shop", "day(began_at), hour(began_at)", "partition_by", "partition_by names began_at twice"),
    ("visits", "  note:", "  began_at_day:", "partition_by", "the partition field began_at_day has the name of a column"),
    ("days", "month(day)", "hour(day)", "partition_by", "which cannot be partitioned by hour(day); write day(c) or month(c)"),
    # checks of columns
    ("visits", "min: 0, max: 100", "min: none", "bought:", "columns.bought.min is 'none', not a number"),
    ("visits", "min: 0, max: 100", "min: .nan", "bought:", "not a number"),
    ("visits", "min: 0, max: 100", "min: true", "bought:", "not a number"),
    ("visits", "min: 0, max: 100", "min: 9, max: 1", "bought:", "min 9 is above max 1; swap them"),
    ("visits", "max_length: 20", "min: 20", "note:", "min and max are only for numbers"),
    ("visits", "max_length: 20", "max_length: 0", "note:", "write a whole number, at least 1"),
    ("visits", "unit: count", "max_length: 3", "bought:", "max_length is only for string"),
    ("visits", "[north, south]", "[north, on]", "shop:", "contains True, but the column's type is string; write values of that type; put a text in quotes"),
    ("visits", "[north, south]", "[north, north]", "shop:", "contains 'north' twice"),
    ("visits", "[north, south]", "[]", "shop:", "is an empty list"),
    ("visits", "required: true, min", "required: 1, min", "bought:", "columns.bought.required is 1; write true or false"),
    ("visits", "means: things bought", 'means: "things [count]"', "bought:", "write it in unit:"),
    # inputs and windows
    ("visits", "{before: $skew, after: 1d}", "{before: 90 minutes}", "sales:", "inputs.sales.window.before: '90 minutes' is not a duration"),
    ("visits", "{before: $skew, after: 1d}", "{before: 3}", "sales:", "'3' is not a duration; write a whole number and d, h, m or s"),
    ("visits", "{before: $skew, after: 1d}", "{after: all}", "sales:", "is never final; write a duration"),
    ("visits", "{before: $skew, after: 1d}", "{before: 1d, after: -2d}", "sales:", "ends before it begins"),
    ("visits", "{before: $skew, after: 1d}", "{before: $skow}", "sales:", "the settings have no key skow (did you mean $skew?)"),
    ("visits", "{before: $skew, after: 1d}", "{before: $limit}", "sales:", "($limit from the settings): '3' is not a duration"),
    ("visits", "optional: true", "rows: true", "sales:", "doors and sales have rows: true"),
    ("visits", "final_through", "finally", "sales:", "write one of complete_through, final_through"),
    ("visits", "dataset: shop.sales", "dataset: shop.visits", "sales:", "shop.visits reads itself; name another dataset: only mode versioned"),
    ("visits", "{dataset: shop.doors, rows: true}", "shop.doors", "doors:", "not a block of keys; write keys: dataset, window"),
    ("entries", "event_time: opened_at}", "event_time: arrived_at}", "doors:", "arrived_at is not opened_at, the event time of shop.entries"),
    ("days", "before: 28d, after: -1d", "before: 36h", "visits:", "is not a number of whole days, and day of shop.days is a date"),
    ("prices", "days: {dataset: shop.days}", "days: {dataset: shop.days, window: {before: 1d}}", "days:", "an input of a versioned dataset takes no window"),
    # params and settings
    ("visits", "horizon: $horizon", "horizon: $horizons", "params", "params.horizon refers to $horizons, but the settings have no key"),
    ("visits", "horizon: $horizon", "horizon: $", "params", "write $ and a key of infra/search.yaml"),
    ("visits", "smoothing: 20", "session: 20", "params", "the loop itself passes session to every transform"),
    ("visits", "smoothing: 20", "actions: 20", "params", "actions is both in params and in settings"),
    ("visits", "settings: [actions]", "settings: [action]", "settings", "the settings have no key action; did you mean actions?"),
    ("visits", "catch_up_limit: 60d", "catch_up_limit: 0d", "catch_up", "write how old a target hour may be"),
    ("visits", "catch_up_limit: 60d", "fresh_within: 0h", "fresh_within", "write how far it may be behind now, such as 3h"),
    ("doors", "quarantine: none}", "quarantine: none, completeness: static}\nfresh_within: 3h", "fresh_within", "a source with completeness: static is never behind"),
    # landing
    ("doors", "folders: [doors]", "folders: [../doors]", "landing", "name a folder directly in the landing folder"),
    ("doors", "folders: [doors]", "folders: [shop/doors]", "landing", "name a folder directly in the landing folder, such as queries, without /"),
    ("doors", "quarantine: none", "quarantine: refused", "landing", "write namespace.name"),
    ("doors", "folders: [doors]", "folders: []", "landing", "name at least one folder"),
    ("doors", "group: shop, ", "", "landing", "landing has no group; add group:"),
    ("doors", "folders: [doors]", "folders: [doors], settling: -1m", "landing", "landing.settling is negative"),
    # expectations
    ("visits", "rows where bought > 50", "no rows where bought > 50", "no rows", "is not an expectation; write rows where CONDITION"),
    ("visits", "rows where bought > 50", "rows where", "rows where,", "rows where has no condition"),
    ("visits", "rows where bought > 50", "rows where (bought > 50", "(bought", "has its end where ) is expected"),
    ("visits", "rows where bought > 50", "rows where 'bought' = 'x'", "'x'", "names no column"),
    ("visits", "at_most: 0.02", "at_most: 2", "at_most: 2", "write a share of rows"),
    ("visits", "at_most: 0.02", "max: 2", "rows where", "rows where takes no max; write at_most"),
    ("visits", "row count, min: 1,", "row count,", "row count,", "has no bound; add min:, max: or both"),
    ("visits", "row count, min: 1,", "row count, at_most: 1,", "row count,", "at_most is only for rows where"),
    ("visits", "row count, min: 1,", "row count, min: 3, max: 1,", "row count,", "min 3 is above max 1"),
    ("visits", "mean of bought", "mean of bougth", "bougth", "there is no column bougth"),
    ("visits", "mean of bought", "mean of note", "mean of", "column note has type string, which has no mean"),
    ("visits", "distinct shop", "distinct prices", "distinct", "cannot be counted"),
    ("visits", "distinct shop, max: 2", "row count, max: 2", "row count, max", "occurs twice"),
    ("visits", "severity: fail, because: there", "severity: error, because: there", "there are two", "write one of fail, warn"),
    ("visits", ", because: there are two", "", "distinct shop", "has no because; add because:"),
]  # fmt: skip

SPECS = {"visits": VISITS, "doors": DOORS, "days": DAYS, "prices": PRICES, "entries": ENTRIES}


@pytest.mark.parametrize(("name", "passage", "instead", "place", "words"), SPOILED)
def test_refused_with_place_and_remedy(
    tmp_path: Path, name: str, passage: str, instead: str, place: str, words: str
) -> None:
    text = swap(SPECS[name], passage, instead)
    with pytest.raises(SpecError) as refused:
        load(tmp_path, text, name)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / name}.yaml:{line_of(text, place)}: "), message
    assert words in message
    assert "; " in message
    assert "\n" not in message


def test_each_good_spec_is_taken(tmp_path: Path) -> None:
    assert {load(tmp_path, text, name).name for name, text in SPECS.items()} == set(SPECS)
