"""A source without a quarantine is refused, unless its spec says that refused records are lost."""

# ruff: noqa: E501  (a table is read by its lines)

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.writing import DOORS, SALES, VALUES, line_of, put, swap
from tidemark.errors import SpecError
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs

KEPT = "quarantine: shop.refused"
KEPT_DOORS = swap(DOORS, "quarantine: none", KEPT)
KEPT_SALES = swap(SALES, "quarantine: none", KEPT)
REFUSED = """\
dataset: shop.refused
why: What doors and tills said and nobody understood.
grain: [file_path, place]
mode: source
event_time: arrived_at
partition_by: [day(arrived_at)]
landing: {group: refused, folders: [doors, tills], parser: "shops.feed:parse"}
columns:
  shop: {type: string, required: true, means: the shop}
  file_id: {type: string, required: true, means: its content}
  file_path: {type: string, required: true, means: the file}
  place: {type: long, required: true, means: the line}
  reason: {type: string, required: true, means: why}
  record: {type: string, required: true, means: what stood there}
  arrived_at: {type: timestamp, required: true, means: when we heard of it}
"""
GOOD = {"doors": KEPT_DOORS, "sales": KEPT_SALES, "refused": REFUSED}
SPOILED = [
    # (spec, passage, its replacement, where the error points, words of the error)
    ("doors", ", quarantine: shop.refused", "", "landing", "landing has no quarantine, so refused records would be lost; add quarantine: namespace.name"),
    ("doors", "shop.refused", "shop.refsued", "landing", "there is no dataset shop.refsued; did you mean shop.refused?"),
    ("doors", "shop.refused", "bank.loans", "landing", "there is no dataset bank.loans; add its spec"),
    ("doors", "shop.refused", "shop.visits", "landing", "shop.visits is not a source, so it cannot store refused records"),
    ("doors", "shop.refused", "none", "landing", "shop.doors is in the same group and has the quarantine none"),
    ("doors", "folders: [doors]", "folders: [doors, gates, bells]", "landing", "shop.refused does not read gates, bells, so"),
    ("refused", "folders: [doors, tills]", "folders: [doors]", "landing", "shop.refused does not read tills, so records refused there would be lost; add tills"),
    ("doors", 'group: shop, folders: [doors], parser: "shops.feed:parse"', 'group: doors, folders: [doors, tills], parser: "shops.feed:read"', "landing", "shop.refused already reads tills with the parser shops.feed:read"),
    ("refused", 'parse"}', 'parse", quarantine: none}', "landing", "shop.refused is itself a quarantine; remove quarantine"),
    ("refused", 'parse"}', 'parse", quarantine: shop.doors}', "landing", "shop.doors is itself a quarantine; remove quarantine"),
    ("refused", "  reason: {type: string, required: true, means: why}\n", "", "columns", "has no column reason of type string; write reason: {type: string, ...}"),
    ("refused", "place: {type: long", "place: {type: int", "columns", "has no column place of type long"),
    ("refused", "shop: {type: string", "shop: {type: int", "  shop:", "shop.refused is a quarantine, and its column shop has type int; write type: string"),
]  # fmt: skip
POINTS_ELSEWHERE = {
    "shop.doors is in the same group": "sales",
    "does not read tills": "sales",
    "already reads tills": "sales",
    "shop.doors is itself": "doors",
}


def loaded(folder: Path, **changed: str) -> dict[str, DatasetSpec]:
    return load_specs(put(folder, **{**GOOD, **changed}), VALUES)


@pytest.mark.parametrize(("name", "passage", "instead", "place", "words"), SPOILED)
def test_refused_with_place_and_remedy(
    tmp_path: Path, name: str, passage: str, instead: str, place: str, words: str
) -> None:
    spoiled = swap(GOOD[name], passage, instead)
    blamed = next((file for part, file in POINTS_ELSEWHERE.items() if part in words), name)
    text = {**GOOD, name: spoiled}[blamed]
    with pytest.raises(SpecError) as refused:
        loaded(tmp_path, **{name: spoiled})
    assert str(refused.value).startswith(f"{tmp_path / blamed}.yaml:{line_of(text, place)}: "), refused.value
    assert words in str(refused.value)
    assert "; " in str(refused.value)


def test_refusals_are_kept_by_a_quarantine_or_lost_by_a_word(tmp_path: Path) -> None:
    kept = loaded(tmp_path)["shop.doors"].landing
    lost = loaded(tmp_path, doors=DOORS, sales=SALES, refused=swap(REFUSED, 'parse"}', 'parse", quarantine: none}'))
    assert kept is not None
    assert (kept.quarantine, kept.loses_refusals) == ("shop.refused", False)
    assert [spec.landing.loses_refusals for spec in lost.values() if spec.landing] == [True, True, True]
