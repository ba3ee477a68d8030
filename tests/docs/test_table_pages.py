"""The pages about the tables are those that their specs give, and their snippets read a lake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.docs.conftest import CHAIN, Reader
from tests.docs.pages import CHECKOUT, marked
from tidemark.operate.table_pages import INDEX, OPENING, pages
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
from tidemark.spec.render.table_page import table_page

FOLDER = CHECKOUT / "docs" / "tables"
SPECS = load_specs(CHECKOUT / "schemas", load_settings({"TIDEMARK_HOME": "/nonexistent"}).values)


def test_the_pages_are_what_the_generator_writes() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert found == pages(SPECS), (
        "write them anew: PYTHONPATH=jobs .venv/bin/python -m tidemark.operate.table_pages docs/tables"
    )


def test_a_page_names_grain_inputs_readers_columns_and_checks() -> None:
    page = table_page(SPECS["search.interactions"], SPECS)
    for text in (
        "| one row for each | `application`, `query_id`, `item_id`, `shown_at` |",
        "[search.user_actions](user_actions.md) from 5m before to 14d after",
        "[ranking.query_item_counts](query_item_counts.md)",
        "Times older than 60d are not: they are listed as overdue",
        "| `dwell` | long, may be null | dwell time of the first click: ",
        "| `shown_by` | string | the evidence that the item was shown (see impressions); one of `event`, `hits`, ",
        "| `rows where purchases > 0 and clicks = 0`, at most 2% | warn |",
    ):
        assert text in page


def test_a_window_a_bar_and_a_table_without_readers_are_written_as_text() -> None:
    spec = SPECS["ranking.relevance_labels"]
    counts = replace(spec.inputs["counts"], before=None, after=timedelta(0))
    why = "grades | of pairs"
    page = table_page(replace(spec, inputs={"counts": counts}, why=why), {spec.dataset: spec})
    assert "[ranking.query_item_counts](query_item_counts.md) from the beginning to the same time" in page
    assert "| read by | no other table |" in page
    assert why.replace("|", r"\|") in pages({spec.dataset: replace(spec, why=why)})[INDEX]


@pytest.mark.spark
@pytest.mark.e2e
def test_each_snippet_reads_its_table(reader: Reader) -> None:
    """Tables that the small lake of the other pages does not build are there without rows."""
    for spec in SPECS.values():
        reader.context.lake.ensure_namespace(spec.namespace)
        reader.context.lake.ensure_table(spec)
    code = {spec.dataset: marked(FOLDER / f"{spec.name}.md", "reader") for spec in SPECS.values()}
    said = reader.run("\n".join(snippets["pyiceberg"] for snippets in code.values())).splitlines()
    assert said == [f"{4 if name == CHAIN[-1] else said[n].split()[0]} rows of {name}" for n, name in enumerate(code)]
    by_duckdb = reader.run("\n".join(snippets["duckdb"] for snippets in code.values()))
    assert by_duckdb.count("row_count") == len(code)
    opening = marked(FOLDER / INDEX, "reader")["open spark"]
    assert opening.strip() == OPENING
    by_spark = reader.run("\n".join([opening, *(snippets["spark"] for snippets in code.values())]))
    assert by_spark.count("|row_count|") == len(code)
    for text in (by_duckdb, by_spark):
        assert any("shop" in line and " 4 " in line.replace("|", " ") for line in text.splitlines())
