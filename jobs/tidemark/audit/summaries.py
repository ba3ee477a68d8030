"""The summary stored beside the page of each audited session, and the rules for how long pages stay."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tidemark.state.ranges import format_instant, parse_instant

FILE = "summary.json"

KEEP_FOR = timedelta(days=7)
"""How long each page stays: as long as a table can be rolled back. Its content remains in `ops.audit_results`."""

KEPT_PER_DATASET = 20
"""The number of latest pages of each dataset that stay at any age, for datasets that are built rarely."""

UNKNOWN = "unknown"
"""The verdict of a page if its summary has none that this version knows."""

_VERDICTS = ("passed", "warned", "failed")


@dataclass(frozen=True)
class Summary:
    """The summary of one session: a line of the index.

    `audited_at` is the clock of the run. `written_at` is the machine's clock at the time when the page was written. A
    count is None if it is not known.
    """

    dataset: str
    session: str
    written_at: datetime
    audited_at: str = ""
    verdict: str = UNKNOWN
    rows: int | None = None
    checks: int | None = None
    failed: int | None = None
    warned: int | None = None

    @property
    def link(self) -> str:
        """The link from the index to the session's page."""
        return f"{self.dataset}/{self.session}/index.html"

    @property
    def may_expire(self) -> bool:
        """Whether the page may be removed at some time.

        The page of a failed session stays, because an AuditFailed message names it. A page with an unknown verdict
        stays too, because it may be one of these.
        """
        return self.verdict in ("passed", "warned")

    def to_json(self) -> str:
        """Return the summary as JSON for `read_summary`, of this version or another."""
        return json.dumps({**asdict(self), "written_at": format_instant(self.written_at)})


def read_summary(path: Path) -> Summary:
    """Return the summary in a file. Raises nothing: a value that is missing or not readable gets its default.

    Dataset and session are taken from the names of the file's folders. An older version wrote no `written_at`; then the
    file's modification time is used.
    """
    stored = _read_object(path)
    known = {
        field.name: stored[field.name]
        for field in fields(Summary)
        if field.name in _READABLE and _READABLE[field.name](stored.get(field.name))
    }
    written_at = _instant(stored.get("written_at")) or _modified_at(path)
    return Summary(dataset=path.parent.parent.name, session=path.parent.name, written_at=written_at, **known)


def _read_object(path: Path) -> Mapping[str, Any]:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads(path.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {}
    return {}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_READABLE = {
    "audited_at": lambda value: isinstance(value, str) and _instant(value) is not None,
    "verdict": lambda value: value in _VERDICTS,
    **dict.fromkeys(("rows", "checks", "failed", "warned"), _is_count),
}
"""For each field, whether this version can read a stored value."""


def _instant(value: Any) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        return parse_instant(value) if isinstance(value, str) else None
    return None


def _modified_at(path: Path) -> datetime:
    """Return when the file was last modified. If it does not exist, return when its folder was."""
    for place in (path, path.parent):
        with contextlib.suppress(OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(place.stat().st_mtime, UTC)
    return datetime.min.replace(tzinfo=UTC)


def read_summaries(root: Path) -> list[Summary]:
    """Return the summaries of all sessions that have a page below `root`, latest first. Skip unreadable folders."""
    folders = [session for dataset in _folders(root) for session in _folders(dataset)]
    found = [read_summary(folder / FILE) for folder in folders if _holds_page(folder)]
    return sorted(found, key=lambda s: (s.written_at, s.audited_at, s.dataset, s.session), reverse=True)


def _holds_page(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return (folder / FILE).is_file() or (folder / "index.html").is_file()
    return False


def _folders(place: Path) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir()]
    return []


def expired_pages(summaries: Iterable[Summary], now: datetime) -> list[Summary]:
    """Return the summaries whose pages may be removed at `now`. The argument must be sorted, latest first.

    A page stays for KEEP_FOR. It stays longer if it is among the latest KEPT_PER_DATASET of its dataset, or if it may
    not expire (`Summary.may_expire`).
    """
    seen: dict[str, int] = {}
    expired = []
    for summary in summaries:
        seen[summary.dataset] = seen.get(summary.dataset, 0) + 1
        is_recent = seen[summary.dataset] <= KEPT_PER_DATASET or now - summary.written_at <= KEEP_FOR
        if summary.may_expire and not is_recent:
            expired.append(summary)
    return expired
