"""The code on the pages runs as it is written."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cases.case import Case, compare, run
from tests.docs.conftest import Reader
from tests.docs.pages import CHECKOUT, marked
from tidemark import session
from tidemark.engine.session import connect
from tidemark.errors import ForeignCommit, RolledBack
from tidemark.spec.load import load_specs
from tidemark.spec.modules import find_source

pytestmark = [pytest.mark.spark, pytest.mark.e2e]

README = CHECKOUT / "README.md"
READING = CHECKOUT / "docs" / "cookbook" / "read-the-tables.md"
ADDING = CHECKOUT / "docs" / "cookbook" / "add-a-dataset.md"
RUNBOOKS = CHECKOUT / "docs" / "runbooks"
INTERACTIONS = "search.interactions"


def test_pyiceberg_lists_the_lake(reader: Reader) -> None:
    assert {"search", "ops"} <= set(reader.pyiceberg("list").split())
    assert INTERACTIONS in reader.pyiceberg("list", "search").split()


def test_pyiceberg_reads(reader: Reader) -> None:
    assert reader.run(marked(README, "reader")["pyiceberg"]) == "1 interactions with a click\n"


def test_duckdb_reads(reader: Reader) -> None:
    said = reader.run(marked(README, "reader")["duckdb"])
    assert [_cells(line) for line in said.splitlines() if "red shoes" in line or "blue hat" in line] == [
        ["blue hat", "2", "0"],
        ["red shoes", "2", "1"],
    ]


def test_spark_reads(reader: Reader) -> None:
    said = reader.run(marked(README, "reader")["spark"])
    rows = sorted(_cells(line) for line in said.splitlines() if "red shoes" in line or "blue hat" in line)
    assert rows == [["blue hat", "2", "0"], ["red shoes", "2", "1"]]


def test_a_table_says_how_far_it_is_complete(reader: Reader) -> None:
    said = reader.run(marked(READING, "reader")["complete"])
    assert "complete through 2026-04-12T08:00Z\n" in said
    assert "final through    2026-03-28T08:00Z\n" in said


def test_a_pinned_snapshot_stays(reader: Reader) -> None:
    assert reader.run(marked(READING, "reader")["pinned"]) == "True\n"


def test_a_release_names_the_whole_chain(reader: Reader) -> None:
    said = reader.run(marked(READING, "reader")["release"]).splitlines()
    assert f"{INTERACTIONS} 4 rows" in said
    assert {line.split()[0] for line in said} >= {"search.search_queries", "search.search_events", "search.impressions"}


def test_the_runbook_undoes_a_foreign_commit(reader: Reader) -> None:
    table = reader.context.lake.table(INTERACTIONS)
    table.append(table.scan().to_arrow())
    with pytest.raises(ForeignCommit):
        session.plan(reader.context, INTERACTIONS)
    reader.run(marked(RUNBOOKS / "foreign-commit.md", "mend")["put main back"])
    assert session.plan(reader.context, INTERACTIONS).dataset == INTERACTIONS
    assert reader.context.lake.table(INTERACTIONS).scan().count() == 4


def test_the_runbook_undoes_a_rollback(reader: Reader) -> None:
    table = reader.context.lake.table(INTERACTIONS)
    head = table.current_snapshot()
    assert head is not None and head.parent_snapshot_id is not None
    table.manage_snapshots().set_current_snapshot(snapshot_id=head.parent_snapshot_id).commit()
    with pytest.raises(RolledBack):
        session.plan(reader.context, INTERACTIONS)
    reader.run(marked(RUNBOOKS / "rolled-back.md", "mend")["put main back"])
    assert session.plan(reader.context, INTERACTIONS).dataset == INTERACTIONS
    assert reader.context.lake.table(INTERACTIONS).scan().count() == 4


def test_the_added_dataset_builds(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cookbook's spec, transform and case agree, and a session on a real lake publishes the dataset."""
    files = marked(ADDING, "example")
    shutil.copytree(CHECKOUT / "schemas", tmp_path / "schemas")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    _import(tmp_path / "jobs" / "ranking" / "query_volumes.py", "ranking.query_volumes", monkeypatch)
    settings = replace(reader.context.settings, schemas=tmp_path / "schemas")
    specs = load_specs(settings.schemas, settings.values)
    dataset = specs["ranking.query_volumes"]
    case = Case.read(tmp_path / "tests" / "cases" / "query_volumes" / "doubles.yaml")
    assert compare(dataset, run(case, dataset, specs, settings.values, connect(settings)), case.then or []) == []

    context = session.open_context(settings, reader.context.clock)
    session.run(context, dataset.dataset, say=lambda _: None)
    assert context.lake.table(dataset.dataset).scan().count() == 2


def _import(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, name, module)
    found.loader.exec_module(module)
    monkeypatch.setattr(
        "tidemark.spec.verify.entries.find_source", lambda asked: path if asked == name else find_source(asked)
    )


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("│", "|").strip().strip("|").split("|")]
