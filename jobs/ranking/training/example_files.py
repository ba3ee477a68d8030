"""The examples of a training run as Parquet files, written by Spark and sorted by query.

No process of ours holds all features. The files lie in a folder that Spark's executors and this process both see.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import FloatType, StructField, StructType

from ranking.scratch import Place
from ranking.training import matrices, memory
from ranking.training.feature_files import FeatureFiles, column_name
from ranking.training.feature_rows import StoredFeatures
from ranking.training.matrices import Examples
from ranking.training.memory import Budget, Size
from ranking.training.recipe import Recipe
from ranking.training.scheme import TEST, TRAIN

_LOG = logging.getLogger(__name__)
LIST = ["application", "query", "window_end"]
_KINDS: dict[str, Any] = {  # the columns of examples besides their features, and how they are kept
    **dict.fromkeys(("application", "query", "item_id", "split"), object),
    **dict.fromkeys(("window_start", "window_end"), "datetime64[D]"),
    **dict.fromkeys(("grade", "weight", "examination", "confidence"), np.float64),
    **dict.fromkeys(("evidence", "long_clicks"), np.int64),
    "exam": np.bool_,
}
COLUMNS = [*_KINDS, "group_id"]
MAPS = ["behaviour", "content"]
RECORDS = 5_000
"""Rows whose features a worker has in memory at a time."""

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class Content:
    """What examples consist of, before they are written: the names of their features, and their rows by part."""

    names: tuple[str, ...]
    rows: dict[str, int]

    @property
    def total(self) -> int:
        """The rows of all parts."""
        return sum(self.rows.values())


def prepare(
    inputs: Mapping[str, DataFrame], recipe: Recipe, random_split: bool, setting: str, place: Place
) -> tuple[Examples, Budget]:
    """Choose sizes that fit into the memory that `setting` allows, and have the examples written.

    A comparison under a random split trains on any list that the run itself does not test on. Raises ValueError if
    nothing fits, before anything is written.
    """
    examples = of_lists(inputs["examples"], inputs["splits"])
    content = survey(examples)
    trained = content.total - content.rows.get(TEST, 0) if random_split else content.rows.get(TRAIN, 0)
    size = Size(content.total, trained, len(content.names))
    budget = memory.choose(size, recipe, setting)
    _LOG.info("%s", budget.describe(size))
    return write(examples, content, place, budget.row_group, recipe.seed), budget


def of_lists(examples: DataFrame, parts: DataFrame) -> DataFrame:
    """Return the examples of all lists that have a part of the split, with that part."""
    cuts = [row.window_end for row in parts.select("window_end").distinct().collect()]
    recent = examples.drop("split").where(F.col("window_end").isin(cuts))
    return recent.join(parts.select(*LIST, "split"), LIST).select(*COLUMNS, *MAPS)


def survey(examples: DataFrame) -> Content:
    """Count the rows by part and find the names of the features, in one pass."""
    names = F.concat(*(F.map_keys(name) for name in MAPS), F.array(F.lit(None).cast("string")))
    found = examples.select("split", F.explode(names).alias("name")).groupBy("split", "name").count().toArrow()
    entries = list(zip(*(found[name].to_pylist() for name in ("split", "name", "count")), strict=True))
    known = sorted({name for _, name, _ in entries if name is not None})
    return Content(tuple(known), {part: count for part, name, count in entries if name is None})


def write(examples: DataFrame, content: Content, place: Place, row_group: int, seed: int) -> Examples:
    """Write the examples into a folder that does not exist yet, and return them with their features left there.

    Rows are sorted by query. The items of a list are in a random but fixed order, so that ties favour no ranker.
    """
    draw = F.xxhash64(*LIST, "item_id", F.lit(seed))
    ordered = examples.orderBy("window_end", "application", "query", draw, "item_id")
    features = [StructField(column_name(number), FloatType()) for number in range(len(content.names))]
    flat = ordered.mapInArrow(_flattener(content.names), StructType([*examples.select(*COLUMNS).schema, *features]))
    writer = flat.write.option("parquet.block.row.count.limit", row_group).option("parquet.enable.dictionary", "false")
    writer.parquet(place.location)
    return read(place.folder, content.names)


def read(folder: Path, names: Sequence[str]) -> Examples:
    """Return the examples in the files of a folder, which `write` wrote. Their features stay there."""
    files = FeatureFiles.in_folder(folder, len(names))
    texts = [name for name, kind in _KINDS.items() if kind is object]
    table = pq.read_table(list(files.paths), columns=COLUMNS, read_dictionary=texts)
    return Examples(
        names=tuple(names),
        features=StoredFeatures.of(files),
        **{name: _values(table[name], kind) for name, kind in _KINDS.items()},
        group=_values(table["group_id"], np.int64),
    )


def _values(column: Any, kind: Any) -> Any:
    """Return a column as an array. Equal texts share one object, as there are far more rows than texts."""
    if kind is not object:
        return column.to_numpy().astype(kind)
    texts = column.combine_chunks()
    return texts.dictionary.to_numpy(zero_copy_only=False)[texts.indices.to_numpy()]


def _flattener(names: tuple[str, ...]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """Return the function that gives each feature a float column; a missing value is NaN."""

    def flatten(batches: Batches) -> Iterator[pa.RecordBatch]:
        """Yield parts of the batches, at most RECORDS rows each, with a column for each feature."""
        for batch in batches:
            for begins in range(0, batch.num_rows, RECORDS):
                yield _flattened(batch.slice(begins, RECORDS), names)

    return flatten


def _flattened(batch: pa.RecordBatch, names: tuple[str, ...]) -> pa.RecordBatch:
    matrix = np.full((batch.num_rows, len(names)), np.nan, dtype=np.float32)
    for column in MAPS:
        matrices.fill_from_map(matrix, names, pa.chunked_array([batch.column(column)]))
    features = [pa.array(matrix[:, number]) for number in range(len(names))]
    kept = [batch.column(name) for name in COLUMNS]
    return pa.RecordBatch.from_arrays([*kept, *features], names=[*COLUMNS, *map(column_name, range(len(names)))])
