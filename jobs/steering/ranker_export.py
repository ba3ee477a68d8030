"""`tidemark ranker export`: a ranker as a file that another system serves. Without Spark.

Nothing is written unless the file scores the same rows as the ranker does (`same_scores`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ranking.export.ltr import OPENSEARCH
from steering.export_forms import WRITERS, Exported
from steering.loaded_ranker import Ranker, load
from steering.new_files import write_new_files
from steering.same_scores import CheckRows, check_rows
from tidemark.cli.as_json import print_json
from tidemark.errors import RequestRefused
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import load_settings
from tidemark.support.text import printable


def export(options: argparse.Namespace) -> int:
    """Write a ranker to new files, and say what was checked and what the reader of the file has to know.

    Raises RequestRefused if there is no such ranker, if its artifact is not what the registry says, if a file exists
    already, or if the form does not score as the ranker does. Nothing is written then.
    """
    if options.plugin is not None and options.form != "ltr":
        raise RequestRefused(f"plugin: --as {options.form} is for no plugin; leave --plugin out, or write --as ltr")
    lake = open_existing_lake(load_settings())
    ranker = load(lake, options.version)
    rows = check_rows(lake, ranker)
    found = WRITERS[options.form](ranker, rows.values, options.plugin or OPENSEARCH)
    paths = {options.out.with_name(options.out.name + more): content for more, content in found.files.items()}
    write_new_files(paths)
    if options.json:
        print_json(_facts(ranker, options.form, list(paths), rows, found))
    else:
        print("\n".join(_lines(ranker, list(paths), rows, found)))
    return 0


def _facts(ranker: Ranker, form: str, paths: Sequence[Path], rows: CheckRows, found: Exported) -> dict[str, Any]:
    return {
        "model_version": ranker.run.model_version,
        "form": form,
        "files": [str(path) for path in paths],
        "trees": len(ranker.trees),
        "features": len(ranker.model.names),
        "rows": {"served": rows.served, "made": rows.made, "splits": rows.splits},
        "largest_differences": found.checked,
        "notes": found.notes,
    }


def _lines(ranker: Ranker, paths: Sequence[Path], rows: CheckRows, found: Exported) -> Iterator[str]:
    yield f"{ranker.run.model_version}: {len(ranker.trees):,} trees, {len(ranker.model.names):,} features"
    yield from (f"  {path}" for path in paths)
    if found.checked:
        yield f"checked by {rows.describe()}"
    yield from (f"  {what}: the largest difference is {most:.1e}" for what, most in found.checked.items())
    yield from map(printable, found.notes)
