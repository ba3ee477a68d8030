"""The reliability of labels: which grades count, and what chance alone would show."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ranking.report.reliability import reliability as rendered
from ranking.training import reliability
from ranking.training.matrices import Examples, Floats
from tests.learning import made
from tests.learning.test_report import Page


def drawn(pairs: int, shift: float, seed: int = 0) -> tuple[Floats, Floats]:
    """Return labels, and grades that they predict but for a shift."""
    rng = np.random.default_rng(seed)
    label = rng.uniform(0.5, 3.5, pairs)
    return label + shift, np.clip(label + rng.normal(0, 0.5, pairs), 0, 4)


def test_a_perfect_label_errs_by_chance_alone_and_a_shifted_one_by_its_shift() -> None:
    def error(shift: float) -> float:
        found = [reliability.calibration(*drawn(300, shift, seed)) for seed in range(40)]
        return float(np.mean([distance - chance for distance, chance in found]))

    assert error(0.0) == pytest.approx(0.0, abs=0.01)
    assert error(0.5) == pytest.approx(0.5, abs=0.08)


def test_chance_shrinks_with_the_number_of_pairs() -> None:
    chance = [reliability.calibration(*drawn(pairs, 0.0))[1] for pairs in (100, 10_000)]
    assert chance[0] == pytest.approx(10 * chance[1], rel=0.2)


def graded(rows: Examples, label: Floats, grade: Floats) -> Any:
    return reliability.reliability(replace(rows, grade=label), grade)


def test_only_grades_of_exam_queries_count_in_ten_bins_and_two_bands() -> None:
    rows = made.examples(queries=50, items=10)
    label, grade = drawn(len(rows), 0.0)
    rows = replace(rows, evidence=np.where(np.arange(len(rows)) % 10 < 3, 40, 2))
    found = graded(rows, label, np.where(rows.exam, grade, 0.0))
    assert (found["pairs"], found["queries"], len(found["bins"])) == (100, 10, 10)
    assert [(band["band"], band["pairs"]) for band in found["bands"]] == [
        ("10 impressions or more", 30), ("fewer than 10", 70)
    ]  # fmt: skip
    assert abs(found["error"]) < 0.1
    assert all(each["low"] <= each["grade"] <= each["high"] for each in found["bins"])
    assert [each["label"] for each in found["bins"]] == sorted(each["label"] for each in found["bins"])


def test_a_pair_counts_once_with_its_newest_label() -> None:
    rows = made.examples(queries=5, items=4, cuts=3)
    rows = replace(rows, exam=np.ones(len(rows), dtype=np.bool_))
    newest = rows.window_end == rows.window_end.max()
    label = np.where(newest, 3.0, 0.0)
    found = graded(rows, label, np.full(len(rows), 3.0))
    assert found["pairs"] == 20
    assert (found["error"], found["chance"]) == (0.0, 0.0)


def test_without_grades_there_is_no_diagram_and_the_page_says_so() -> None:
    rows = made.examples(queries=10)
    assert graded(rows, rows.grade, np.where(rows.exam, np.nan, 2.0)) is None
    page = Page(rendered({"reliability": None}))
    assert any("has a human grade, so the labels cannot be checked" in text for text in page.texts)
    assert rendered({"format": 1}) == "", "a row of an earlier version"


def test_a_handful_of_grades_is_shown_but_measures_nothing() -> None:
    rows = made.examples(queries=1, items=7)
    found = graded(rows, rows.grade, rows.grade)
    assert (found["error"], len(found["bins"])) == (None, 1)
    page = Page(rendered({"reliability": found}))
    assert "too few pairs" in page.texts
    assert page.tags.count("circle") == 1
