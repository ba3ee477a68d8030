"""What is stored of each audited session beside its page, and which pages have had their time."""

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
"""How long each page stays: as long as a table can be rolled back. What it says remains in `ops.audit_results`."""

KEPT_EACH = 20
"""The latest pages of each dataset stay however old they are: a dataset may be built once a week, or stand still."""

UNKNOWN = "unknown"
"""The verdict of a page whose summary does not say it in words of this version."""

_VERDICTS = ("passed", "warned", "failed")


@dataclass(frozen=True)
class Summary:
    """One line of the index.

    `audited_at` is the clock of the run, `written_at` the machine's own when the page was written. A count of None
    is not known.
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
        """The session's page, as seen from the index."""
        return f"{self.dataset}/{self.session}/index.html"

    @property
    def may_go(self) -> bool:
        """Whether the page may ever go. An AuditFailed names that of a failed session; one not understood may be."""
        return self.verdict in ("passed", "warned")

    def to_json(self) -> str:
        """What `read_summary` reads, in this version or another."""
        return json.dumps({**asdict(self), "written_at": format_instant(self.written_at)})


def read_summary(path: Path) -> Summary:
    """The summary in a file, as far as it is there and understood; dataset and session are those of its folders.

    A version that knew less wrote no `written_at`: then the file's own time is taken.
    """
    said = _read_object(path)
    known = {
        field.name: said[field.name]
        for field in fields(Summary)
        if field.name in _READABLE and _READABLE[field.name](said.get(field.name))
    }
    written_at = _instant(said.get("written_at")) or _modified_at(path)
    return Summary(dataset=path.parent.parent.name, session=path.parent.name, written_at=written_at, **known)


def _read_object(path: Path) -> Mapping[str, Any]:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        said = json.loads(path.read_text(encoding="utf-8"))
        return said if isinstance(said, dict) else {}
    return {}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_READABLE = {
    "audited_at": lambda value: isinstance(value, str) and _instant(value) is not None,
    "verdict": lambda value: value in _VERDICTS,
    **dict.fromkeys(("rows", "checks", "failed", "warned"), _is_count),
}
"""By field, whether a stored value is one that this version understands."""


def _instant(value: Any) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        return parse_instant(value) if isinstance(value, str) else None
    return None


def _modified_at(path: Path) -> datetime:
    """When the file, or what is left of its folder, was written last."""
    for place in (path, path.parent):
        with contextlib.suppress(OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(place.stat().st_mtime, UTC)
    return datetime.min.replace(tzinfo=UTC)


def read_summaries(root: Path) -> list[Summary]:
    """All sessions that have a page below `root`, latest first; a folder that cannot be read has none."""
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


def past_their_time(summaries: Iterable[Summary], now: datetime) -> list[Summary]:
    """Those of the summaries, latest first, whose pages may go at `now`.

    A page stays for KEEP_FOR, and longer where it is among the latest KEPT_EACH of its dataset or may be named by
    a failure.
    """
    seen: dict[str, int] = {}
    old = []
    for summary in summaries:
        seen[summary.dataset] = seen.get(summary.dataset, 0) + 1
        if summary.may_go and seen[summary.dataset] > KEPT_EACH and now - summary.written_at > KEEP_FOR:
            old.append(summary)
    return old
