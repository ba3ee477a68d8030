"""Evaluate rankings by the hidden grades of the demo world.

The measure is nDCG@10 with gains 2^grade - 1 and discounts 1 / log2(1 + position): Jarvelin and Kekalainen (TOIS
2002) in the form of Burges et al. (ICML 2005). Queries without a relevant item have no nDCG.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from infra.demo.parameters import WorldError
from infra.demo.state import load_world

DEPTH = 10
GROUPS = ("warm_pairs", "warm_queries", "cold_queries")


def load_truth(home: Path) -> pd.DataFrame:
    """Return all pairs that are known by the world's end, one row per pair.

    Columns: application, query (the normalised text), item_id, grade, engine_score, clickbait, known_from. Raises
    WorldError if the home holds no demo world.
    """
    world = load_world(home)
    if world is None:
        raise WorldError(f"{home} holds no demo world, so there are no hidden grades; name the home of a demo")
    grades = pd.read_parquet(home / "truth" / "grades.parquet")
    last = str(world.parameters.date_of(world.asked_days - 1))
    return grades[grades["known_from"] <= last].reset_index(drop=True)


def load_shown(home: Path, days: int) -> pd.DataFrame:
    """Return the pairs shown to people in the engine's order on the last `days` days, one row per pair.

    Columns: application, query, item_id, impressions, position_sum, clicks. Raises WorldError if the home holds no
    demo world.
    """
    world = load_world(home)
    if world is None:
        raise WorldError(f"{home} holds no demo world, so the shown items are unknown; name the home of a demo")
    last = world.end.date()
    wanted = [str(last - timedelta(days=d)) for d in range(1, min(days, world.asked_days) + 1)]
    frames = [pd.read_parquet(home / "truth" / "shown" / f"{day}.parquet") for day in wanted]
    keys = ["application", "query", "item_id"]
    return pd.concat(frames).groupby(keys, as_index=False)[["impressions", "position_sum", "clicks"]].sum()


def logged_order(home: Path, days: int) -> pd.DataFrame:
    """Return the order that people saw: the mean position of each pair shown in the last `days` days.

    Columns: application, query, item_id, position, and `score` = -position, by which to rank.
    """
    shown = load_shown(home, days)
    position = shown["position_sum"] / shown["impressions"]
    return shown[["application", "query", "item_id"]].assign(position=position, score=-position)


def ndcg_at_10(rankings: pd.DataFrame, truth: pd.DataFrame) -> pd.Series[float]:
    """Return nDCG@10 of each query of `truth`, indexed by (application, query).

    `rankings` has the columns application, query, item_id and score (higher is better). Equal scores are ordered by
    item_id. Pairs of `truth` that are not in `rankings` rank last; pairs that are only in `rankings` are left out, and
    so are queries whose grades are all 0.
    """
    keys = ["application", "query", "item_id"]
    pairs = truth[[*keys, "grade"]].merge(rankings[[*keys, "score"]], on=keys, how="left", validate="1:1")
    pairs["score"] = pairs["score"].fillna(-np.inf)
    found = _dcg(pairs.sort_values(["score", "item_id"], ascending=[False, True], kind="stable"))
    best = _dcg(pairs.sort_values("grade", ascending=False, kind="stable"))
    return (found / best)[best > 0].rename("ndcg_at_10")


def _dcg(ordered: pd.DataFrame) -> pd.Series[float]:
    groups = ["application", "query"]
    place = ordered.groupby(groups, sort=False).cumcount().to_numpy() + 1
    gain = (2.0 ** ordered["grade"].to_numpy() - 1) / np.log2(1 + place)
    return ordered.assign(gain=np.where(place <= DEPTH, gain, 0.0)).groupby(groups)["gain"].sum()


@dataclass(frozen=True)
class Quality:
    """Mean nDCG@10 over the queries of one group; the oracle's is 1 by definition."""

    group: str
    queries: int
    ranker: float
    logged: float
    oracle: float = 1.0


def compare(home: Path, scores: pd.DataFrame, days: int = 14) -> list[Quality]:
    """Compare a ranker with the engine's order, in three groups by traffic in the last `days` days.

    `scores` has the columns of `rankings` in `ndcg_at_10`. The groups are:

    - `warm_pairs`: queries with traffic, and only their items that were shown.
    - `warm_queries`: the same queries with all their items. Items that were not shown follow in the engine's order.
    - `cold_queries`: queries without traffic, compared with the order in which the engine would show their items.
    """
    truth, logged = load_truth(home), logged_order(home, days)
    keys = ["application", "query", "item_id"]
    by_pair = truth.merge(logged[[*keys, "score"]], on=keys, how="left")
    warm_pair = by_pair["score"].notna()
    warm_query = warm_pair.groupby([by_pair["application"], by_pair["query"]]).transform("any")
    below_shown = by_pair["engine_score"] - by_pair["engine_score"].max() - 1_000
    engine = by_pair[keys].assign(score=by_pair["score"].fillna(below_shown))
    masks = zip(GROUPS, (warm_pair, warm_query, ~warm_query), strict=True)
    return [_quality(name, by_pair[mask], scores, engine) for name, mask in masks]


def _quality(group: str, truth: pd.DataFrame, scores: pd.DataFrame, engine: pd.DataFrame) -> Quality:
    ranker, logged = ndcg_at_10(scores, truth), ndcg_at_10(engine, truth)
    return Quality(group, len(logged), float(ranker.mean()), float(logged.mean()))
