"""Landing without Spark: the rows that a worker returns for files, as dictionaries."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidemark.landing import discover
from tidemark.landing.files.folders import folder_hour
from tidemark.landing.files.hashing import hash_file
from tidemark.landing.job import groups_of, make_job
from tidemark.landing.rows.batches import arrow_schema, to_batches
from tidemark.landing.rows.conversion import File
from tidemark.landing.rows.instants import to_micros
from tidemark.landing.worker import parse_rows
from tidemark.settings import Settings, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_spec
from tidemark.state.effect import AppendFiles, FileRef
from tidemark.state.plan import Plan

CHECKOUT = Path(__file__).resolve().parents[2]
CLOCK = datetime(2026, 4, 12, 8, 30, tzinfo=UTC)
LANDED = (
    "search_queries",
    "search_events",
    "quarantined_records",
    "judgments",
    "catalog_items",
    "feature_log",
)
QUARANTINE = "quarantined_records"
GRADE = {"application": "shop", "user_query": " Red  SHOES", "object_id": "i1", "grade": 3}
"""A judgment as people write it by hand."""


def specs(values: Mapping[str, Any]) -> dict[str, DatasetSpec]:
    """Return the specs of the sources by dataset name."""
    loaded = (load_spec(CHECKOUT / "schemas" / f"{name}.yaml", values) for name in LANDED)
    return {spec.dataset: spec for spec in loaded}


class Landing:
    """A landing folder: a test puts files into it and reads the rows that land."""

    def __init__(self, settings: Settings, sources: Mapping[str, DatasetSpec] | None = None) -> None:
        self.settings = settings
        self.specs = specs(settings.values) if sources is None else sources

    def put(self, path: str, content: bytes | str | Iterable[Any]) -> Path:
        """Write bytes and text as they are, anything else as JSON lines. Compress the file if its name ends in .gz."""
        if not isinstance(content, bytes | str):
            lines = (line if isinstance(line, str) else json.dumps(line) + "\n" for line in content)
            content = "".join(lines)
        raw = content.encode() if isinstance(content, str) else content
        target = self.settings.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(raw, mtime=0) if path.endswith(".gz") else raw)
        return target

    def spec(self, name: str) -> DatasetSpec:
        return next(spec for spec in self.specs.values() if spec.name == name)

    def discover(self, name: str, settings: Settings | None = None, clock: datetime = CLOCK) -> tuple[FileRef, ...]:
        """Return the files that a first session of the dataset would land."""
        spec = self.spec(name)
        return discover(settings or self.settings, spec, clock, groups_of(spec, self.specs))

    def plan(self, name: str, history: bool = False) -> Plan:
        return self.plan_of(name, AppendFiles((), history))

    def plan_of(self, name: str, effect: AppendFiles) -> Plan:
        return Plan(self.spec(name).dataset, "uuid", 1, 0, "fingerprint", "logic", CLOCK, effect)

    def rows(self, name: str, *paths: str, history: bool = False) -> list[dict[str, Any]]:
        """Return the rows of a dataset that a worker returns for the files, or for all files if no paths are given."""
        job = make_job(self.settings, self.spec(name), self.specs, self.plan(name, history))
        files = [self._file(path) for path in paths or self._all_paths(name)]
        table = [batch.to_pylist() for batch in to_batches(parse_rows(job, files), arrow_schema(job.target))]
        return [row for rows in table for row in rows]

    def refusals(self, *paths: str) -> dict[int, str]:
        """Return the reasons of refusals by place."""
        return {row["place"]: row["reason"] for row in self.rows(QUARANTINE, *paths)}

    def _all_paths(self, name: str) -> list[str]:
        landing = self.spec(name).landing
        assert landing is not None
        folders = [self.settings.landing / folder for folder in landing.folders]
        found = [p for folder in folders if folder.exists() for p in folder.rglob("*") if p.is_file()]
        return sorted(p.relative_to(self.settings.landing).as_posix() for p in found)

    def _file(self, path: str) -> File:
        hour = folder_hour(path, CLOCK)
        digest = hash_file(self.settings.landing / path)
        return File(path, digest, None if hour is None else to_micros(hour), to_micros(CLOCK))


def with_values(tmp_path: Path, **values: Any) -> Landing:
    """Return a landing folder of a home with its own settings."""
    home = tmp_path / "other"
    home.mkdir()
    (home / "search.yaml").write_text(json.dumps(values))
    return Landing(load_settings({"TIDEMARK_HOME": str(home)}))


def query(**changes: Any) -> dict[str, Any]:
    """Return a query record in UBI form."""
    return {
        "application": "shop",
        "query_id": "q1",
        "client_id": "c1",
        "user_query": "red shoes",
        "query_response_id": "r1",
        "query_response_hit_ids": ["i1", "i2"],
        "timestamp": "2026-04-12T07:15:00.250Z",
        "query_attributes": {"device": "phone"},
        **changes,
    }


def event(**changes: Any) -> dict[str, Any]:
    """Return an event record in UBI form."""
    return {
        "application": "shop",
        "action_name": "click",
        "query_id": "q1",
        "client_id": "c1",
        "session_id": "s1",
        "user_query": "red shoes",
        "timestamp": "2026-04-12T07:15:30Z",
        "message": "click i2",
        "event_attributes": {"object": {"object_id": "i2"}, "position": {"ordinal": 2}},
        **changes,
    }
