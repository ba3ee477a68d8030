"""`tidemark ranker export`: a ranker as a file that another system serves. Without Spark.

Nothing is written unless the file scores the same rows as the ranker does. The rows are those of `query_item_features`
that come first, and rows that pass each split of the ranker on both sides and with a missing value.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ranking.export import narrow, probes
from ranking.export.ltr import OPENSEARCH
from ranking.export.trees import read_trees
from ranking.training import learner
from ranking.training.matrices import Matrix
from steering.export_forms import WRITERS, Exported, Ranker
from steering.new_files import write_new_files
from steering.registry import RANKERS, read_artifact, read_registry, read_run
from steering.served_rows import FEATURES, read_rows
from tidemark.catalog import Lake
from tidemark.cli.as_json import print_json
from tidemark.errors import RequestRefused
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import load_settings
from tidemark.support.text import printable

SERVED_ROWS = 2_000


def export(options: argparse.Namespace) -> int:
    """Write a ranker to new files, and say what was checked and what the reader of the file has to know.

    Raises RequestRefused if there is no such ranker, if its artifact is not what the registry says, if a file exists
    already, or if the form does not score as the ranker does. Nothing is written then.
    """
    if options.plugin is not None and options.form != "ltr":
        raise RequestRefused(f"plugin: --as {options.form} is for no plugin; leave --plugin out, or write --as ltr")
    lake = open_existing_lake(load_settings())
    ranker = load(lake, options.version)
    served = _in_range(read_rows(lake, ranker.model.names, SERVED_ROWS))
    made, splits = probes.make_rows(ranker.trees, len(ranker.model.names))
    rows = np.concatenate([served, made])
    found = WRITERS[options.form](ranker, rows, options.plugin or OPENSEARCH)
    paths = {options.out.with_name(options.out.name + more): content for more, content in found.files.items()}
    write_new_files(paths)
    counts = {"served": len(served), "made": len(made), "splits": splits}
    if options.json:
        print_json(_facts(ranker, options.form, list(paths), counts, found))
    else:
        print("\n".join(_lines(ranker, list(paths), counts, found)))
    return 0


def _facts(
    ranker: Ranker, form: str, paths: Sequence[Path], rows: Mapping[str, int], found: Exported
) -> dict[str, Any]:
    return {
        "model_version": ranker.run.model_version,
        "form": form,
        "files": [str(path) for path in paths],
        "trees": len(ranker.trees),
        "features": len(ranker.model.names),
        "rows": rows,
        "largest_differences": found.checked,
        "notes": found.notes,
    }


def _lines(ranker: Ranker, paths: Sequence[Path], rows: Mapping[str, int], found: Exported) -> Iterator[str]:
    yield f"{ranker.run.model_version}: {len(ranker.trees):,} trees, {len(ranker.model.names):,} features"
    yield from (f"  {path}" for path in paths)
    if found.checked:
        yield (
            f"checked by {rows['served']:,} rows of {FEATURES} and {rows['made']:,} rows on both sides of "
            f"{rows['splits']:,} splits"
        )
    yield from (f"  {what}: the largest difference is {most:.1e}" for what, most in found.checked.items())
    yield from map(printable, found.notes)


def load(lake: Lake, version: str | None) -> Ranker:
    """Load a ranker, the champion without a version. Raises RequestRefused if there is none, or if it is broken."""
    registry = read_registry(lake)
    run = registry.find(version) if version is not None else registry.standing.champion
    if run is None:
        raise RequestRefused(
            "version: there is no champion yet. Name a ranker that `tidemark ranker list` shows, or wait for one"
        )
    if run.sha256 is None:
        raise RequestRefused(
            f"version: {run.model_version} has no artifact, because nothing was trained; "
            "`tidemark ranker list` shows the others"
        )
    row, artifact = read_run(lake, run), read_artifact(lake, run)
    try:
        names = learner.read_names(row["features"])
        model = learner.load_model(artifact, run.sha256, names)
    except learner.ModelRefused as error:
        raise RequestRefused(f"{RANKERS}, {run.model_version}: {error}") from None
    text = (artifact or b"").decode("utf-8")
    return Ranker(run, row, text, model, read_trees(text))


def _in_range(rows: Matrix) -> Matrix:
    """Return the rows without values that an export does not promise: infinite ones, and those beyond `LARGEST`."""
    found: Matrix = rows[np.all(np.isnan(rows) | (np.abs(rows) <= narrow.LARGEST), axis=1)]
    return found
