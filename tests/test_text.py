"""Numbers agree with their nouns, and long lines break where a reader would pause."""

from __future__ import annotations

import pytest

from tidemark.support.text import break_line, count, count_of


@pytest.mark.parametrize(
    ("number", "what", "text"),
    [
        (1, "clicks without an impression so far", "1 click without an impression so far"),
        (3, "clicks without an impression so far", "3 clicks without an impression so far"),
        (1, "queries without hits", "1 query without hits"),
        (1, "branches", "1 branch"),
        (1, "without a query_id", "1 without a query_id"),
        (1, "misses", "1 miss"),
        (1, "less than wanted", "1 less than wanted"),
        (1234, "events", "1,234 events"),
    ],
)
def test_a_description_agrees_with_its_number(number: int, what: str, text: str) -> None:
    assert count_of(number, what) == text


def test_a_noun_agrees_with_its_number() -> None:
    assert [count(n, "row") for n in (0, 1, 1234)] == ["0 rows", "1 row", "1,234 rows"]
    assert count(2, "old branch", "old branches") == "2 old branches"


def test_a_long_line_breaks_after_sentences_and_keeps_its_indentation() -> None:
    line = "  note: the logic changed; the new one applies from now on. What was built before stays as it is"
    assert break_line(line, 60) == [
        "  note: the logic changed; the new one applies from now on.",
        "    What was built before stays as it is",
    ]
    assert break_line(line, 200) == [line]


def test_a_long_sentence_breaks_after_commas_and_a_word_never() -> None:
    assert break_line("files: a.jsonl, b.jsonl, c.jsonl", 16) == ["files: a.jsonl,", "  b.jsonl,", "  c.jsonl"]
    assert break_line("x" * 50, 20) == ["x" * 50]
