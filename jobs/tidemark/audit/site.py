"""Write the pages of audits.

data-docs/index.html                                index of all sessions, latest first
data-docs/style.css                                 our stylesheet; pages load nothing from other servers
data-docs/<dataset>/<session>/index.html            verdict, failed checks, all checks
data-docs/<dataset>/<session>/expectations.html     the expectations on a page of Great Expectations
data-docs/<dataset>/<session>/summary.json          what the index shows of the session

Pages are for people. If a page cannot be written, this is logged and reported, and the verdict does not change.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tidemark.audit import pages, summaries
from tidemark.audit.offline import body_of
from tidemark.audit.report import Report
from tidemark.audit.summaries import Summary, expired_pages, read_summaries
from tidemark.errors import AuditError
from tidemark.state.ranges import format_instant
from tidemark.support.atomic_files import replace_file
from tidemark.support.file_lock import holding
from tidemark.support.text import cut

LOCK_PATIENCE = 30.0
"""Seconds to wait for another session that writes its pages, also another attempt of the same one. This usually takes
a fraction of a second."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_MAX_FAULT_LENGTH = 200
_LOG = logging.getLogger(__name__)


def wall_clock() -> datetime:
    """Return the machine's time, which decides the age of pages. The clock of a run may be in any year."""
    return datetime.now(UTC)


def page_path(reports: Path, dataset: str, session: str) -> Path:
    """Return the path of a session's page. Raises AuditError if a name is not usable as a file name."""
    for name in (dataset, session):
        if not _NAME.fullmatch(name):
            raise AuditError(
                f"{name[:80]!r} cannot be the name of a report; use letters, digits, dots, dashes and underscores"
            )
    return reports / "data-docs" / dataset / session / "index.html"


def write_pages(
    report: Report,
    clock: datetime,
    reports: Path,
    library_page: Callable[[], str] | None = None,
    now: Callable[[], datetime] = wall_clock,
) -> Report:
    """Write a session's pages, remove expired pages, and write the index. Raises nothing.

    `library_page` renders the session's page of Great Expectations. In the report that is returned, `site` is the path
    of the session's page, None if there is none, and `page_fault` says what could not be written.
    """
    faults: list[str] = []
    site = None
    root = reports / "data-docs"
    with _recorded("no page of this session was written", faults), holding(root / ".lock", LOCK_PATIENCE):
        path = page_path(reports, report.dataset, report.session)
        with _recorded("the page of its expectations was not written", faults):
            _write_library_page(path.with_name("expectations.html"), report, library_page)
        _write_session_page(path, report, clock, now())
        site = path
        with _recorded("the index of audits was not written", faults):
            _write_index(root, now(), current=path.parent)
    return replace(report, site=site, page_fault="; ".join(faults))


@contextlib.contextmanager
def _recorded(consequence: str, faults: list[str]) -> Iterator[None]:
    """Let an error end only this block. It is logged, and added to `faults` after the consequence that it has."""
    try:
        yield
    except Exception as error:
        _LOG.warning("%s", consequence, exc_info=error)
        faults.append(f"{consequence}: {cut(f'{type(error).__name__}: {error}', _MAX_FAULT_LENGTH)}")


def _write_library_page(path: Path, report: Report, render: Callable[[], str] | None) -> None:
    """Write the page of Great Expectations in a form that loads nothing. Remove the page of an earlier audit first."""
    path.unlink(missing_ok=True)
    if render is not None:
        replace_file(path, pages.expectations_page(report.dataset, report.session, body_of(render())))


def _write_session_page(path: Path, report: Report, clock: datetime, now: datetime) -> None:
    has_expectations = path.with_name("expectations.html").exists()
    replace_file(path, pages.session_page(report, clock, has_expectations, now))
    replace_file(path.with_name(summaries.FILE), _summary(report, clock, now).to_json())


def _summary(report: Report, clock: datetime, now: datetime) -> Summary:
    return Summary(
        dataset=report.dataset,
        session=report.session,
        written_at=now,
        audited_at=format_instant(clock),
        verdict=pages.verdict(report),
        rows=report.rows,
        checks=len(report.checks),
        failed=len(report.failures),
        warned=len(report.warnings),
    )


def _write_index(root: Path, now: datetime, current: Path) -> None:
    """Remove expired pages, then list the others. `current` is the folder that was just written; it stays."""
    found = read_summaries(root)
    expired = [old for old in expired_pages(found, now) if root / old.dataset / old.session != current]
    for old in expired:
        _remove(root / old.dataset / old.session)
    replace_file(root / "style.css", Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
    replace_file(root / "index.html", pages.index_page([s for s in found if s not in expired]))


def _remove(folder: Path) -> None:
    """Remove a session's pages, the summary last, so that the next session can finish an interrupted removal."""
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir(), key=lambda path: path.name == summaries.FILE):
            path.unlink()
        folder.rmdir()
