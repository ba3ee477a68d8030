"""A home may have any path: either everything is created there, or the path is refused with the reason."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.table import Table

from tidemark.catalog import open_lake
from tidemark.cli.doctor import doctor
from tidemark.engine.session import connect
from tidemark.errors import SettingsError
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.support.paths import UNFIT, to_location, to_path, why_unfit

ODD_NAMES = [
    "a blank",
    " around ",
    "ü",
    "u\u0308 decomposed",
    "日本",
    "a+b",
    "a:b",
    "file:x",
    "it's",
    'a"b',
    "a;b",
    "{a}",
    "[a]",
    "a&b=c",
    "$HOME $(x)",
    "~a!@^|`*",
    "<a>",
    "a\\b",
    "-a",
]
ROWS = [{"n": 0}, {"n": 1}, {"n": 2}]

READ = """
from pyiceberg.catalog import load_catalog
print(load_catalog("lake").load_table("odd.rows").scan().to_arrow().num_rows)
"""


@pytest.mark.spark
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_table_lies_in_its_home_for_both_engines(tmp_path: Path, spark_remote: str, name: str) -> None:
    """PyIceberg creates and reads the table; Spark writes and maintains it; an external reader opens it."""
    home = tmp_path / name
    home.mkdir()
    settings = load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote})
    lake = open_lake(settings)
    table = _make_table(settings)
    table.append(pa.table({"n": pa.array([0], pa.int64())}))
    spark = connect(settings)
    spark.sql("INSERT INTO lake.odd.rows VALUES (1), (2)")
    orphan = to_path(table.location()) / "data" / "orphan.parquet"
    orphan.write_text("of no table")
    os.utime(orphan, (1, 1))
    removed = spark.sql("CALL lake.system.remove_orphan_files(table => 'odd.rows')").collect()
    assert [to_path(row[0]) for row in removed] == [orphan], "and no file of the table"
    spark.sql("CALL lake.system.rewrite_data_files(table => 'odd.rows', options => map('rewrite-all', 'true'))")

    table = lake.catalog.load_table("odd.rows")
    assert sorted(table.scan().to_arrow().to_pylist(), key=str) == ROWS
    assert spark.table("lake.odd.rows").count() == len(ROWS)
    assert all(file.is_relative_to(home) and file.exists() for file in _files(table))
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing lies beside the home"
    assert _read_from_outside(home) == len(ROWS)


def _make_table(settings: Settings) -> Table:
    catalog = open_lake(settings).catalog
    catalog.create_namespace("odd")
    location = f"{to_location(settings.warehouse)}/odd/rows-1"
    return catalog.create_table("odd.rows", pa.schema([pa.field("n", pa.int64())]), location=location)


def _files(table: Table) -> list[Path]:
    data = [to_path(task.file.file_path) for task in table.scan().plan_files()]
    return [*data, to_path(table.metadata_location)]


def _read_from_outside(home: Path) -> int:
    env = {**os.environ, "PYICEBERG_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", READ], env=env, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize("name", ["TIDEMARK_HOME", "TIDEMARK_SCHEMAS", "TIDEMARK_VALUES"])
@pytest.mark.parametrize("part", UNFIT)
def test_a_path_that_cannot_be_used_is_refused_with_the_reason(name: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: .* cannot be used: it contains {re.escape(part)}, which "):
        load_settings({name: str(tmp_path / f"a{part}b")})


def test_a_link_to_a_folder_that_cannot_be_used_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "50%").mkdir()
    (tmp_path / "half").symlink_to(tmp_path / "50%")
    with pytest.raises(SettingsError, match="cannot be used: it contains %"):
        load_settings({"TIDEMARK_HOME": str(tmp_path / "half")})


PATHS = st.text(st.characters(codec="utf-8"), min_size=1).map(lambda text: f"/{text.lstrip('/')}")


def test_a_home_with_two_slashes_at_its_beginning_is_the_same_with_one(tmp_path: Path) -> None:
    assert load_settings({"TIDEMARK_HOME": f"/{tmp_path}"}).home == tmp_path
    assert load_settings({"TIDEMARK_HOME": f"//{tmp_path}"}).home == tmp_path


@given(PATHS.filter(lambda text: why_unfit(text) is None).map(Path))
def test_a_path_that_is_taken_comes_back_from_its_location(path: Path) -> None:
    assert to_path(to_location(path)) == path
    assert to_path(to_location(path).replace("file://", "file:", 1)) == path, "as Spark writes it"


def test_no_other_module_makes_a_location_of_a_path() -> None:
    """`as_uri` encodes and Iceberg does not decode, so a table would be in another folder."""
    door = CHECKOUT / "jobs" / "tidemark" / "support" / "paths.py"
    sources = [path for folder in ("jobs", "infra", "dags", "bench") for path in (CHECKOUT / folder).rglob("*.py")]
    assert door in sources
    made = re.compile(r"\.as_uri\(|file://|from_uri|url2pathname")
    assert [path for path in sources if path != door and made.search(path.read_text(encoding="utf-8"))] == []


def test_doctor_names_a_table_that_lies_outside_of_its_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Earlier versions put the tables of `my home` into `my%20home`. They are found, read and written there."""
    home = tmp_path / "my home"
    settings = load_settings({"TIDEMARK_HOME": str(home)})
    catalog = open_lake(settings).catalog
    catalog.create_namespace("odd")
    columns = pa.schema([pa.field("n", pa.int64())])
    table = catalog.create_table("odd.old", columns, location=f"{settings.warehouse.as_uri()}/odd/old-1")
    catalog.create_table("odd.new", columns, location=f"{to_location(settings.warehouse)}/odd/new-1")
    table.append(pa.table({"n": pa.array([1], pa.int64())}))
    assert catalog.load_table("odd.old").scan().to_arrow().num_rows == 1

    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    doctor(argparse.Namespace())
    (warning,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warn  tables")]
    assert f"1 tables lie outside {home}, for example in {tmp_path}/my%20home/lake" in warning
