"""The sum of the accounts of files, and its words in a log. No engine is needed."""

from __future__ import annotations

import pytest

from tidemark.state.account import Account, facts, lateness, log_lines, total

A = Account("logs/a.jsonl", taken=400, late=3, late_most_s=7200, late_typical_s=3600, doubled=1, counts={"odd": 2})
B = Account("logs/b.jsonl", taken=1200, late=1, late_most_s=270_000, late_typical_s=270_000, doubled=0)
REFUSED = Account("logs/b.jsonl", refused=3, counts={"not JSON": 2, "query_id is missing": 1})


def test_the_sum_adds_the_counts_and_weighs_the_lateness_by_records() -> None:
    assert total([A, B]) == Account(
        None, taken=1600, late=4, late_most_s=270_000, late_typical_s=3600, doubled=1, counts={"odd": 2}
    )


def test_what_applies_to_no_file_applies_to_no_sum() -> None:
    assert total([REFUSED]) == Account(None, refused=3, counts={"not JSON": 2, "query_id is missing": 1})
    assert total([]) == Account()


def test_a_log_has_a_line_for_each_fact_and_names_the_most_remarkable_files_first() -> None:
    assert log_lines([B, A]) == [
        "account of 2 files: 1,600 taken",
        "  4 late (typically by 1 h, at most by 3.1 d)",
        "  1 doubled",
        "  2 odd",
        "  logs/a.jsonl: 400 taken, 3 late (typically by 1 h, at most by 2 h), 1 doubled, 2 odd",
        "  logs/b.jsonl: 1,200 taken, 1 late (typically by 3.1 d, at most by 3.1 d)",
    ]


def test_a_log_names_only_some_of_many_files() -> None:
    lines = log_lines([Account(f"{number:03}.jsonl", taken=1) for number in range(1000)])
    assert lines[0] == "account of 1,000 files: 1,000 taken"
    assert len(lines) == 12 and lines[-1] == "  and 990 more files, see ops.record_accounts"


def test_an_account_without_files_says_its_facts() -> None:
    assert log_lines([Account(taken=5, late=0, doubled=2)]) == ["account: 5 taken", "account: 2 doubled"]
    assert log_lines([Account()]) == ["account: nothing to remark"]


def test_zero_is_said_of_a_quarantine() -> None:
    assert facts(Account("a", refused=0)) == ["0 refused"]


def test_names_from_outside_forge_no_line_of_a_log() -> None:
    hostile = Account("a\nb", taken=1, counts={"with unmapped action \x1b[31m\nwarning: x": 1})
    text = "\n".join(log_lines([hostile, A]))
    assert "\x1b" not in text and "\nwarning" not in text


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (59, "59 s"), (90, "1.5 min"), (86_400, "1 d")])
def test_a_lateness_is_told_in_its_largest_unit(seconds: int, words: str) -> None:
    late = Account("a", late=1, late_most_s=seconds, late_typical_s=seconds)
    assert lateness(late) == f"typically by {words}, at most by {words}"
