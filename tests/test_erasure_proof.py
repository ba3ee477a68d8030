"""What proves nothing about an erasure is said, and what a killed erasure left in `ops` is removed by the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from tidemark.catalog import Lake, open_lake, ops
from tidemark.operate.erasure.person import Person
from tidemark.operate.erasure.proof import Proof
from tidemark.operate.erasure.texts import clear_texts, quoting_texts
from tidemark.operate.erasure.versions import Version, named_versions
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs
from tidemark.state.watermark import Position, Watermark

ADA = Person({"client_id": "ada-1"})
NOON = datetime(2026, 4, 12, 12, tzinfo=UTC)
SCORES, RANKERS = "ranking.ranker_scores", "ranking.rankers"


@pytest.fixture(scope="module")
def specs() -> dict[str, DatasetSpec]:
    return load_specs(CHECKOUT / "schemas", load_settings({}).values)


def dying(lake: Lake, name: str) -> None:
    if name == "ops.audit_results":
        raise SystemExit


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    lake = open_lake(Settings(home=tmp_path, schemas=CHECKOUT / "schemas"))
    yield lake
    lake.catalog.engine.dispose()


def test_an_input_that_the_spec_no_longer_names_proves_nothing(specs: Mapping[str, DatasetSpec]) -> None:
    spec, nowhere = specs["search.interactions"], SimpleNamespace(find_table=lambda name: None)
    mark = Watermark("s1", 1, NOON, NOON, {"gone": Position("uuid", 7, None)})
    found: Any = Proof(nowhere, specs, ADA)  # type: ignore[arg-type]  # no table is there to be read
    assert [fault.why for fault in found._faults_of(spec, mark)] == [
        "it was built from an input gone, which its spec no longer has"
    ]
    assert list(found._faults_of(spec, replace(mark, inputs={}))) == []


def test_a_version_that_is_named_and_not_there_is_unknown(lake: Lake, specs: Mapping[str, DatasetSpec]) -> None:
    lake.ensure_table(specs[RANKERS])
    table = lake.ensure_table(specs[SCORES])
    row = {"application": "shop", "query": "a", "item_id": "i", "score": 0.5, "feature_day": date(2026, 4, 12)}
    rows = [{**row, "model_version": "rGONE", "served_because": "it was"}]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    head = lake.table(SCORES).current_snapshot()
    assert head is not None
    named = named_versions(lake, specs, lake.table(SCORES), specs[SCORES], head.snapshot_id)
    assert list(named) == [Version(f"{RANKERS} rGONE", None)]


def test_a_clearing_that_ended_before_the_old_snapshots_expired_is_finished(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = {"session": "s1", "dataset": "d", "check": "c", "audited_at": NOON, "examples": "client ada-1"}
    other = {**result, "session": "s2", "examples": "client bob-2"}
    for row in (result, other):
        ops.append(lake, "ops.audit_results", [row])
    with monkeypatch.context() as killed:
        killed.setattr(ops, "expire_history", dying)
        with pytest.raises(SystemExit):
            clear_texts(lake, ADA)
    assert quoting_texts(lake, ADA) == () and len(lake.table("ops.audit_results").snapshots()) > 1
    assert clear_texts(lake, ADA) == ()
    assert len(lake.table("ops.audit_results").snapshots()) == 1
    texts = {row["session"]: row["examples"] for row in ops.rows(lake, "ops.audit_results")}
    assert texts == {"s1": None, "s2": "client bob-2"}
