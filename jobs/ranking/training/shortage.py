"""Why a run cannot train, in one message: what there is, how much it takes, and what to wait for or to set."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranking.labels.horizon import SETTING, Bounds, Row
from ranking.training import summary
from ranking.training.matrices import Examples, Parts
from ranking.training.recipe import quantise


def what_is_missing(parts: Parts, settings: Mapping[str, Any], history: Row | None) -> str | None:
    """Return why nothing can be trained, with what there is and what is needed; None if it can.

    `history` is the row of `label_horizons` in force; None if there is none.
    """
    queries, rows = summary.relevant_queries(parts.train), len(parts.train)
    least_queries, least_rows = settings["least_queries"], settings["least_examples"]
    if not _has_whole_window(parts.train, history):
        return f"Nothing to train on yet: {_at_hand(parts, history)}. {_what_to_wait_for(history)}"
    if queries < least_queries:
        return (
            f"Too little traffic: {_count(queries, 'query', 'queries')} with a label >= 1, but at least "
            f"{least_queries} are needed; {_at_hand(parts, history)}. {_more_or_less('least_queries')}"
        )
    if rows < least_rows:
        return (
            f"Too little traffic: {rows} training examples, but at least {least_rows} are needed; "
            f"{_at_hand(parts, history)}. {_more_or_less('least_examples')}"
        )
    if len(np.unique(quantise(parts.train.grade))) < 2:
        return "Degenerate input: all training labels are equal; look at the audit of relevance_labels."
    return None


def holds_news(files: Sequence[Bounds], own: Sequence[Row]) -> bool:
    """Return whether a new row of `label_horizons` is a reason to train: only until a ranker was trained (`news_if`).

    Until then each day of logs changes what the last run said is missing. Later, a new horizon changes the examples,
    which are news themselves.
    """
    newest = max(own, key=lambda row: int(row["version"]), default=None)
    return newest is None or newest["sha256"] is None


def _has_whole_window(train: Examples, history: Row | None) -> bool:
    """Return whether a training window lies in the history as a whole; the first windows began before the logs did."""
    if history is None or not len(train):
        return len(train) > 0
    return bool((train.window_start >= np.datetime64(history["first_day"])).any())


def _at_hand(parts: Parts, history: Row | None) -> str:
    """Return what is at hand: days of logs, cuts, queries and labelled pairs."""
    every = [getattr(parts, name) for name in ("train", "valid", "gap", "test", "dropped")]
    cuts = len(np.unique(np.concatenate([part.window_end for part in every])))
    pairs = {pair for part in every for pair in zip(part.application, part.query, part.item_id, strict=True)}
    queries = {(application, query) for application, query, _ in pairs}
    counted = [
        _count(cuts, "cut", "cuts"),
        _count(len(queries), "query", "queries"),
        _count(len(pairs), "labelled pair", "labelled pairs"),
    ]
    days = [_count(history["history_days"], "day of logs", "days of logs")] if history is not None else []
    return f"{', '.join([*days, *counted[:-1]])} and {counted[-1]} are at hand"


def _what_to_wait_for(history: Row | None) -> str:
    """Return how much history it takes, and what to do."""
    if history is None:
        return "Wait for logs with search requests."
    days, needed, horizon = history["history_days"], history["days_needed"], history["horizon_days"]
    takes = f"A label window of {horizon} days to train on and a later one to test on take {needed} days of logs"
    if days >= needed:
        return f"{takes}, but no such window ends before the newest one begins: wait for the next cut."
    ways = [f"wait for {_count(needed - days, 'more day', 'more days')}", "hand in older logs"]
    if history["found_by"] == SETTING:
        ways.append(f"set label_horizon in search.yaml to auto instead of {horizon}d")
    return f"{takes}: {', '.join(ways[:-1])}, or {ways[-1]}."


def _more_or_less(setting: str) -> str:
    return f"Wait for more traffic, hand in older logs, or set training.{setting} in search.yaml to a lower number."


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
