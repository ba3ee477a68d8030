"""`tidemark watermarks` and `tidemark sessions`: what the tables say of themselves."""

from __future__ import annotations

import argparse

from tidemark.lake import open_lake, ops
from tidemark.lake.commits import watermark_of
from tidemark.ranges import describe, format_instant
from tidemark.records import Watermark
from tidemark.requests import check_dataset
from tidemark.settings import load_settings
from tidemark.spec import load_specs


def watermarks(options: argparse.Namespace) -> int:
    """One line a dataset: through when it is complete and final, and which session built it."""
    settings = load_settings()
    lake = open_lake(settings)
    names = sorted(load_specs(settings.schemas, settings.values))
    width = max(len(name) for name in names)
    for name in names:
        table = lake.find_table(name)
        print(f"{name:<{width}}  {_line(watermark_of(table) if table is not None else None)}")
    return 0


def _line(mark: Watermark | None) -> str:
    if mark is None:
        return "nothing published"
    through, final = (format_instant(i) if i else "unbounded" for i in (mark.complete_through, mark.final_through))
    overdue = f"  overdue {describe(mark.overdue)}" if mark.overdue else ""
    return f"complete through {through}  final through {final}  session {mark.session}{overdue}"


def sessions(options: argparse.Namespace) -> int:
    """The latest closed sessions, newest first."""
    lake = open_lake(load_settings())
    where = ops.of_dataset(check_dataset(options.dataset)) if options.dataset else None
    rows = ops.rows(lake, "ops.high_watermarks", where)
    newest = sorted(rows, key=lambda row: (row["committed_at"], row["session"]), reverse=True)
    for row in newest[: max(options.last, 0)]:
        through = format_instant(row["complete_through"]) if row["complete_through"] else "unbounded"
        reason = f"  backfill: {row['reason']}" if row["reason"] else ""
        print(f"{row['session']:<22} {row['dataset']:<32} {row['how']:<10} complete through {through}{reason}")
    if not rows:
        print("no session yet")
    return 0
