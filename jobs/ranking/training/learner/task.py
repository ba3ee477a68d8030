"""A training task as files in a folder: what the process that bins and the process that boosts are told.

`task.json` holds settings. Each array is a file of numbers of one type. Features stay in the files of the examples.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ranking.training.feature_files import FeatureFiles
from ranking.training.feature_rows import StoredFeatures
from ranking.training.matrices import Flags, Floats, Whole
from ranking.training.recipe import quantise

TRAIN, CURVE, VALID = "train", "curve", "valid"
ARRAYS: Mapping[str, Any] = {"rows": np.int64, "grade": np.float64, "sizes": np.int64, "weight": np.float64}
"""The arrays of a data set, each a file of numbers of one type."""


@dataclass(frozen=True)
class Rows:
    """Rows of one data set, with the length of each list. `weight` is None if all rows weigh the same."""

    features: StoredFeatures
    grade: Floats
    sizes: Whole
    weight: Floats | None = None

    @property
    def level(self) -> Whole:
        """The grades as LightGBM takes them."""
        return quantise(self.grade)


@dataclass(frozen=True)
class Settings:
    """How a ranker is trained. `patience` is None if nothing stops the training before `rounds` trees.

    `parameters` and `columns` are those of LightGBM. One ranker is trained for each objective, and their trees are
    joined. `hidden` marks the columns that are masked in the twins; it is empty if there are no twins.
    """

    parameters: Mapping[str, Any]
    objectives: list[str]
    columns: list[str]
    hidden: list[bool]
    rounds: int
    patience: int | None
    least_rounds: int


@dataclass(frozen=True)
class Task:
    """Settings, and the rows to train on, to draw a curve by and to stop by. The last two may be absent."""

    settings: Settings
    rows: Mapping[str, Rows]

    @property
    def hidden(self) -> Flags:
        """Marks the columns that are masked in the twins."""
        return np.array(self.settings.hidden, dtype=np.bool_)

    def write(self, folder: Path) -> None:
        """Write the task into a folder."""
        for name, rows in self.rows.items():
            arrays = {"rows": rows.features.rows, "grade": rows.grade, "sizes": rows.sizes, "weight": rows.weight}
            for each, values in arrays.items():
                if values is not None:
                    values.astype(ARRAYS[each]).tofile(folder / f"{name}.{each}")
        files = {name: [rows.features.files.paths, rows.features.files.width] for name, rows in self.rows.items()}
        text = json.dumps({"settings": asdict(self.settings), "files": files})
        (folder / "task.json").write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Task:
        """Read the task of a folder."""
        known = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        rows = {name: _read_rows(folder, name, *files) for name, files in known["files"].items()}
        return cls(Settings(**known["settings"]), rows)


def _read_rows(folder: Path, name: str, paths: list[str], width: int) -> Rows:
    found = {each: folder / f"{name}.{each}" for each in ARRAYS}
    arrays = {each: np.fromfile(path, ARRAYS[each]) for each, path in found.items() if path.exists()}
    features = StoredFeatures(FeatureFiles(paths, width), arrays["rows"])
    return Rows(features, arrays["grade"], arrays["sizes"], arrays.get("weight"))


def data_file(folder: Path, name: str) -> Path:
    """Return the file of the binned rows of a data set."""
    return folder / f"{name}.bin"
