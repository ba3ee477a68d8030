"""Files of one run of a transform, in a folder that Spark and this process both see. The loop removes it at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Place:
    """A folder as this process names it, and its location, as Spark does. It may not exist yet."""

    folder: Path
    location: str

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Place":
        """Return the folder that the loop gives a transform in its params."""
        return cls(Path(params["scratch"]), params["scratch_location"])

    def below(self, name: str) -> "Place":
        """Return a folder in this one."""
        return Place(self.folder / name, f"{self.location}/{name}")


def keep(rows: DataFrame, place: Place) -> DataFrame:
    """Compute rows that are used more than once: write them into a folder that does not exist yet, and read them there.

    Otherwise Spark plans and computes them for each use.
    """
    rows.write.parquet(place.location)
    return rows.sparkSession.read.schema(rows.schema).parquet(place.location)
