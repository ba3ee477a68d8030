"""Drift against the champion's time, as a section of the report."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ranking.report.page import grid, section, tiles
from ranking.training.drift import MAJOR, MAJOR_WORD, MODERATE, MODERATE_WORD, SCORE, STEADY_WORD

SHOWN = 15
NAMES = {"label": "the label", "score": "the champion's scores"}
RULE = (
    f"Population stability index (Siddiqi, 2006) over the deciles of the champion's time: below {MODERATE:g} steady, "
    f"from {MAJOR:g} on major, and never more than steady within what chance explains. Features and label are those of "
    "the training data, scores those of the test lists."
)
ALARM = (
    "Look for the cause before you trust this ranker: a source that changed or stopped, another way of logging, or "
    "another mix of queries. Missing values often show it."
)


def drift(results: Mapping[str, Any]) -> str:
    """Return the section, or an empty text for a row of an earlier version."""
    if "drift" not in results:
        return ""
    found = results["drift"]
    if found is None:
        return section("Drift", "<p>No champion whose row keeps the distributions of its training data.</p>")
    major = [each for each in found if each["change"] == MAJOR_WORD]
    counts = {word: sum(each["change"] == word for each in found) for word in (MAJOR_WORD, MODERATE_WORD, STEADY_WORD)}
    shown = tiles(
        [(str(count), word, "down" if word == MAJOR_WORD and count else "") for word, count in counts.items()]
    )
    alarm = f"<p><strong>Alarm:</strong> {escape(_listed(major))}. {ALARM}</p>" if major else ""
    rows = [_row(each) for each in found[:SHOWN]]
    table = grid(["distribution", "index", "missing, then and now"], rows, whole=True)
    more = f"<p class=note>The {SHOWN} largest changes of {len(found)}.</p>" if len(found) > SHOWN else ""
    return section("Drift since the champion was trained", f"<p>{RULE}</p>{shown}{alarm}{table}{more}")


def _listed(major: Sequence[Mapping[str, Any]]) -> str:
    names = [_name(each) for each in major]
    return f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''} changed"


def _name(each: Mapping[str, Any]) -> str:
    return NAMES.get(each["kind"], str(each["name"]))


def _row(each: Mapping[str, Any]) -> Sequence[str]:
    missing = "" if each["kind"] == SCORE else f"{each['missing_then']:.1%}, {each['missing_now']:.1%}"
    return [_name(each), f"{each['index']:.3f}\n{each['change']}", missing]
