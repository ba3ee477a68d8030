"""An erasure, and the check of one, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tidemark.operate.erasure.account import Erasure, Left
from tidemark.operate.erasure.check import MAIN, Check
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.operate.releases import KEEP_FOR, KEPT_MODELS
from tidemark.settings import Settings
from tidemark.spec.durations import format_duration
from tidemark.state.ranges import format_instant
from tidemark.support.text import count, printable

FILES = 50
"""The most landed files that are listed. `--json` lists all."""


def erasure_lines(found: Erasure, settings: Settings) -> list[str]:
    """Return the lines to print. Names of files come from outside, so characters that are not printable are escaped."""
    lines = [*_done(found), *_left(found.left, settings)]
    if found.done:
        lines.append("next: the sessions of the derived tables take it in; tidemark erase --check says when all have")
    return [printable(line) for line in lines]


def check_lines(found: Check) -> list[str]:
    """Return the lines to print about a check."""
    what = "main" if found.release == MAIN else found.release
    if found.proven:
        return [f"{what}: none of {count(len(found.tables), 'table')} counts the person"]
    lines = [f"{what}: not proven yet"]
    for each in found.missing:
        lines += [f"  {each.dataset}: {each.why}", f"    next: {each.next}"]
    return [printable(line) for line in lines]


def _done(found: Erasure) -> Iterator[str]:
    verb = "erased" if found.done else "to erase"
    for name in found.finished:
        yield f"{name}: an earlier erasure had ended before its watermark followed" + (
            "; it has followed now" if found.done else "; it follows first"
        )
    if not (found.tables or found.texts or found.finished):
        yield "main of the landed tables holds no such record, and nothing quotes it"
    for each in found.tables:
        what = "refused record" if each.quoted else "row"
        yield f"{each.dataset}: {count(each.rows, what)} in {count(each.files, 'file')} {verb}"
    for texts in found.texts:
        yield f"{texts.table}: the texts of {count(texts.rows, 'row')} {'cleared' if found.done else 'to clear'}"


def _left(left: Left, settings: Settings) -> Iterator[str]:
    yield "not erased by this command:"
    if left.files:
        yield f"  {count(len(left.files), 'file')} in {settings.landing}, which hold these records:"
        yield from (f"    {file.path or 'a file whose path is not on record'}  sha256 {file.file_id}"
                    for file in left.files[:FILES])  # fmt: skip
        if len(left.files) > FILES:
            yield f"    and {len(left.files) - FILES} more; --json lists all"
    for name in left.unnamed:
        yield f"  files in {settings.landing} that landed in {name}: its rows do not name them"
    for held in left.held:
        tagged = f", of {', '.join(held.releases)}" if held.releases else ""
        yield (
            f"  {held.dataset}: {count(held.snapshots, 'snapshot')} still {'holds' if held.snapshots == 1 else 'hold'} "
            f"such rows, the latest of {format_instant(held.latest)}{tagged}"
        )
    if left.held:
        kept, released = format_duration(KEEP_SNAPSHOTS_FOR), format_duration(KEEP_FOR)
        yield (
            f"    maintain_tables expires them {kept} after the erasure, once their readers are past it; those of a "
            f"release {released} after the release; those of the newest release and the last {KEPT_MODELS} models stay"
        )
    for name in left.waiting:
        yield f"  {name}: main still holds such rows, until its next session"
    for name in left.versions:
        yield f"  {name}: the versions of earlier sessions stay as they are"
    yield f"  pages in {settings.reports}, and files that people exported, as far as they quote such records"
    yield f"  logs of tasks and services in {settings.home}, and alerts that were sent, as far as they quote them"
