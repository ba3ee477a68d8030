"""The forms of `tidemark ranker export`: each makes the files, and compares their scores with the ranker's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ranking.export import description, ltr, narrow, onnx_form
from ranking.training import learner
from ranking.training.matrices import Floats, Matrix
from steering.loaded_ranker import Ranker
from steering.same_scores import TOLERANCE, ScoresDiffer, largest_difference
from tidemark.errors import RequestRefused

SUM_TOLERANCE = 1e-5
"""The same where a plugin adds the leaves of some hundred trees in 32 bits."""


@dataclass(frozen=True)
class Exported:
    """The files to write, by what is added to the name of the first, and what the command says about them.

    `checked` names what was compared, and the largest difference from the ranker's scores.
    """

    files: Mapping[str, bytes]
    checked: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()


def _lightgbm(ranker: Ranker, rows: Matrix, plugin: str) -> Exported:
    text = ranker.text.encode("utf-8")
    about = description.describe(ranker.row, ranker.text, ranker.model.names)
    notes = [
        f"the model is the registered artifact, byte for byte (sha256 {ranker.run.sha256})",
        "it names its features by columns; FILE.json has the name of each",
    ]
    return Exported({"": text, ".json": about.encode("utf-8")}, notes=notes)


def _ltr(ranker: Ranker, rows: Matrix, plugin: str) -> Exported:
    names, version = ranker.model.names, ranker.run.model_version
    try:
        body = ltr.model_body(version, ltr.definition(ranker.trees, names, plugin))
    except ValueError as error:
        raise RequestRefused(f"as ltr: {version}: {error}; name another ranker") from None
    narrow_sums, wide_sums = ltr.score(body, names, rows)
    expected = ranker.model.predict(rows)
    checked = {
        "the same leaves, added in 64 bits": compare(wide_sums, expected, TOLERANCE, "ltr", version),
        "added in 32 bits, as the plugin does": compare(narrow_sums, expected, SUM_TOLERANCE, "ltr", version),
    }
    files = {"": body.encode("utf-8"), ".featureset.json": ltr.feature_set_body(names).encode("utf-8")}
    return Exported(files, checked, [*_LTR_NOTES[plugin], *_below_zero(ranker)])


_MISSING = "missing values: a feature whose query does not match a document goes where the ranker sends missing values"
_QUERIES = (
    "features: replace the queries in FILE.featureset.json so that each gives the value that the ranker learnt from"
)
_LTR_NOTES: Mapping[str, Sequence[str]] = {
    ltr.OPENSEARCH: (
        _MISSING,
        "versions: OpenSearch 3.9 or later. Earlier ones refuse this file (unknown field [missing_as_zero]), because "
        "before 3.8 they give wrong scores for missing values; for 3.8 write --plugin elasticsearch",
        _QUERIES,
    ),
    ltr.ELASTICSEARCH: (
        _MISSING,
        "versions: plugin 1.5.9 or later, or OpenSearch 3.8 or later. OpenSearch 3.3 to 3.7 loads this file and gives "
        "wrong scores for missing values",
        _QUERIES,
    ),
}


def _below_zero(ranker: Ranker) -> list[str]:
    found = ltr.below_zero(ranker.trees, ranker.model.names)
    if not found:
        return []
    listed = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    return [f"values below zero: the ranker tells them apart in {listed}, but a query gives no score below zero"]


def _onnx(ranker: Ranker, rows: Matrix, plugin: str) -> Exported:
    lacking = onnx_form.lacking()
    if lacking:
        raise RequestRefused(
            f"as onnx: packages are missing ({', '.join(lacking)}); run .venv/bin/python -m pip install "
            f"{' '.join(onnx_form.PINNED)} and repeat the command"
        )
    version, names = ranker.run.model_version, ranker.model.names
    text = narrow.in_32_bits(ranker.text).encode("utf-8")
    model = learner.load_model(text, hashlib.sha256(text).hexdigest(), names)
    made = onnx_form.convert(model, {"model_version": version, "sha256": str(ranker.run.sha256)})
    checked = {
        "scores of onnxruntime": compare(
            onnx_form.score(made, rows), ranker.model.predict(rows), TOLERANCE, "onnx", version
        )
    }
    notes = [f"input `{onnx_form.INPUT}`: float32, shape (rows, {len(names)}), NaN for a missing value; "
             f"output `{onnx_form.OUTPUT}`; the metadata holds the names of the columns"]  # fmt: skip
    return Exported({"": made}, checked, notes)


WRITERS: Mapping[str, Callable[[Ranker, Matrix, str], Exported]] = {
    "lightgbm": _lightgbm,
    "ltr": _ltr,
    "onnx": _onnx,
}


def compare(found: Floats, expected: Floats, tolerance: float, form: str, version: str) -> float:
    """Return the largest difference. Raises RequestRefused if one exceeds the tolerance, a share of scores beyond 1."""
    try:
        return largest_difference(found, expected, tolerance)
    except ScoresDiffer as error:
        raise RequestRefused(
            f"as {form}: {version}: {error}; nothing was written. Use another form, and report this"
        ) from None
