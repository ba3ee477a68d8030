"""What landing refused, read back: counted for people, or as files that can be mended and handed in again.

The tables are those that sources name as `landing.quarantine`; the columns are those that landing writes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pyiceberg.expressions import AlwaysTrue, BooleanExpression

from tidemark.catalog import ops
from tidemark.catalog.filters import any_of, at_least, both, one_of
from tidemark.catalog.lake import Lake
from tidemark.errors import RequestRefused
from tidemark.landing.files.folders import top_folder
from tidemark.landing.formats.bulk import action_of
from tidemark.landing.formats.items import KEPT_TEXT
from tidemark.landing.formats.jsontext import decode_json
from tidemark.spec import DatasetSpec

COLUMNS = ("file_path", "place", "reason", "file_id", "record")

WHOLE_FILE = "whole file"
CUT = f"cut at {KEPT_TEXT // 1024} KiB"
NO_RECORD = "no text of a record"
NO_FOLDER = "of no landing folder of today's specs"


class Refusal(NamedTuple):
    """A row of a quarantine table: what stood at a place of a file, and why it was refused."""

    file_path: str
    place: int
    reason: str
    record: str = ""
    file_id: str = ""

    @property
    def kind(self) -> str:
        """The kind of fault: the reason without its details."""
        return self.reason.split(": ", 1)[0]


@dataclass(frozen=True)
class Replay:
    """Lines to write by where they stood, `folder/name`, and what cannot be written, by why.

    The name is that of the file before its first dot: a parser may read it, as that of judgments does.
    """

    lines: Mapping[str, tuple[str, ...]]
    left: Mapping[str, tuple[Refusal, ...]]
    doubles: int = 0


def read_refusals(
    lake: Lake, specs: Mapping[str, DatasetSpec], reason: str, since: datetime | None, records: bool
) -> list[Refusal]:
    """All that was refused, by file and place: whose reason holds `reason`, that was landed at `since` or later.

    `record` is read only where `records` says so.
    """
    wanted = COLUMNS if records else COLUMNS[:3]
    found: list[Refusal] = []
    for name in sorted({s.landing.quarantine for s in specs.values() if s.landing and s.landing.quarantine}):
        table = lake.find_table(name)
        if table is None:
            continue
        landed = AlwaysTrue() if since is None else _landed_since(lake, name, since)
        rows = table.scan(landed, selected_fields=wanted).to_arrow().to_pylist()
        found += [Refusal(**row) for row in rows if reason in row["reason"]]
    return sorted(found)


def _landed_since(lake: Lake, name: str, since: datetime) -> BooleanExpression:
    """Rows that came with a landing at `since` or later: by `ops`, and, where a session is not closed yet, by arrival.

    Arrival alone is not enough: in a folder named after an hour it is that hour, however late the file came.
    """
    at = since.isoformat()
    when = both(ops.of_dataset(name), at_least("landed_at", at))
    files = ops.rows(lake, "ops.landed_files", when, ("sha256", "path"))
    of_files = both(
        one_of("file_id", (row["sha256"] for row in files)), one_of("file_path", (row["path"] for row in files))
    )
    return any_of((at_least("arrived_at", at), of_files))


def count(refusals: Iterable[Refusal]) -> list[tuple[int, str, str]]:
    """Number, kind of reason and file; the most first."""
    numbers = Counter((refusal.kind, refusal.file_path) for refusal in refusals)
    return sorted(((n, kind, path) for (kind, path), n in numbers.items()), key=lambda row: (-row[0], *row[1:]))


def replay(refusals: Iterable[Refusal], folders: Iterable[str]) -> Replay:
    """What can be written, each text once a place, and what cannot. `folders` are those of today's specs."""
    known = {top_folder(folder) for folder in folders}
    lines: dict[str, dict[str, None]] = {}
    left: dict[str, list[Refusal]] = {}
    doubles = 0
    for refusal in refusals:
        place, why = _place_of(refusal.file_path), _why_not(refusal)
        if top_folder(place) not in known:
            why = NO_FOLDER
        if why is not None:
            left.setdefault(why, []).append(refusal)
            continue
        doubles += refusal.record in lines.setdefault(place, {})
        lines[place][refusal.record] = None
    return Replay({p: tuple(texts) for p, texts in lines.items()}, {w: tuple(r) for w, r in left.items()}, doubles)


def _place_of(path: str) -> str:
    """`logs/2026-04-12T07/shop.jsonl.gz` as `logs/shop`."""
    return f"{top_folder(path)}/{PurePosixPath(path).name.split('.')[0]}"


def _why_not(refusal: Refusal) -> str | None:
    """Why a refusal cannot be written as a line that a person could mend; None if it can."""
    if refusal.place == 0:
        return WHOLE_FILE
    if len(refusal.record.encode("utf-8", "replace")) >= KEPT_TEXT:
        return CUT
    if refusal.record.strip() in ("", "{", "[") or "\n" in refusal.record or _is_action(refusal.record):
        return NO_RECORD
    return None


def _is_action(text: str) -> bool:
    """A bulk action would be taken as one for the line after it."""
    try:
        return action_of(0, decode_json(text.encode("utf-8", "replace")), b"") is not None
    except ValueError:
        return False


def write_files(
    lines: Mapping[str, tuple[str, ...]], out: Path, landing: Path, refused: Collection[str] = ()
) -> list[Path]:
    """Write a file a place below `out`, named after place and content, in their order. Raises RequestRefused.

    Nothing is written into the landing folder, nor over a file, nor what lies in the landing folder already.
    `refused` are the sums of the files that the lines come from.
    """
    contents = [_content(texts, refused) for _, texts in sorted(lines.items())]
    names = [f"{place}.quarantined-{_sum(c)[:12]}.jsonl" for place, c in zip(sorted(lines), contents, strict=True)]
    for name in names:
        _check_place(out / name, landing, landing / name)
    for name, content in zip(names, contents, strict=True):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        with (out / name).open("xb") as stream:
            stream.write(content)
    return [out / name for name in names]


def _content(texts: Iterable[str], refused: Collection[str]) -> bytes:
    """A line each. Content that came before does not land again: where no line needs mending, an empty one is added."""
    content = "".join(f"{text}\n" for text in texts).encode()
    while _sum(content) in refused:
        content += b"\n"
    return content


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_place(path: Path, landing: Path, handed_in: Path) -> None:
    if path.resolve().is_relative_to(landing.resolve()):
        raise RequestRefused(f"out: {path.parent} is in the landing folder; name another, and mend the records first")
    if path.exists() or path.is_symlink():
        raise RequestRefused(f"out: {path} is there already; it is not written over. Name another folder")
    if handed_in.exists():
        raise RequestRefused(
            f"out: {handed_in} is there already, so these records were handed in before; "
            f"choose others by --since or --reason"
        )
