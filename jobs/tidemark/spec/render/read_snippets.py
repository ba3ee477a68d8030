"""Code that reads a table by PyIceberg, DuckDB and Spark, rendered from its spec."""

from __future__ import annotations

from collections.abc import Sequence

from tidemark.spec.model import DatasetSpec

SINCE = {"date": "2026-04-12", "timestamp": "2026-04-12T00:00:00+00:00"}
"""The day from which the snippets read, in the form of each kind of event time."""
_SHOWN = 3
"""Columns beside grain and event time that the snippet for PyIceberg reads."""


def snippets(spec: DatasetSpec) -> dict[str, str]:
    """Return Python code by the name of its reader. That for Spark expects a session named `spark`."""
    return {"pyiceberg": _pyiceberg(spec), "duckdb": _duckdb(spec), "spark": _spark(spec)}


def _pyiceberg(spec: DatasetSpec) -> str:
    return "\n".join(
        [
            *_table(spec),
            f"rows = table.scan({_scan(spec, _columns(spec))}).to_arrow()",
            f'print(rows.num_rows, "rows of {spec.dataset}")',
        ]
    )


def _duckdb(spec: DatasetSpec) -> str:
    return "\n".join(
        [
            *_table(spec),
            f'duck = table.scan({_scan(spec, _counted(spec))}).to_duckdb("{spec.name}")',
            f'query = """{_counting(spec, spec.name)}"""',
            "print(duck.sql(query))",
        ]
    )


def _spark(spec: DatasetSpec) -> str:
    return f'query = """{_counting(spec, f"lake.{spec.dataset}")}"""\nspark.sql(query).show()'


def _table(spec: DatasetSpec) -> list[str]:
    return [
        "from pyiceberg.catalog import load_catalog",
        "",
        f'table = load_catalog("lake").load_table("{spec.dataset}")',
    ]


def _counting(spec: DatasetSpec, table: str) -> str:
    """Return a query that counts rows by the first column of the grain, with the newest event time of each."""
    first, newest = spec.grain[0], f", max({spec.event_time}) as newest" if spec.event_time else ""
    return f"""
    select {first}, count(*) as row_count{newest}
    from {table}
    group by {first}
    order by {first}
"""


def _scan(spec: DatasetSpec, columns: Sequence[str]) -> str:
    """Return the arguments of a scan, laid out as formatters of Python do."""
    if len(columns) == 1 and spec.event_time is None:
        return f'selected_fields=("{columns[0]}",)'
    since = [f"row_filter={_since(spec)}"] if spec.event_time is not None else []
    names = "".join(f'\n        "{name}",' for name in columns)
    chosen = f"selected_fields=({names}\n    )" if len(columns) > 1 else f'selected_fields=("{columns[0]}",)'
    return "".join(f"\n    {argument}," for argument in (*since, chosen)) + "\n"


def _since(spec: DatasetSpec) -> str:
    time = str(spec.event_time)
    return f"\"{time} >= '{SINCE[spec.columns[time].type]}'\""


def _counted(spec: DatasetSpec) -> list[str]:
    return list(dict.fromkeys([spec.grain[0], *filter(None, [spec.event_time])]))


def _columns(spec: DatasetSpec) -> list[str]:
    """Return the columns of the grain, the event time, and the first of the others."""
    keys = [*spec.grain, *filter(None, [spec.event_time])]
    others = [name for name in spec.columns if name not in keys]
    return list(dict.fromkeys([*keys, *others[:_SHOWN]]))
