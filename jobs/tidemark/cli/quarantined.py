"""`tidemark quarantined`: count the records that landing refused, or write them to files for correction."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tidemark.errors import RequestRefused
from tidemark.operate import quarantine
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.quarantine import Refusal, Replay
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_reason, parse_instant_parameter
from tidemark.spec.load import load_specs
from tidemark.support.text import printable

MOST_SHOWN = 50
"""The most lines of a listing. Use --reason and --since to see the others."""


def quarantined(options: argparse.Namespace) -> int:
    """Print counts by kind of reason and file; with --out, write the records to files instead."""
    reason = check_reason(options.reason) if options.reason else ""
    since = parse_instant_parameter(options.since, "since") if options.since else None
    out = _folder(options.out) if options.out is not None else None
    settings = load_settings()
    specs = load_specs(settings.schemas, settings.values)
    found = quarantine.read_refusals(open_existing_lake(settings), specs, reason, since, records=out is not None)
    if not found:
        print("no matching record is quarantined" if reason or since else "nothing is quarantined")
    elif out is None:
        _show_counts(found)
    else:
        folders = (folder for spec in specs.values() if spec.landing for folder in spec.landing.folders)
        _write(quarantine.replay(found, folders), out, settings.landing, {refusal.file_id for refusal in found})
    return 0


def _folder(text: str) -> Path:
    if not text.strip() or not text.isprintable():
        raise RequestRefused(
            f"out: {printable(text)[:60]!r} is not the name of a folder; give a path, such as refused/"
        )
    return Path(text)


def _show_counts(found: list[Refusal]) -> None:
    counts = quarantine.count(found)
    for number, kind, path in counts[:MOST_SHOWN]:
        print(f"{number:>8}  {printable(kind)[:60]:<40}  {printable(path)}")
    if len(counts) > MOST_SHOWN:
        print(f"and {len(counts) - MOST_SHOWN} more lines; narrow them down with --reason and --since")
    kinds = Counter(refusal.kind for refusal in found)
    print(f"{len(found):>8}  in all: " + ", ".join(f"{n} {printable(kind)[:60]}" for kind, n in kinds.most_common()))


def _write(replay: Replay, out: Path, landing: Path, refused: set[str]) -> None:
    written = quarantine.write_files(replay.lines, out, landing, refused)
    for path, lines in zip(written, (replay.lines[place] for place in sorted(replay.lines)), strict=True):
        print(f"wrote {len(lines)} records to {printable(str(path))}")
    if replay.duplicates:
        print(f"left out {replay.duplicates} identical copies of written records")
    for why, refusals in sorted(replay.skipped.items()):
        print(f"not written, {why}: {len(refusals)}; have these delivered again:")
        _list(refusals)
    if written:
        correct = "correct the lines, or the setting that refused them"
        print(f"next: {correct}, then move each file into the folder of the same name in {landing}")


def _list(refusals: Iterable[Refusal]) -> None:
    places = sorted({f"{printable(r.file_path)}" + (f", place {r.place}" if r.place else "") for r in refusals})
    for place in places[:MOST_SHOWN]:
        print(f"  {place}")
    if len(places) > MOST_SHOWN:
        print(f"  and {len(places) - MOST_SHOWN} more")
