"""The pages of audits: an index of sessions, a page a session, and the library's page of its expectations.

data-docs/index.html                         newest session first
data-docs/style.css                          ours; no page asks any other server for anything
data-docs/<dataset>/<session>/index.html     verdict, failed checks, all checks
data-docs/<dataset>/<session>/expectations.html
data-docs/<dataset>/<session>/summary.json   what the index shows
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tidemark.audit import pages
from tidemark.audit.offline import body_of
from tidemark.audit.report import Report
from tidemark.errors import AuditError
from tidemark.state.ranges import format_instant
from tidemark.support.atomic_files import write_whole

KEPT = 200
"""Sessions that keep their pages; older ones remain in `ops.audit_results`."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


@dataclass(frozen=True)
class Summary:
    """One line of the index."""

    dataset: str
    session: str
    audited_at: str
    verdict: str
    rows: int
    checks: int
    failed: int
    warned: int

    @property
    def link(self) -> str:
        """The session's page, as seen from the index."""
        return f"{self.dataset}/{self.session}/index.html"


def page_path(reports: Path, dataset: str, session: str) -> Path:
    """Where a session's page lies. Raises AuditError for names that are no file names."""
    for name in (dataset, session):
        if not _NAME.fullmatch(name):
            raise AuditError(f"{name[:80]!r} cannot name a report; use letters, digits, dots, dashes and underscores")
    return reports / "data-docs" / dataset / session / "index.html"


def write_expectations(page: str, reports: Path, dataset: str, session: str) -> None:
    """Keep the audit library's page of a session, made fit to be read offline."""
    path = page_path(reports, dataset, session).with_name("expectations.html")
    write_whole(path, pages.expectations_page(dataset, session, body_of(page)))


def write_page(report: Report, clock: datetime, reports: Path, kept: int = KEPT) -> None:
    """Write a session's page, drop the oldest beyond `kept`, and write the index anew."""
    path = page_path(reports, report.dataset, report.session)
    root = reports / "data-docs"
    has_expectations = path.with_name("expectations.html").exists()
    write_whole(path, pages.session_page(report, clock, has_expectations))
    summary = _summary(report, clock)
    with _lock(root):
        write_whole(path.with_name("summary.json"), json.dumps(asdict(summary)))
        summaries = _prune(root, _summaries(root), kept)
        write_whole(root / "style.css", Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
        write_whole(root / "index.html", pages.index_page(summaries))


def _summary(report: Report, clock: datetime) -> Summary:
    return Summary(
        dataset=report.dataset,
        session=report.session,
        audited_at=format_instant(clock),
        verdict=pages.verdict(report),
        rows=report.rows,
        checks=len(report.checks),
        failed=len(report.failures),
        warned=len(report.warnings),
    )


def _summaries(root: Path) -> list[Summary]:
    """All sessions that have a page, newest first."""
    found = [Summary(**json.loads(path.read_text(encoding="utf-8"))) for path in root.glob("*/*/summary.json")]
    return sorted(found, key=lambda s: (s.audited_at, s.dataset, s.session), reverse=True)


def _prune(root: Path, summaries: list[Summary], kept: int) -> list[Summary]:
    for old in summaries[kept:]:
        shutil.rmtree(root / old.dataset / old.session, ignore_errors=True)
    return summaries[:kept]


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    """Sessions of several datasets end at the same time; the index is written by one after the other."""
    with (root / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
