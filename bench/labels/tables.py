"""Run the pipeline's own transforms, by their specs, on the tables of a world."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.labels import records
from bench.labels.worlds import CUT, DAYS, Grades, World
from tidemark.engine.conform import Target, conform
from tidemark.settings.settings import load_settings, schemas_folder
from tidemark.spec.load import load_specs
from tidemark.spec.render.iceberg import to_schema
from tidemark.spec.render.spark import to_struct
from tidemark.steps.scratch import scratch_params

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEATURES, LABELS, JUDGMENTS = "ranking.query_item_features", "ranking.relevance_labels", "search.judgments"
HORIZONS = "ranking.label_horizons"
EPOCH = date(1970, 1, 1)
EXAM_SHARE = 0.2


def values(home: Path) -> dict[str, Any]:
    """Return the values of infra/search.yaml, with one label window that covers the whole world."""
    found = dict(load_settings({"TIDEMARK_HOME": str(home)}).values)
    cut = {"cut_every": 7, "cut_phase": (CUT - EPOCH).days % 7, "exam_share": EXAM_SHARE}
    return {**found, "longest_label_horizon": f"{DAYS}d", "labels": {**found["labels"], **cut}}


class Tables:
    """The tables of a world, as Parquet files. Each is built once, when it is first needed.

    What depends on grades lies in `own`, everything else in `folder`, where an earlier run may have left it.
    """

    def __init__(self, spark: SparkSession, folder: Path, own: Path, world: World) -> None:
        self._spark, self._folder, self._own, self._world = spark, folder, own, world
        self._values = values(own)
        self._specs = load_specs(schemas_folder({}), self._values)

    def label(self, grades: Grades) -> pd.DataFrame:
        """Return the labels of the cut, from all traffic and the grades of one setting."""
        given = records.judgments(self._world, grades, EXAM_SHARE)
        folder = self._own / f"{JUDGMENTS}-{grades.name}"
        judged = self._frame(JUDGMENTS, folder, given) if len(given) else self._empty(JUDGMENTS)
        return self._read(
            self._built(LABELS, self._own / f"{LABELS}-{grades.name}", {JUDGMENTS: judged, HORIZONS: self._horizon()})
        )

    def features(self) -> pd.DataFrame:
        """Return the features of the cut."""
        return self._read(self._table(FEATURES))

    def _read(self, path: Path) -> pd.DataFrame:
        return pq.read_table(path).to_pandas()

    def _table(self, dataset: str) -> Path:
        path = self._folder / dataset
        if (path / "_SUCCESS").exists():
            return path
        if dataset in ("search.impressions", "search.user_actions"):
            self._write_traffic()
        elif dataset in ("search.catalog_items", "search.feature_log"):
            for name, frame in records.inputs(self._world).items():
                self._write(name, self._folder / name, "all", frame)
                (self._folder / name / "_SUCCESS").touch()
        else:
            self._built(dataset, path, {})
        return path

    def _built(self, dataset: str, path: Path, given: Mapping[str, DataFrame]) -> Path:
        """Run the transform of a dataset, and write what it returns."""
        spec = self._specs[dataset]
        inputs = {key: given.get(each.dataset) or self._spark_table(each.dataset) for key, each in spec.inputs.items()}
        settings = {key: self._values.get(key) for key in spec.settings}
        module, _, function = str(spec.transform).partition(":")
        target = Target(dataset, to_struct(spec), str(spec.transform), spec.path.name)
        with TemporaryDirectory() as scratch:
            always = {"ranges": _ranges(dataset), "session": "bench", **scratch_params(Path(scratch))}
            params = {**settings, **spec.params, **always}
            result = getattr(importlib.import_module(module), function)(inputs, params)
            conform(self._spark, result, target).write.mode("overwrite").parquet(str(path))
        return path

    def _spark_table(self, dataset: str) -> DataFrame:
        return self._spark.read.parquet(str(self._table(dataset)))

    def _horizon(self) -> DataFrame:
        """Return the record of one horizon, which covers the whole world."""
        return self._spark.createDataFrame([(1, DAYS)], "revision int, horizon_days int")

    def _empty(self, dataset: str) -> DataFrame:
        return self._spark.createDataFrame([], to_struct(self._specs[dataset]))

    def _frame(self, dataset: str, folder: Path, rows: pd.DataFrame) -> DataFrame:
        self._write(dataset, folder, "all", rows)
        return self._spark.read.parquet(str(folder))

    def _write_traffic(self) -> None:
        names: set[str] = set()
        for day, frames in enumerate(records.traffic(self._world)):
            for name, frame in frames.items():
                self._write(name, self._folder / name, f"{day:02d}", frame)
            names |= frames.keys()
        for name in names:
            (self._folder / name / "_SUCCESS").touch()

    def _write(self, dataset: str, folder: Path, part: str, frame: pd.DataFrame) -> None:
        """Write rows with the types of the spec. Columns that they lack are null."""
        fields = [pa.field(field.name, field.type) for field in to_schema(self._specs[dataset]).as_arrow()]
        full = frame.reindex(columns=[field.name for field in fields])
        folder.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pandas(full, schema=pa.schema(fields), preserve_index=False)
        pq.write_table(table.replace_schema_metadata(None), folder / f"{part}.parquet")


def _ranges(dataset: str) -> tuple[tuple[datetime, datetime], ...]:
    """Return the range that a dataset is built for: the cut alone for features and labels, else all days to the cut."""
    first = CUT if dataset in (FEATURES, LABELS) else CUT - timedelta(days=DAYS)
    start, end = (datetime.combine(day, time(), UTC) for day in (first, CUT + timedelta(days=1)))
    return ((start, end),)
