"""Read the records that landing refused: count them, or write them as files that can be corrected and landed again.

A source names its quarantine table in `landing.quarantine`. Landing writes the columns that are read here.
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
NO_RECORD = "not the text of a single record"
NO_FOLDER = "no current spec has this landing folder"


class Refusal(NamedTuple):
    """A row of a quarantine table: the file, the place in it, the record, and why the record was refused.

    `place` counts from 1; 0 stands for the whole file.
    """

    file_path: str
    place: int
    reason: str
    record: str = ""
    file_id: str = ""

    @property
    def kind(self) -> str:
        """Return the kind of fault: the reason without its details."""
        return self.reason.split(": ", 1)[0]


@dataclass(frozen=True)
class Replay:
    """Records that can be written as lines, and refusals that cannot.

    `lines` holds the texts by their origin, `folder/name`. The name is the file's name up to its first dot, because a
    parser may read it (the parser of judgments does). `skipped` holds the refusals that cannot be written, by the
    reason. `duplicates` counts texts that occur again at the same origin; each text is written once.
    """

    lines: Mapping[str, tuple[str, ...]]
    skipped: Mapping[str, tuple[Refusal, ...]]
    duplicates: int = 0


def read_refusals(
    lake: Lake, specs: Mapping[str, DatasetSpec], reason: str, since: datetime | None, records: bool
) -> list[Refusal]:
    """Return the refusals whose reason contains `reason` and that landed at `since` or later, by file and place.

    If `records` is false, the records themselves are not read and `record` is empty.
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
    """Return the condition for rows that landed at `since` or later.

    `ops.landed_files` names the files of closed sessions. Rows of a session that is not closed yet are found by
    their arrival. Arrival alone is not enough: for a folder that is named after an hour, it is that hour, however
    late the file came.
    """
    at = since.isoformat()
    landed = both(ops.of_dataset(name), at_least("landed_at", at))
    files = ops.rows(lake, "ops.landed_files", landed, ("sha256", "path"))
    of_files = both(
        one_of("file_id", (row["sha256"] for row in files)), one_of("file_path", (row["path"] for row in files))
    )
    return any_of((at_least("arrived_at", at), of_files))


def count_recorded_since(lake: Lake, name: str, since: datetime) -> int:
    """Count the refused records of the files that landed in a quarantine table at `since` or later.

    The machine's clock decides when a file landed. Files on record without that time, by an older version, do not
    count.
    """
    table = lake.find_table(name)
    landed = ops.rows(lake, "ops.landed_files", ops.of_dataset(name), ("path", "sha256", "recorded_at"))
    recent = [row for row in landed if row["recorded_at"] is not None and row["recorded_at"] >= since]
    if table is None or not recent:
        return 0
    files = both(
        one_of("file_id", (row["sha256"] for row in recent)), one_of("file_path", (row["path"] for row in recent))
    )
    return int(table.scan(files).count())


def count(refusals: Iterable[Refusal]) -> list[tuple[int, str, str]]:
    """Count refusals by kind and file; return (number, kind, file path), the highest number first."""
    numbers = Counter((refusal.kind, refusal.file_path) for refusal in refusals)
    return sorted(((n, kind, path) for (kind, path), n in numbers.items()), key=lambda row: (-row[0], *row[1:]))


def replay(refusals: Iterable[Refusal], folders: Iterable[str]) -> Replay:
    """Split refusals into records that can be written and refusals that cannot.

    `folders` are the landing folders of the current specs.
    """
    known = {top_folder(folder) for folder in folders}
    lines: dict[str, dict[str, None]] = {}
    skipped: dict[str, list[Refusal]] = {}
    duplicates = 0
    for refusal in refusals:
        origin, obstacle = _origin(refusal.file_path), _obstacle(refusal)
        if top_folder(origin) not in known:
            obstacle = NO_FOLDER
        if obstacle is not None:
            skipped.setdefault(obstacle, []).append(refusal)
            continue
        duplicates += refusal.record in lines.setdefault(origin, {})
        lines[origin][refusal.record] = None
    written = {origin: tuple(texts) for origin, texts in lines.items()}
    return Replay(written, {obstacle: tuple(rows) for obstacle, rows in skipped.items()}, duplicates)


def _origin(path: str) -> str:
    """Return the landing folder and the file's bare name: `logs/2026-04-12T07/shop.jsonl.gz` gives `logs/shop`."""
    return f"{top_folder(path)}/{PurePosixPath(path).name.split('.')[0]}"


def _obstacle(refusal: Refusal) -> str | None:
    """Return why a refusal cannot be written as a line that a person could correct; None if it can."""
    if refusal.place == 0:
        return WHOLE_FILE
    if len(refusal.record.encode("utf-8", "replace")) >= KEPT_TEXT:
        return CUT
    if refusal.record.strip() in ("", "{", "[") or "\n" in refusal.record or _is_action(refusal.record):
        return NO_RECORD
    return None


def _is_action(text: str) -> bool:
    """Return whether the text is a bulk action; in a written file it would apply to the line after it."""
    try:
        return action_of(0, decode_json(text.encode("utf-8", "replace")), b"") is not None
    except ValueError:
        return False


def write_files(
    lines: Mapping[str, tuple[str, ...]], out: Path, landing: Path, refused: Collection[str] = ()
) -> list[Path]:
    """Write one file for each origin below `out`, and return the paths in the order of the origins.

    A file is named after its origin and its content. `refused` holds the SHA-256 sums of the files that the lines
    come from.

    Raises:
        RequestRefused: If `out` lies in the landing folder, if a file exists already, or if a file of the same name
            lies in the landing folder. No file is written then.
    """
    contents = [_content(texts, refused) for _, texts in sorted(lines.items())]
    names = [f"{o}.quarantined-{_sha256(c)[:12]}.jsonl" for o, c in zip(sorted(lines), contents, strict=True)]
    for name in names:
        _check_path(out / name, landing, landing / name)
    for name, content in zip(names, contents, strict=True):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        with (out / name).open("xb") as stream:
            stream.write(content)
    return [out / name for name in names]


def _content(texts: Iterable[str], refused: Collection[str]) -> bytes:
    """Return the texts as lines.

    Landing skips a file whose content it has seen before. If the content equals that of a refused file, empty lines
    are added until it differs, so that the file can be landed again as it is.
    """
    content = "".join(f"{text}\n" for text in texts).encode()
    while _sha256(content) in refused:
        content += b"\n"
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_path(path: Path, landing: Path, landed: Path) -> None:
    """Check that a file can be written. `landed` is where it would lie after it was handed in."""
    if path.resolve().is_relative_to(landing.resolve()):
        raise RequestRefused(
            f"out: {path.parent} is in the landing folder; name another folder, and correct the records first"
        )
    if path.exists() or path.is_symlink():
        raise RequestRefused(f"out: {path} exists already and is not overwritten; name another folder")
    if landed.exists():
        raise RequestRefused(
            f"out: {landed} exists already, so these records were handed in before; "
            f"select others with --since or --reason"
        )
