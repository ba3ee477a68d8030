"""Mark rankings by the hidden grades of the demo world.

nDCG@10 with gains 2^grade - 1 and discounts 1 / log2(1 + position): Jarvelin and Kekalainen (TOIS
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
    """All pairs handed in by the world's end: application, query, item_id, grade, engine_score, ...

    One row a pair; `query` is the normalised text.
    """
    world = load_world(home)
    if world is None:
        raise WorldError(f"{home} holds no demo world, so its truth is unknown")
    grades = pd.read_parquet(home / "truth" / "grades.parquet")
    last = str(world.parameters.date_of(world.asked_days - 1))
    return grades[grades["known_from"] <= last].reset_index(drop=True)


def load_shown(home: Path, days: int) -> pd.DataFrame:
    """Pairs shown to people in the engine's order on the last `days` days, with their sums."""
    world = load_world(home)
    if world is None:
        raise WorldError(f"{home} holds no demo world, so what it showed is unknown")
    last = world.end.date()
    wanted = [str(last - timedelta(days=d)) for d in range(1, min(days, world.asked_days) + 1)]
    frames = [pd.read_parquet(home / "truth" / "shown" / f"{day}.parquet") for day in wanted]
    keys = ["application", "query", "item_id"]
    return pd.concat(frames).groupby(keys, as_index=False)[["impressions", "position_sum", "clicks"]].sum()


def logged_order(home: Path, days: int) -> pd.DataFrame:
    """The order that people met: per pair shown in the last `days` days its mean position.

    Columns application, query, item_id, position, and `score` = -position to rank by.
    """
    shown = load_shown(home, days)
    position = shown["position_sum"] / shown["impressions"]
    return shown[["application", "query", "item_id"]].assign(position=position, score=-position)


def ndcg_at_10(rankings: pd.DataFrame, truth: pd.DataFrame) -> pd.Series[float]:
    """nDCG@10 of each query of `truth`, by (application, query).

    `rankings` has application, query, item_id and score (higher is better). Pairs of the truth that
    it lacks rank last, equal scores by item_id; pairs that the truth lacks are left out. Queries
    whose grades are all 0 are left out.
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
class Marks:
    """Mean nDCG@10 over the queries of one group; the oracle's is 1 by definition."""

    group: str
    queries: int
    ranker: float
    logged: float
    oracle: float = 1.0


def compare(home: Path, scores: pd.DataFrame, days: int = 14) -> list[Marks]:
    """A ranker against the engine's order, in three groups, by traffic in the last `days` days.

    `warm_pairs`: queries with traffic, only items that were shown. `warm_queries`: the same queries,
    all their items; those never shown follow in the engine's order. `cold_queries`: queries without
    traffic, against the order in which the engine would show them.
    """
    truth, logged = load_truth(home), logged_order(home, days)
    keys = ["application", "query", "item_id"]
    by_pair = truth.merge(logged[[*keys, "score"]], on=keys, how="left")
    warm_pair = by_pair["score"].notna()
    warm_query = warm_pair.groupby([by_pair["application"], by_pair["query"]]).transform("any")
    behind = by_pair["engine_score"] - by_pair["engine_score"].max() - 1_000
    engine = by_pair[keys].assign(score=by_pair["score"].fillna(behind))
    masks = zip(GROUPS, (warm_pair, warm_query, ~warm_query), strict=True)
    return [_mark(name, by_pair[mask], scores, engine) for name, mask in masks]


def _mark(group: str, truth: pd.DataFrame, scores: pd.DataFrame, engine: pd.DataFrame) -> Marks:
    ranker, logged = ndcg_at_10(scores, truth), ndcg_at_10(engine, truth)
    return Marks(group, len(logged), float(ranker.mean()), float(logged.mean()))
