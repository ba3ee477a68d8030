"""Which added files can change a position base, by their column bounds. Needs no Spark."""

from __future__ import annotations

from typing import Any

import pytest

from ranking.traffic.base_news import Bounds, holds_news

OWN: list[dict[str, Any]] = [
    {"application": "shop", "revision": 1, "base": 1, "settled": True},
    {"application": "shop", "revision": 2, "base": 0, "settled": True},
    {"application": "market", "revision": 1, "base": 1, "settled": True},
    {"application": "young", "revision": 2, "base": 1, "settled": False},
    {"application": "stored", "revision": 1, "base": 1, "settled": None},
    {"application": "before", "revision": 1, "base": 1},
]


def file(first: str, last: str, *positions: int) -> Bounds:
    return {"application": (first, last), "position": (min(positions), max(positions)) if positions else None}


@pytest.mark.parametrize(
    ("files", "news"),
    [
        ([], False),
        ([file("shop", "shop", 0, 9)], False),
        ([file("market", "market", 1, 9), file("shop", "shop", 0)], False),
        ([file("market", "market", 0, 9)], True),
        ([file("shop", "shop", -1, 9)], True),
        ([file("shop", "shop", 0), file("stranger", "stranger", 3)], True),
        ([file("stranger", "stranger")], False),
        ([file("market", "shop", 1, 9)], True),
        ([file("young", "young", 1)], True),
        ([file("stored", "stored", 1)], True),
        ([file("before", "before", 1)], True),
        ([{"application": ("shop", "shop")}], True),
        ([{"position": (1, 2)}], True),
    ],
)
def test_unknown_applications_unsettled_bases_and_lower_positions_are_news(files: list[Bounds], news: bool) -> None:
    assert holds_news(files, OWN) is news
