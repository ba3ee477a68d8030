"""Judge all label sources of a world, and print them as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.labels import measures, records, sources
from bench.labels.learner import KEYS, Task
from bench.labels.tables import Tables
from bench.labels.worlds import Grades, World
from ranking.training.matrices import Flags, Floats

RAW, TRUE = "raw click-through rate", "all true grades"
HEADER = ("labels", "nDCG@10", "gap closed", "PNR", "calibration, 10 and more", "fewer impressions")


@dataclass(frozen=True)
class Row:
    """What a label source reached. Calibration errors are NaN for sources that are no grades."""

    source: str
    ndcg: float
    ratio: float
    enough: float
    few: float


def judge(world: World, tables: Tables, settings: Sequence[Grades]) -> list[Row]:
    """Return a row for each label source of the world. Raises ValueError if labels break a promise."""
    task = Task.of(records.truth(world), tables.features())
    rows: list[Row] = []
    for number, grades in enumerate(settings):
        labels = tables.label(grades)
        check_labels(labels, grades)
        joined = task.pairs.merge(labels, on=KEYS, how="left", validate="1:1")
        if not number:
            rows += [
                _row(RAW, task, joined, sources.click_rate(joined), False),
                _row("clicks over expected clicks", task, joined, sources.coec(joined), False),
            ]
        if grades.name == "500":
            rows.append(_row("the 500 human grades alone", task, joined, sources.human(joined), False))
        rows.append(_row(f"ours, grades: {grades.name}", task, joined, joined["grade"].to_numpy(float), True))
    enough = measures.bands(joined["evidence"].fillna(0).to_numpy(float))["enough"]
    seen = np.where(enough, task.pairs["true_grade"].to_numpy(float), np.nan)
    rows.append(_row("true grades, only of pairs with 10 impressions", task, joined, seen, False))
    return [*rows, _row(TRUE, task, task.pairs, task.pairs["true_grade"].to_numpy(float), False)]


def check_labels(labels: pd.DataFrame, grades: Grades) -> None:
    """Raise ValueError unless the labels are one window of different pairs and use only grades that they may use."""
    faults = {
        "a pair has two labels": labels.duplicated(KEYS).any(),
        "there are no labels": not len(labels),
        "labels belong to several windows": labels["window_end"].nunique() > 1,
        "a grade is outside 0 to 4": not labels["grade"].between(0, 4).all(),
        "a human grade of an exam query was used": (labels["exam"] & labels["source"].isin(["human", "both"])).any(),
        "human grades came from nowhere": (labels["human_grades"].sum() > 0) != (grades.grades > 0),
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise ValueError(f"relevance_labels with the setting {grades.name}: {'; '.join(found)}")


def _row(name: str, task: Task, joined: pd.DataFrame, label: Floats, calibrated: bool) -> Row:
    """Judge one source. Order is judged on pairs with impressions, calibration on exam queries."""
    grade = joined["true_grade"].to_numpy(float)
    there = ~np.isnan(label) & ~joined["cold"].to_numpy(bool)
    seen = joined["evidence"].fillna(0).to_numpy(float) if "evidence" in joined else np.zeros(len(joined))
    ordered = there & (seen > 0)
    ratio = measures.pair_ratio(label[ordered], grade[ordered], task.group[ordered]) if ordered.any() else np.inf
    exam = there & joined["exam"].eq(True).to_numpy() if calibrated else np.zeros(len(joined), dtype=bool)
    errors = {band: _error(label, grade, exam & rows) for band, rows in measures.bands(seen).items()}
    return Row(name, task.ndcg(label), ratio, errors["enough"], errors["few"])


def _error(label: Floats, grade: Floats, rows: Flags) -> float:
    return measures.calibration_error(label[rows], grade[rows])


def gap_closed(rows: Sequence[Row], row: Row) -> float:
    """Return the share of the gap between the raw click-through rate and all true grades that a row closes."""
    ends = {found.source: found.ndcg for found in rows}
    return (row.ndcg - ends[RAW]) / (ends[TRUE] - ends[RAW])


def table(title: str, rows: Sequence[Row]) -> str:
    """Return the rows as text."""
    lines: list[tuple[str, ...]] = [HEADER]
    for row in rows:
        numbers = [(row.ratio, ".1f"), (row.enough, ".3f"), (row.few, ".3f")]
        rest = [format(value, form) if np.isfinite(value) else "" for value, form in numbers]
        lines.append((row.source, f"{row.ndcg:.3f}", f"{gap_closed(rows, row):.2f}", *rest))
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    shown = [[cell.rjust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    shown = [[line[0].ljust(widths[0]), *cells[1:]] for line, cells in zip(lines, shown, strict=True)]
    return "\n".join([title, *(f"  {'  '.join(cells)}".rstrip() for cells in shown)])
