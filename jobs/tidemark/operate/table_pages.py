"""Write the pages about the tables, one for each spec.

`PYTHONPATH=jobs python -m tidemark.operate.table_pages docs/tables` writes them from the specs of the checkout.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tidemark.settings import load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs
from tidemark.spec.render.table_page import index_page, table_page
from tidemark.support.paths import to_location

INDEX: Final = "README.md"
OPENING: Final = """from pathlib import Path

from pyspark.sql import SparkSession

lake = Path(".tidemark/lake").resolve()
jars = sorted(str(jar) for jar in Path(".venv/share/tidemark/jars").glob("*.jar"))
builder = SparkSession.builder.master("local[1]").config("spark.jars", ",".join(jars))
for key, value in {
    "": "org.apache.iceberg.spark.SparkCatalog",
    ".type": "jdbc",
    ".uri": f"jdbc:sqlite:file:{lake}/catalog.db",
    ".jdbc.schema-version": "V1",
    ".warehouse": f"WAREHOUSE",
}.items():
    builder = builder.config(f"spark.sql.catalog.lake{key}", value)
spark = builder.getOrCreate()""".replace("WAREHOUSE", to_location(Path("{lake}/warehouse")))
"""Opens a Spark session on the embedded catalog, as README.md shows."""


def pages(specs: Mapping[str, DatasetSpec]) -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {
        INDEX: index_page(specs, OPENING),
        **{f"{spec.name}.md": table_page(spec, specs) for spec in specs.values()},
    }


def write_pages(folder: Path) -> None:
    """Write the pages of all specs of the checkout, with the settings of no home."""
    settings = load_settings({"TIDEMARK_HOME": "/nonexistent"})
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(load_specs(settings.schemas, settings.values)).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
