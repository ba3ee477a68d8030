"""The metrics of a registry row as plain JSON. The report is rendered from the row alone."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ranking.labels.horizon import Row
from ranking.training import evaluation, learner
from ranking.training.matrices import Examples, Parts, group_sizes
from ranking.training.recipe import RELEVANT
from ranking.training.scheme import DROPPED, GAP, TEST, TRAIN, Scheme

FORMAT = 1  # version of the metrics JSON; the report refuses any other
VALID = "valid"
_GRADE_EDGES = np.linspace(0, 4, 17)


def of_parts(parts: Parts, history: Row | None, scheme: Scheme) -> dict[str, Any]:
    """Return the horizon, the split and the labels, which exist even if nothing could be trained.

    `history` is the row of `label_horizons` in force.
    """
    named = {TRAIN: parts.train, VALID: parts.valid, GAP: parts.gap, TEST: parts.test, DROPPED: parts.dropped}
    return {
        "format": FORMAT,
        "split": {
            "scheme": scheme.scheme.replace("_", " "),
            "settings": asdict(scheme),
            "unseen_queries": len(_queries(parts.test) - _queries(parts.train) - _queries(parts.valid)),
            "parts": {name: _size(rows) for name, rows in named.items()},
            "cuts": [cut for name, rows in named.items() for cut in _cuts(name, rows)],
        },
        "horizon": _horizon(history) if history is not None else None,
        "left_out": [asdict(each) for each in parts.left_out],
        "labels": {name: _histogram(rows) for name, rows in ((TRAIN, parts.train), (TEST, parts.test))},
    }


def of_run(
    parts: Parts,
    history: Row | None,
    scheme: Scheme,
    trained: learner.Trained,
    scores: evaluation.Scores,
    grades: Mapping[tuple[str, str, str], float],
    seed: int,
) -> dict[str, Any]:
    """Return all metrics of a trained run: `of_parts`, yardsticks by ranker and view, learning curves, gains."""
    test = parts.test
    found = evaluation.yardsticks(test, grades)
    return {
        **of_parts(parts, history, scheme),
        "yardsticks": {name: evaluation.table(yardstick, test, scores, seed) for name, yardstick in found.items()},
        "unseen_in_top": {who: evaluation.unseen_in_top(test, views["warm"]) for who, views in scores.items()},
        "curves": {name: [round(value, 6) for value in curve] for name, curve in trained.curves.items()},
        "rounds": trained.rounds,
        "valid_queries": trained.valid_queries,
        "importance": trained.gain,
        "rows_with_twins": 2 * len(parts.train),
    }


def relevant_queries(rows: Examples) -> int:
    """Count the queries with a label of at least 1. A query of an application counts once for all its cuts."""
    relevant = rows.grade >= RELEVANT
    return len(set(zip(rows.application[relevant], rows.query[relevant], strict=True)))


def _horizon(history: Row) -> dict[str, Any]:
    """Return the label horizon in force as JSON: its days, why, since when, and of how many days of logs."""
    return {
        "days": history["horizon_days"],
        "found_by": history["found_by"],
        "since": str(history["since"]),
        "history_days": history["history_days"],
    }


def _size(rows: Examples) -> dict[str, int]:
    return {
        "rows": len(rows),
        "groups": len(group_sizes(rows.group)),
        "queries": len(_queries(rows)),
        "relevant_queries": relevant_queries(rows),
    }


def _queries(rows: Examples) -> set[tuple[str, str]]:
    return set(zip(rows.application, rows.query, strict=True))


def _cuts(name: str, rows: Examples) -> list[dict[str, Any]]:
    ends, first, counts = np.unique(rows.window_end, return_index=True, return_counts=True)
    return [
        {
            "part": name,
            "window_start": str(rows.window_start[place]),
            "window_end": str(end),
            "rows": int(count),
        }
        for end, place, count in zip(ends, first, counts, strict=True)
    ]


def _histogram(rows: Examples) -> dict[str, list[float]]:
    counts, edges = np.histogram(rows.grade, bins=_GRADE_EDGES)
    return {"counts": counts.tolist(), "edges": edges.tolist()}
