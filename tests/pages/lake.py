"""A small lake, written without an engine: a closed session, one whose audit failed, and some reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.pages.audits import add_audits
from tests.pages.open_sessions import add_open_sessions
from tidemark.catalog import Lake, open_lake, ops
from tidemark.catalog.properties import WATERMARK
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.spec.load import load_specs
from tidemark.state.cause import Restatement
from tidemark.state.effect import AppendFiles, FileRef, ReplaceRanges
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval
from tidemark.state.watermark import Watermark

CLOCK = datetime(2026, 4, 12, 9, tzinfo=UTC)
HOSTILE = "<script>alert('&')</script>"
LANDED, REBUILT = "search.search_queries", "search.interactions"
DAYS = tuple(
    Interval(datetime(2026, month, day, tzinfo=UTC), datetime(2026, month, day + 1, tzinfo=UTC))
    for month in (1, 2, 3)
    for day in (1, 5, 9, 13)
)
"""More ranges than a line of text names."""
OUTSIDE = "outside of the reports"


def make_lake(home: Path) -> Lake:
    """Write the lake and the reports of a home, with a history of audits and sessions that are not closed."""
    lake = make_small_lake(home)
    settings = Settings(home=home, schemas=CHECKOUT / "schemas")
    add_audits(lake, HOSTILE)
    add_open_sessions(lake, load_specs(settings.schemas, load_settings({}).values), home, HOSTILE)
    _write_reports(home)
    return lake


def make_small_lake(home: Path) -> Lake:
    """Write a lake with a closed landing session, which has an account, and a session whose audit failed."""
    settings = Settings(home=home, schemas=CHECKOUT / "schemas")
    lake = open_lake(settings)
    specs = load_specs(settings.schemas, load_settings({}).values)
    tables = {name: lake.ensure_table(specs[name]) for name in (LANDED, REBUILT)}
    bases = {name: table.metadata.current_snapshot_id or 0 for name, table in tables.items()}
    uuids = {name: str(table.metadata.table_uuid) for name, table in tables.items()}
    files = tuple(FileRef(f"queries/{HOSTILE}-{number}.jsonl", number, f"{number:064x}") for number in range(7))
    landed = Plan(LANDED, uuids[LANDED], bases[LANDED], 0, "f", "l", CLOCK, AppendFiles(files), session="landed-1")
    asked = Restatement(DAYS[0], "request-1", HOSTILE)
    rebuilt = Plan(
        REBUILT,
        uuids[REBUILT],
        bases[REBUILT],
        0,
        "f",
        "l",
        CLOCK,
        ReplaceRanges(DAYS, DAYS),
        asked,
        session="rebuilt-1",
    )
    for plan, run in ((landed, None), (rebuilt, f"build_interactions/manual__{HOSTILE}")):
        row = {"session": plan.session, "dataset": plan.dataset, "how": plan.how.value, "plan": plan.to_json()}
        ops.append(lake, "ops.sessions", [{**row, "planned_at": CLOCK, "run": run}])
    mark = Watermark("landed-1", bases[LANDED], CLOCK, CLOCK)
    with tables[LANDED].transaction() as change:
        change.set_properties({WATERMARK: mark.to_json()})
    closed = {"session": "landed-1", "dataset": LANDED, "current": mark.to_json(), "complete_through": CLOCK}
    ops.append(lake, "ops.high_watermarks", [{**closed, "committed_at": CLOCK}])
    failed = {"session": "rebuilt-1", "dataset": REBUILT, "snapshot_id": 1, "check": "rows", "kind": "floor"}
    ops.append(lake, "ops.audit_results", [{**failed, "severity": "fail", "passed": False, "audited_at": CLOCK}])
    counts = json.dumps({f"with unmapped action {HOSTILE}": 3})
    account = {"session": "landed-1", "dataset": LANDED, "taken": 40, "counts": counts, "accounted_at": CLOCK}
    late = {"late": 2, "late_most_s": 7200, "late_typical_s": 3600, "doubled": 1}
    ops.append(lake, "ops.record_accounts", [{**account, **late, "path": file.path} for file in files])
    return lake


def _write_reports(home: Path) -> None:
    audits = home / "reports" / "data-docs"
    page = audits / REBUILT / "rebuilt-1" / "index.html"
    for path in (audits / "index.html", page, home / "reports" / "models" / "index.html"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<body><main><h1>{path.parent.name}</h1></main></body>", encoding="utf-8")
    (audits / "style.css").write_text("h1 {}", encoding="utf-8")
    (page.parent / "summary.json").write_text("{}", encoding="utf-8")
    secret = home / "secret"
    secret.mkdir()
    (secret / "page.html").write_text(OUTSIDE, encoding="utf-8")
    (home / "reports-other").mkdir()
    (home / "reports-other" / "page.html").write_text(OUTSIDE, encoding="utf-8")
    (audits / "linked").symlink_to(secret)
    (audits / "linked.html").symlink_to(secret / "page.html")
    (audits / "inside.html").symlink_to(audits / "index.html")
    (audits / "loop.html").symlink_to(audits / "loop.html")
