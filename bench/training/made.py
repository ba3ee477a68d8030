"""Make the rows of the bench, and the task of builder and trainer: python -m bench.training.made FOLDER SIZES."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bench.training.sizes import LIST, Sizes
from ranking.training.feature_files import FeatureFiles, column_name
from ranking.training.feature_rows import StoredFeatures
from ranking.training.learner.task import TRAIN, Rows, Settings, Task
from ranking.training.memory import Budget, Size, choose
from ranking.training.recipe import Recipe

CHUNK = 20_000
SIGNALS = 20
"""Features that the grade depends on. The others are noise."""
KINDS = {"float": pa.float32(), "double": pa.float64()}

Matrix = npt.NDArray[np.float32]


def main() -> int:
    """Write training and test rows into the folder, and print the budget as JSON."""
    folder, sizes = Path(sys.argv[1]), Sizes(**json.loads(sys.argv[2]))
    recipe = Recipe(twins=False)
    budget = choose(Size(sizes.rows, sizes.rows, sizes.features), recipe, f"{sizes.memory}m")
    grade = _write(folder, "train", sizes.rows, sizes, budget.row_group, seed=1)
    _write(folder, "test", sizes.tests, sizes, budget.row_group, seed=2)
    _describe(folder / "task", folder / "train-float", grade, sizes, recipe, budget)
    print(json.dumps({"sample": budget.sample, "row_group": budget.row_group, "need": budget.need}))
    return 0


def _write(folder: Path, name: str, rows: int, sizes: Sizes, row_group: int, seed: int) -> npt.NDArray[np.float64]:
    """Write the same rows as floats and as doubles, and return their grades."""
    columns = [column_name(number) for number in range(sizes.features)]
    schemas = {kind: pa.schema([*((c, of) for c in columns), ("grade", pa.float64())]) for kind, of in KINDS.items()}
    for kind in KINDS:
        (folder / f"{name}-{kind}").mkdir()
    grades = []
    writers = {kind: pq.ParquetWriter(folder / f"{name}-{kind}" / "rows.parquet", schemas[kind]) for kind in KINDS}
    for matrix, grade in _chunks(rows, sizes.features, seed):
        for kind, writer in writers.items():
            values = [pa.array(matrix[:, place], from_pandas=False).cast(KINDS[kind]) for place in range(len(columns))]
            table = pa.table([*values, pa.array(grade)], schema=schemas[kind])
            writer.write_table(table, row_group_size=row_group)
        grades.append(grade)
    for writer in writers.values():
        writer.close()
    return np.concatenate(grades)


def _chunks(rows: int, features: int, seed: int) -> Iterator[tuple[Matrix, npt.NDArray[np.float64]]]:
    """Yield features and grades. A tenth of the values is missing; some features are skewed, as counts are."""
    rng = np.random.default_rng(seed)
    signals = min(SIGNALS, features)
    weight = np.linspace(1.0, 0.2, signals)
    for begin in range(0, rows, CHUNK):
        count = min(CHUNK, rows - begin)
        matrix = rng.normal(size=(count, features)).astype(np.float32)
        truth = matrix[:, :signals] @ weight + matrix[:, 0] * matrix[:, 1] + rng.normal(0, 2, count)
        grade = np.clip(np.exp2(truth / 2) - 0.5, 0, 4)
        matrix[:, ::3] = np.expm1(matrix[:, ::3])
        matrix[rng.random((count, features)) < 0.1] = np.nan
        yield matrix, grade


def _describe(
    folder: Path, files: Path, grade: npt.NDArray[np.float64], sizes: Sizes, recipe: Recipe, budget: Budget
) -> None:
    folder.mkdir()
    columns = [column_name(number) for number in range(sizes.features)]
    settings = Settings(recipe.parameters(budget.sample), recipe.objectives, columns, [], sizes.rounds, None, 0)
    features = StoredFeatures.of(FeatureFiles.in_folder(files, sizes.features))
    Task(settings, {TRAIN: Rows(features, grade, np.full(len(grade) // LIST, LIST))}).write(folder)


if __name__ == "__main__":
    sys.exit(main())
