"""What a ranking engineer asks in the morning, as plain JSON: the parts of a run's metrics that explain its verdict.

The report shows each part that a row has. Rows of earlier versions do not have them.
"""

from collections.abc import Sequence
from typing import Any

from ranking.training import changes, evaluation, placed_rates, reliability
from ranking.training.evaluation import OURS, WARM
from ranking.training.examination import Examination
from ranking.training.segments import NOT_RECORDED, JudgedSegment


def of_run(examined: Examination, yardstick: str | None, least: int) -> dict[str, Any]:
    """Return the findings of a trained run; what compares it is left out without a rival or without a test list.

    `yardstick` is the one that decided. If none did, later behaviour is used. `least` is the setting
    `least_test_queries`.
    """
    found: dict[str, Any] = {"reliability": reliability.reliability(examined.test, examined.human)}
    if examined.rival not in examined.scores or not len(examined.test):
        return found
    chosen = yardstick or "behaviour"
    return found | {
        "segments": _segments(examined, chosen, least),
        "changes": _changes(examined, chosen),
        "online": _online(examined),
    }


def _segments(examined: Examination, yardstick: str, least: int) -> dict[str, Any]:
    return {
        "rival": examined.rival,
        "least_queries": least,
        "rows": _rows(examined.segments(yardstick, least)),
        "not_recorded": list(NOT_RECORDED),
    }


def _changes(examined: Examination, yardstick: str) -> dict[str, Any]:
    test, rival = examined.test, examined.rival
    ours, theirs = examined.scores[OURS][WARM], examined.scores[rival][WARM]
    gained = examined.gained(yardstick, rival, WARM)
    return {
        "rival": rival,
        "yardstick": yardstick,
        "queries": changes.wins_and_losses(gained, evaluation.queries_of(test)),
        "churn": changes.churn(test, ours, theirs),
        "lists": changes.most_changed(test, ours, theirs, gained, examined.human),
    }


def _online(examined: Examination) -> dict[str, Any]:
    ours, theirs = examined.scores[OURS][WARM], examined.scores[examined.rival][WARM]
    return {"rival": examined.rival, "applications": placed_rates.placed_rates(examined.test, ours, theirs)}


def _rows(found: Sequence[JudgedSegment]) -> list[dict[str, Any]]:
    return [
        {
            "segment": each.segment.name,
            "kind": each.segment.kind,
            "share": round(each.segment.share, 6),
            "yardstick": each.yardstick,
            "queries": each.difference.count,
            "difference": _interval(each),
            "guards": each.guards,
        }
        for each in found
    ]


def _interval(found: JudgedSegment) -> list[float] | None:
    """Return mean, low and high of a segment's difference; None without a query."""
    between = found.difference.interval()
    return [round(value, 6) for value in (between.mean, between.low, between.high)] if between.count else None
