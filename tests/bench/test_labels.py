"""The bench of labels computes what it says, and runs the pipeline's own transforms on a world."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from bench.labels import buys, measures, records, report, sources
from bench.labels.__main__ import main
from bench.labels.worlds import DAYS, SETTINGS, World, WrongWorld, settings_of, world_of
from infra.demo.shop import open_shop
from ranking.labels.splits import bucket_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TINY = world_of("easy-1", 3_000, queries=96)
MISLED = world_of("hard-1", 3_000, queries=96)
"""Clickbait misleads raw rates, so that the gap to true grades exceeds the learner's noise in so small a world, too."""


def test_pair_ratio_of_a_small_example_counted_by_hand() -> None:
    group = np.array([1, 1, 1, 2, 2, 2])
    grade = np.array([3.0, 1.0, 0.0, 2.0, 2.0, 0.0])
    label = np.array([0.9, 0.9, 0.1, 0.2, 0.5, 0.4])
    # Concordant: 3 over 0 and 1 over 0 in the first group, and the second item of the second group over its third.
    # Discordant: the first item of the second group below its third. 3 and 1 have equal labels.
    assert measures.pair_ratio(label, grade, group) == 3.0
    assert measures.pair_ratio(grade, grade, group) == math.inf


def test_calibration_error_is_about_0_for_a_perfect_label_and_the_shift_for_a_shifted_one() -> None:
    rng = np.random.default_rng(1)
    label = rng.uniform(0, 4, 4_000)
    grade = label + rng.normal(0, 0.8, label.size)
    assert measures.calibration_error(label, grade) == pytest.approx(0.0, abs=0.02)
    assert measures.calibration_error(label + 0.5, grade) == pytest.approx(0.5, abs=0.04)
    assert math.isnan(measures.calibration_error(label[:9], grade[:9]))


def test_rates_become_grades_and_pairs_without_traffic_have_none() -> None:
    labels = pd.DataFrame({"clicks": [5, 1, 0, np.nan], "evidence": [10, 10, 10, np.nan], "examination": [5, 5, 10, 0]})
    rate = sources.click_rate(labels)
    assert rate[:3] == pytest.approx([4.0, 0.8, 0.0], rel=0.03)
    expected = sources.coec(labels)
    assert expected[0] > expected[1] > expected[2] > 0
    assert np.isnan([rate[3], expected[3]]).all()


def test_the_gap_reaches_from_raw_rates_to_true_grades() -> None:
    rows = [report.Row(name, ndcg, 1.0, math.nan, math.nan) for name, ndcg in
            ((report.RAW, 0.6), ("ours", 0.675), (report.TRUE, 0.7))]  # fmt: skip
    assert [report.gap_closed(rows, row) for row in rows] == pytest.approx([0.0, 0.75, 1.0])
    shown = report.table("title", rows).splitlines()
    assert shown[0] == "title"
    assert shown[3].split() == ["ours", "0.675", "0.75", "1.0"]


def test_grades_of_a_setting_are_of_warm_queries_outside_the_exam() -> None:
    given = records.judgments(TINY, SETTINGS["500"], 0.2)
    truth = records.truth(TINY).merge(given, on=["query", "item_id"])
    assert len(truth) == len(given) == 500
    assert not truth["cold"].any()
    assert min(bucket_of(query) for query in given["query"]) >= 0.2
    assert (truth["true_grade"] == truth["grade"]).all()
    wrong = records.judgments(TINY, SETTINGS["flips"], 0.2).merge(records.truth(TINY), on=["query", "item_id"])
    assert (wrong["true_grade"] != wrong["grade"]).mean() == pytest.approx(0.2, abs=0.06)
    assert records.judgments(TINY, SETTINGS["none"], 0.2).empty


def test_traffic_of_a_world_is_that_of_its_logs() -> None:
    days = list(records.traffic(TINY))
    shown = pd.concat([day["search.impressions"] for day in days])
    acts = pd.concat([day["search.user_actions"] for day in days])
    assert len(days) == DAYS
    odd = DAYS * (2 * 6 + 2 * 12 + 2 * 8)  # bots, scrapers and sellers
    assert shown["query_id"].nunique() == pytest.approx(3_000 + odd, rel=0.1)
    assert not shown.duplicated(["query_id", "item_id"]).any()
    assert (shown["impression_known_at"] >= shown["shown_at"]).all()
    assert set(acts["action"]) == {"impression", "click", "cart", "purchase", "other"}
    cold = {text for text, week in zip(open_shop(TINY.parameters).queries.texts,
            open_shop(TINY.parameters).queries.first_week, strict=True) if week >= DAYS // 7}  # fmt: skip
    assert not cold & set(shown["query"])


@pytest.mark.parametrize("given", ["bad", "plain-x"])
def test_an_unknown_world_is_refused_with_the_names(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--worlds", given]) == 2
    assert f"{given!r} is no world; write easy, plain, stuck, hard" in capsys.readouterr().err
    with pytest.raises(WrongWorld, match="choose from 500, 150, none"):
        settings_of(["700"])


def test_labels_that_break_a_promise_are_refused() -> None:
    good = pd.DataFrame(
        {"query": ["a", "b"], "item_id": ["x", "x"], "window_end": ["d", "d"], "grade": [1.0, 4.0],
         "exam": [True, False], "source": ["behaviour", "human"], "human_grades": [0, 1]}
    )  # fmt: skip
    report.check_labels(good, SETTINGS["500"])
    faults = {
        "two labels": good.assign(query="a"), "outside 0 to 4": good.assign(grade=4.1),
        "exam query was used": good.assign(exam=True), "several windows": good.assign(window_end=["d", "e"]),
        "no labels": good.head(0), "came from nowhere": good.assign(human_grades=0),
    }  # fmt: skip
    for says, labels in faults.items():
        with pytest.raises(ValueError, match=says):
            report.check_labels(labels, SETTINGS["500"])


def test_what_more_would_buy_is_told_with_its_error_over_worlds() -> None:
    found = [tuple(buys.Gain(gain, 10 * gain) for gain in gains) for gains in ((0.01, 0.02, 0.0), (0.03, 0.02, -0.02))]
    grades, logs, exchanges = buys.described(found).splitlines()[1:]
    assert grades.startswith("  100 more grades  ")
    assert grades.endswith("+20 (± 10) % of the gap, +0.0200 (± 0.0100) nDCG@10")
    assert logs.endswith("+20 (± 0) % of the gap, +0.0200 (± 0.0000) nDCG@10")
    assert exchanges.endswith("-10 (± 10) % of the gap, -0.0100 (± 0.0100) nDCG@10")
    assert "±" not in buys.described(found[:1])


def test_the_worlds_of_a_seed_differ_in_a_week_of_traffic_or_in_exchanges(capsys: pytest.CaptureFixture[str]) -> None:
    start, longer, still = buys.worlds_of("3", 28_000, 96)
    assert (start.sessions, longer.sessions, still.sessions) == (21_000, 28_000, 21_000)
    assert (start.name, longer.name, still.name) == ("plain-3", "plain-3", "stuck-3")
    assert start.parameters.seed == longer.parameters.seed == still.parameters.seed
    assert main(["--more", "one"]) == 2
    assert "'one' is no seed" in capsys.readouterr().err


@pytest.mark.spark
@pytest.mark.long
def test_what_more_would_buy_is_measured_on_three_worlds(spark: SparkSession, tmp_path: Path) -> None:
    from bench.labels.tables import Tables

    read: list[World] = []

    def tables(world: World) -> Tables:
        read.append(world)
        own = tmp_path / str(len(read))
        own.mkdir()
        return Tables(spark, own / "kept", own, world)

    worlds = buys.worlds_of("1", 4_000, 96)
    found = buys.gains(worlds, tables)
    assert tuple(read) == worlds
    assert len(found) == len(buys.GAINS) and all(abs(gain.ndcg) < 0.3 for gain in found)
    shares = {round(gain.ndcg / gain.share, 6) for gain in found if gain.share}
    assert len(shares) == 1, "all are shares of one gap"


@pytest.mark.spark
@pytest.mark.long
def test_known_answer_labels_of_a_world_order_better_than_chance(spark: SparkSession, tmp_path: Path) -> None:
    from bench.labels.tables import Tables

    own = tmp_path / "own"
    own.mkdir()
    tables = Tables(spark, tmp_path / "kept", own, MISLED)
    rows = report.judge(MISLED, tables, settings_of(["500", "none"]))
    found = {row.source: row for row in rows}
    assert list(found) == [
        report.RAW, "clicks over expected clicks", "the 500 human grades alone", "ours, grades: 500",
        "ours, grades: none", "true grades, only of pairs with 10 impressions", report.TRUE,
    ]  # fmt: skip
    assert all(0.3 < row.ndcg < 1 for row in rows)
    assert found[report.TRUE].ndcg > found[report.RAW].ndcg
    assert found[report.TRUE].ratio == math.inf
    assert found["ours, grades: 500"].ratio > 1.5
    assert math.isnan(found[report.RAW].enough)
    again = Tables(spark, tmp_path / "kept", own, MISLED).label(SETTINGS["500"])
    assert again["human_grades"].sum() == 500
