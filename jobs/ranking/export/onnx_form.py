"""A ranker as an ONNX model, by onnxmltools. Both libraries belong to the optional extra `onnx`.

onnxmltools rounds thresholds to 32 bits and sends a missing value right at splits without a default, so it converts the
model of `narrow.in_32_bits`. Of this model the rounding is exact. The trees are summed in 64 bits, because the input of
the ensemble is 64-bit; a cast in front takes the 32-bit features.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

import numpy as np

from ranking.training.learner import Model
from ranking.training.matrices import Floats, Matrix

NEEDED = ("onnx", "onnxmltools", "onnxruntime")
PINNED = ("onnxmltools==1.16.0", "onnxruntime==1.32.0")
"""The extra, as in `pyproject.toml`."""
INPUT, OUTPUT = "features", "score"


def lacking() -> list[str]:
    """Return the packages of the extra that are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def convert(model: Model, facts: Mapping[str, str]) -> bytes:
    """Return an ONNX model. `model` is that of `narrow.in_32_bits`; `facts` go into the metadata.

    Input `features`: float32, shape (rows, features), NaN for a missing value. Output `score`: float32, shape
    (rows, 1). The metadata also holds `features`, the names of the columns as a JSON list.
    """
    import onnx
    import onnxmltools
    from onnxmltools.convert.common.data_types import DoubleTensorType

    width = len(model.names)
    types = [("wide", DoubleTensorType([None, width]))]
    made = onnxmltools.convert_lightgbm(model.booster, name="ranker", initial_types=types, zipmap=False)
    graph, helper = made.graph, onnx.helper
    graph.node.insert(0, helper.make_node("Cast", [INPUT], ["wide"], to=onnx.TensorProto.DOUBLE))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, [None, width]))
    last = graph.output[0].name
    for node in graph.node:
        node.output[:] = [OUTPUT if name == last else name for name in node.output]
    graph.output[0].name = OUTPUT
    helper.set_model_props(made, {**facts, "features": json.dumps(list(model.names))})
    onnx.checker.check_model(made)
    found: bytes = made.SerializeToString()
    return found


def score(model: bytes, rows: Matrix) -> Floats:
    """Return the scores of onnxruntime for rows of shape (rows, features)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    found = session.run([OUTPUT], {INPUT: np.ascontiguousarray(rows)})[0]
    return np.asarray(found, dtype=np.float64).ravel()


def names_of(model: bytes) -> Sequence[str]:
    """Return the names of the columns that the metadata of a model holds."""
    import onnx

    props = {each.key: each.value for each in onnx.load_model_from_string(model).metadata_props}
    names: list[str] = json.loads(props["features"])
    return names
