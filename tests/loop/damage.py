"""Damage files and disks as happens in practice, and repair them again."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tidemark.settings import Settings
from tidemark.support.paths import to_path

Damage = Callable[[Path], object]


def local(uri: str) -> Path:
    """Return the local file behind a path in a table's metadata."""
    return to_path(uri)


def cut_short(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def gone(file: Path) -> None:
    file.unlink()


def flipped(file: Path) -> None:
    """Flip bits of the first pages and of the footer."""
    content = bytearray(file.read_bytes())
    for place in (*range(60, 90), *range(len(content) - 60, len(content) - 40)):
        content[place] ^= 0xFF
    file.write_bytes(bytes(content))


@contextmanager
def damaged(file: Path, damage: Damage) -> Iterator[None]:
    """Damage a file for the length of the block."""
    whole = file.read_bytes()
    damage(file)
    try:
        yield
    finally:
        file.write_bytes(whole)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a file system of a few megabytes at a folder; skip the test if this machine does not allow that."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"needs the right to mount a small file system: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path, but: int = 0) -> Iterator[None]:
    """Leave no more than `but` bytes free on a disk for the length of the block."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(b"\0" * 4096)
    if but:
        with ballast.open("r+b") as stream:
            stream.truncate(ballast.stat().st_size - but)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a disk read-only for the length of the block."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextmanager
def held(settings: Settings) -> Iterator[Callable[[], None]]:
    """Lock a catalog as another process would, until the yielded function is called or the block ends."""
    take, release = _lock_of_postgres(settings) if settings.catalog_address else _lock_of_sqlite(settings)
    take()
    try:
        yield release
    finally:
        release()


def _lock_of_sqlite(settings: Settings) -> tuple[Callable[[], object], Callable[[], None]]:
    other = sqlite3.connect(settings.lake / "catalog.db", isolation_level=None, check_same_thread=False)
    return lambda: other.execute("BEGIN EXCLUSIVE"), other.close


def _lock_of_postgres(settings: Settings) -> tuple[Callable[[], object], Callable[[], None]]:
    assert settings.catalog_address is not None
    engine = create_engine(settings.catalog_address.for_pyiceberg())
    other = engine.connect()

    def release() -> None:
        other.close()  # gives up what it held
        engine.dispose()

    return lambda: other.execute(text("LOCK TABLE iceberg_tables IN ACCESS EXCLUSIVE MODE")), release
