"""Splits of 32-bit numbers that send each value where LightGBM's 64-bit splits send it.

LightGBM compares `value <= threshold` in 64 bits, but the values of a ranker are 32-bit numbers. So each threshold can
be replaced by the largest 32-bit number that goes left. LightGBM reads a value whose magnitude is at most 1e-35 as 0
(`kZeroThreshold` in include/LightGBM/meta.h), so a threshold in this range is moved to its end.
"""

from __future__ import annotations

import re

import numpy as np

from ranking.export.trees import DEFAULT_LEFT, MISSING_IS_NAN, TREE, missing_goes_left
from ranking.training.model_text import ENDS

LARGEST = 1e38
"""The largest magnitude of a feature value for which an export is exact. 32-bit numbers end at 3.4e38."""
_MAX = float(np.finfo(np.float32).max)
_ZERO = float(np.float32(1e-35))


def at_most(threshold: float) -> float:
    """Return the largest 32-bit number that goes left, -inf if no finite one does."""
    if -_ZERO <= threshold < 0:
        return float(np.nextafter(np.float32(-_ZERO), np.float32(-np.inf)))
    if 0 <= threshold < _ZERO:
        return _ZERO
    if abs(threshold) > _MAX:
        return _MAX if threshold > 0 else -np.inf
    near = np.float32(threshold)
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


def next_above(value: float) -> float:
    """Return the next larger 32-bit number, at most the largest finite one."""
    return _MAX if value >= _MAX else float(np.nextafter(np.float32(value), np.float32(np.inf)))


def in_32_bits(text: str) -> str:
    """Return a model whose thresholds are 32-bit numbers, and whose splits all send NaN by their default.

    It scores each row of 32-bit numbers up to `LARGEST` exactly as the given model, which has passed
    `model_text.check`. Converters that round thresholds to 32 bits, or that read a missing value at a split without
    a default in their own way, convert it without an error.
    """
    head, *trees = TREE.split(text.partition(ENDS)[0])
    narrow = [_tree(tree) for tree in trees]
    sizes = " ".join(str(len(tree.encode("utf-8"))) for tree in narrow)
    head = re.sub("(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", head, count=1)
    return f"{head}{''.join(narrow)}{ENDS}{text.partition(ENDS)[2]}"


def _tree(text: str) -> str:
    lines = text.split("\n")
    at = {line.partition("=")[0]: number for number, line in enumerate(lines)}
    if "threshold" not in at:
        return text
    limits = [float(one) for one in lines[at["threshold"]].partition("=")[2].split(" ") if one]
    kinds = [int(one) for one in lines[at["decision_type"]].partition("=")[2].split(" ") if one]
    both = list(zip(limits, kinds, strict=True))
    lines[at["threshold"]] = "threshold=" + " ".join(repr(max(at_most(limit), -_MAX)) for limit in limits)
    lines[at["decision_type"]] = "decision_type=" + " ".join(str(_kind(kind, limit)) for limit, kind in both)
    return "\n".join(lines)


def _kind(decision_type: int, threshold: float) -> int:
    return MISSING_IS_NAN + (DEFAULT_LEFT if missing_goes_left(decision_type, threshold) else 0)
