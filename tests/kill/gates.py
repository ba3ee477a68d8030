"""A gate in a Spark job: the write waits there until a test opens it, even if its client is dead by then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from tidemark.catalog import open_lake
from tidemark.catalog.properties import ATTEMPT, property_of
from tidemark.settings import Settings

PATIENCE = 120.0
"""Seconds after which a test stops waiting and fails."""


@dataclass(frozen=True)
class Gate:
    """Files by which a test and a Spark task communicate: the task has reached the gate, and it may continue."""

    folder: Path
    settings: Settings
    dataset: str

    def belongs_to(self, branch: str, attempt: str) -> None:
        """Record the branch and attempt of the write that waits here."""
        self.folder.mkdir(parents=True)
        (self.folder / "owner").write_text(f"{branch} {attempt}", encoding="utf-8")

    def await_reached(self) -> None:
        """Return when the write waits at the gate."""
        _await((self.folder / "reached").exists, "the write did not come to its gate")

    def open(self) -> None:
        """Let the write continue."""
        (self.folder / "open").touch()

    def open_and_await_commit(self) -> None:
        """Let the write continue, and return when its commit is on its branch."""
        self.open()
        _await(self._committed, "the late write did not commit")

    def _committed(self) -> bool:
        branch, attempt = (self.folder / "owner").read_text(encoding="utf-8").split()
        head = open_lake(self.settings).table(self.dataset).snapshot_by_name(branch)
        return head is not None and property_of(head, ATTEMPT) == attempt


def wait_at_gate(rows: DataFrame, gate: Gate) -> DataFrame:
    """Return the same rows, which wait at the gate in a single task so that the other cores stay free."""
    return rows.coalesce(1).mapInArrow(_waiting(str(gate.folder)), rows.schema)


def _waiting(folder: str) -> Callable[[Iterator[Any]], Iterator[Any]]:
    patience = PATIENCE

    def wait(batches: Iterator[Any]) -> Iterator[Any]:
        """Run in a Python worker of Spark, so the imports are in here."""
        import time
        from pathlib import Path

        (Path(folder) / "reached").touch()
        until = time.monotonic() + patience
        while not (Path(folder) / "open").exists():
            if time.monotonic() > until:
                raise TimeoutError("nobody opened the gate")
            time.sleep(0.02)
        yield from batches

    return wait


def _await(arrived: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + PATIENCE
    while not arrived():
        if time.monotonic() > until:
            raise TimeoutError(otherwise)
        time.sleep(0.05)
