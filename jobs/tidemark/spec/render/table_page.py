"""A page about a table, rendered from its spec: what it holds, how complete it is, its inputs, and how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from tidemark.modes import MODES
from tidemark.spec.durations import format_duration
from tidemark.spec.model import Column, DatasetSpec, Expectation, InputSpec
from tidemark.spec.render.docs import doc_of
from tidemark.spec.render.expectations import expectation_text
from tidemark.spec.render.read_snippets import snippets

Specs = Mapping[str, DatasetSpec]
GENERATED = "<!-- Generated: PYTHONPATH=jobs .venv/bin/python -m tidemark.operate.table_pages docs/tables -->"

_READERS = {"pyiceberg": "PyIceberg", "duckdb": "DuckDB, with the rows that PyIceberg reads", "spark": "Spark"}
_CHECKED = (
    "Every session checks the rows that it wrote, besides types, bounds and the grain. If a check of severity `fail` "
    "fails, the rows are not published; `warn` is only shown."
)
_WHERE = "`.venv/bin/tidemark status` and the property `tidemark.watermark` of the table say through which hour."
_WHOLE = "versioned: each session replaces all rows"


def table_page(spec: DatasetSpec, specs: Specs) -> str:
    """Return the page of a dataset as Markdown. `specs` are all specs by full name."""
    return "\n".join(_lines(spec, specs)) + "\n"


def index_page(specs: Specs, opening: str) -> str:
    """Return the list of all pages as Markdown. `opening` is Python code that opens a Spark session on the lake."""
    rows = [f"| [{name}]({_page(name)}) | {_cell(spec.why)} |" for name, spec in sorted(specs.items())]
    return "\n".join(
        [
            "# The tables",
            "",
            GENERATED,
            "",
            "One page a table, written from its spec in `schemas/`. The tables of the loop itself are described in "
            "[ops tables](../ops-tables.md). [Read the tables](../cookbook/read-the-tables.md) shows how to read "
            "several of one state.",
            "",
            "| table | holds |",
            "|---|---|",
            *rows,
            "",
            "## Before you read",
            "",
            "Run the snippets of the pages in the checkout, with `.venv/bin/python` and `PYICEBERG_HOME=.tidemark` (or "
            "the home that you chose). PyIceberg reads the rows for DuckDB, whose Iceberg extension is a separate "
            "download. The snippets for Spark need a session that knows the catalog of the lake:",
            "",
            "<!-- reader: open spark -->",
            "```python",
            *opening.splitlines(),
            "```",
            "",
        ]
    )


def _lines(spec: DatasetSpec, specs: Specs) -> Iterator[str]:
    yield from (f"# {spec.dataset}", "", GENERATED, "", spec.why, "", "| | |", "|---|---|")
    yield from (f"| {name} | {_cell(text)} |" for name, text in _facts(spec, specs).items())
    yield from ("", "## How complete it is", "", MODES[spec.mode].completeness(spec, _WHERE))
    yield from ("", "## Columns", "", "| column | type | meaning |", "|---|---|---|")
    yield from (_column(column) for column in spec.columns.values())
    if spec.expectations:
        yield from ("", "## Checks", "", _CHECKED, "", "| check | severity | because |", "|---|---|---|")
        yield from (_check(check) for check in spec.expectations)
    yield from ("", "## Read it", "", "[What to run before](README.md#before-you-read).")
    for name, code in snippets(spec).items():
        yield from ("", f"{_READERS[name]}:", "", f"<!-- reader: {name} -->", "```python", *code.splitlines(), "```")


def _facts(spec: DatasetSpec, specs: Specs) -> dict[str, str]:
    readers = [name for name, other in sorted(specs.items()) if spec.dataset in _datasets(other) - {other.dataset}]
    found = {
        "one row for each": ", ".join(f"`{name}`" for name in spec.grain),
        "event time": f"`{spec.event_time}`" if spec.event_time else "none",
        "partitioned by": ", ".join(f"`{p.transform}({p.column})`" for p in spec.partition_by) or "nothing",
        "mode": _WHOLE if spec.replace == "whole" else f"{spec.mode}: {MODES[spec.mode].meaning}",
        "reads": "; ".join(_input(each) for each in spec.inputs.values()) or _landing(spec),
        "read by": ", ".join(map(_link, readers)) or "no other table",
        "made by": f"`{spec.transform or (spec.landing and spec.landing.parser)}`",
        "settings": ", ".join(f"`{name}`" for name in sorted(spec.settings)) or "none",
    }
    if spec.fresh_within is not None:
        found["fresh"] = f"within {format_duration(spec.fresh_within)}; a later table is `late` and alerts"
    return found


def _datasets(spec: DatasetSpec) -> set[str]:
    return {each.dataset for each in spec.inputs.values()}


def _input(each: InputSpec) -> str:
    """Return an input with its window, for example `[search.impressions] from 14d before to 1d before`."""
    notes = [_window(each), "optional" if each.optional else "", "only added rows" if each.read == "added" else ""]
    return " ".join(filter(None, [_link(each.dataset), ", ".join(filter(None, notes))]))


def _window(each: InputSpec) -> str:
    if each.before is not None and not each.before and not each.after:
        return ""
    begin = "from the beginning" if each.before is None else f"from {_side(-each.before)}"
    return f"{begin} to {_side(each.after)}"


def _side(length: timedelta) -> str:
    text = format_duration(length)
    return "the same time" if text == "0d" else f"{text.removeprefix('-')} {'before' if text[0] == '-' else 'after'}"


def _landing(spec: DatasetSpec) -> str:
    return f"files in {', '.join(f'`landing/{name}/`' for name in spec.landing.folders)}" if spec.landing else "nothing"


def _column(column: Column) -> str:
    notes = [doc_of(column)]
    if column.one_of is not None:
        notes.append("one of " + ", ".join(f"`{value}`" for value in column.one_of))
    bounds = _bounds(column.min, column.max)
    notes += [", ".join(bounds)] if bounds else []
    kind = column.type if column.required else f"{column.type}, may be null"
    return f"| `{column.name}` | {_cell(kind)} | {_cell('; '.join(notes))} |"


def _check(check: Expectation) -> str:
    share = [f"at most {check.at_most:.0%}"] if check.at_most else []
    text = ", ".join([f"`{expectation_text(check)}`", *share, *_bounds(check.min, check.max)])
    return f"| {_cell(text)} | {check.severity} | {_cell(check.because)} |"


def _bounds(least: float | None, most: float | None) -> list[str]:
    return [f"{word} {value:g}" for word, value in (("at least", least), ("at most", most)) if value is not None]


def _link(dataset: str) -> str:
    return f"[{dataset}]({_page(dataset)})"


def _page(dataset: str) -> str:
    return f"{dataset.partition('.')[2]}.md"


def _cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", r"\|").replace("\n", " ")
