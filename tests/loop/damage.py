"""Hurting files and disks as the world does, and mending them again."""

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
    """The file behind a path as a table says it."""
    return to_path(uri)


def cut_short(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def gone(file: Path) -> None:
    file.unlink()


def flipped(file: Path) -> None:
    """Bits of the first pages and of the footer."""
    content = bytearray(file.read_bytes())
    for place in (*range(60, 90), *range(len(content) - 60, len(content) - 40)):
        content[place] ^= 0xFF
    file.write_bytes(bytes(content))


@contextmanager
def damaged(file: Path, damage: Damage) -> Iterator[None]:
    """A file that is hurt for a while."""
    whole = file.read_bytes()
    damage(file)
    try:
        yield
    finally:
        file.write_bytes(whole)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of a few megabytes at a folder; skips the test where this machine does not let us mount one."""
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
    """A disk with no more than `but` bytes left, for a while."""
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
    """A disk that takes no writes for a while."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextmanager
def held(settings: Settings) -> Iterator[Callable[[], None]]:
    """A catalog that another process holds, until it is released by a call or the block ends."""
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
