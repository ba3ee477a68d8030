"""The pages of audits: an index of sessions, a page a session, and the library's page of its expectations.

data-docs/index.html                         latest session first
data-docs/style.css                          ours; no page asks any other server for anything
data-docs/<dataset>/<session>/index.html     verdict, failed checks, all checks
data-docs/<dataset>/<session>/expectations.html
data-docs/<dataset>/<session>/summary.json   what the index shows

Pages are for people: what goes wrong in writing them is said and logged, and changes no verdict.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tidemark.audit import pages, summaries
from tidemark.audit.offline import body_of
from tidemark.audit.report import Report, cut
from tidemark.audit.summaries import Summary, past_their_time, read_summaries
from tidemark.errors import AuditError
from tidemark.state.ranges import format_instant
from tidemark.support.atomic_files import replace_file

LOCK_PATIENCE = 30.0
"""Seconds to wait for another session that writes the index; it takes a fraction of one."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_SHOWN_LETTERS = 200
_LOG = logging.getLogger(__name__)


def wall_clock() -> datetime:
    """The machine's clock, by which pages age: the clock of a run may lie in any year."""
    return datetime.now(UTC)


def page_path(reports: Path, dataset: str, session: str) -> Path:
    """Where a session's page lies. Raises AuditError for names that are no file names."""
    for name in (dataset, session):
        if not _NAME.fullmatch(name):
            raise AuditError(f"{name[:80]!r} cannot name a report; use letters, digits, dots, dashes and underscores")
    return reports / "data-docs" / dataset / session / "index.html"


def write_pages(
    report: Report,
    clock: datetime,
    reports: Path,
    library_page: Callable[[], str] | None = None,
    now: Callable[[], datetime] = wall_clock,
) -> Report:
    """Write a session's pages, drop those that have had their time, and write the index anew. Raises nothing.

    `library_page` renders the audit library's own page of the session. The report that comes back says where the
    session's page is, or that there is none; `page_fault` says what could not be written.
    """
    faults: list[str] = []
    site = None
    root = reports / "data-docs"
    with _noting("no page of this session was written", faults), _lock(root):
        path = page_path(reports, report.dataset, report.session)
        with _noting("the page of its expectations was not written", faults):
            _write_library_page(path.with_name("expectations.html"), report, library_page)
        _write_session_page(path, report, clock, now())
        site = path
        with _noting("the index of audits was not written", faults):
            _write_index(root, now(), but=path.parent)
    return replace(report, site=site, page_fault="; ".join(faults))


@contextlib.contextmanager
def _noting(what: str, faults: list[str]) -> Iterator[None]:
    """An error ends the block and nothing else: it is logged, and added to `faults` in a sentence."""
    try:
        yield
    except Exception as error:
        _LOG.warning("%s", what, exc_info=error)
        faults.append(f"{what}: {cut(f'{type(error).__name__}: {error}', _SHOWN_LETTERS)}")


def _write_library_page(path: Path, report: Report, render: Callable[[], str] | None) -> None:
    """The library's page, made fit to be read offline. That of an earlier audit of the session does not stay."""
    path.unlink(missing_ok=True)
    if render is not None:
        replace_file(path, pages.expectations_page(report.dataset, report.session, body_of(render())))


def _write_session_page(path: Path, report: Report, clock: datetime, now: datetime) -> None:
    has_expectations = path.with_name("expectations.html").exists()
    replace_file(path, pages.session_page(report, clock, has_expectations))
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


def _write_index(root: Path, now: datetime, but: Path) -> None:
    """List the pages that stay, after those that do not stay have been removed. `but` was written just now."""
    found = read_summaries(root)
    gone = [old for old in past_their_time(found, now) if root / old.dataset / old.session != but]
    for old in gone:
        _remove(root / old.dataset / old.session)
    replace_file(root / "style.css", Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
    replace_file(root / "index.html", pages.index_page([s for s in found if s not in gone]))


def _remove(folder: Path) -> None:
    """Remove a session's pages. The summary goes last: by it the next session goes on with what was left."""
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir(), key=lambda path: path.name == summaries.FILE):
            path.unlink()
        folder.rmdir()


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    """One session at a time writes pages: sessions of several datasets end at once, and two may be of one name.

    Raises TimeoutError after LOCK_PATIENCE.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as handle:
        until = time.monotonic() + LOCK_PATIENCE
        while not _taken(handle):
            if time.monotonic() >= until:
                raise TimeoutError(f"another process has held {root / '.lock'} for {LOCK_PATIENCE:g} s")
            time.sleep(0.05)
        yield


def _taken(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
