"""The reference page of the `ops` tables agrees with their declaration."""

from __future__ import annotations

import pytest

from tests.docs.pages import CHECKOUT
from tidemark.catalog import ops
from tidemark.catalog.ops_tables import TABLES, reference


def test_the_page_is_what_the_generator_prints() -> None:
    page = CHECKOUT / "docs" / "ops-tables.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "print it anew: PYTHONPATH=jobs .venv/bin/python -m tidemark.catalog.ops_tables > docs/ops-tables.md"
    )


@pytest.mark.parametrize("name", TABLES)
def test_each_column_has_a_meaning_in_a_sentence(name: str) -> None:
    table = TABLES[name]
    assert ops.SCHEMAS[name].names == list(table.columns)
    for text in (table.row, *(means for _, means in table.columns.values())):
        assert text.endswith(".") and "|" not in text and "\n" not in text
