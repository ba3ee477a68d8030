"""`tidemark watermarks` and `tidemark sessions`: what the tables say of themselves."""

from __future__ import annotations

import argparse
from datetime import datetime

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
    through, final = _instant(mark.complete_through), _instant(mark.final_through)
    parts = [f"complete through {through}", f"final through {final}", f"session {mark.session}"]
    both = (("owed", mark.owed), ("overdue", mark.overdue))
    parts += [f"{word} {describe(ranges)}" for word, ranges in both if ranges]
    parts += [f"built by logic {border.logic} before {_instant(border.through)}" for border in mark.borders]
    return "  ".join(parts)


def _instant(instant: datetime | None) -> str:
    return format_instant(instant) if instant else "unbounded"


def sessions(options: argparse.Namespace) -> int:
    """The latest closed sessions, newest first."""
    where = ops.of_dataset(check_dataset(options.dataset)) if options.dataset is not None else None
    lake = open_lake(load_settings())
    rows = ops.rows(lake, "ops.high_watermarks", where)
    newest = sorted(rows, key=lambda row: (row["committed_at"], row["session"]), reverse=True)
    for row in newest[: max(options.last, 0)]:
        through = _instant(row["complete_through"])
        reason = f"  by hand: {row['reason']}" if row["reason"] else ""
        print(f"{row['session']:<22} {row['dataset']:<32} {row['how']:<10} complete through {through}{reason}")
    if not rows:
        print("no session yet")
    return 0
