"""Decode JSON text as loggers write it: UTF-8, without unpaired surrogates.

If a key occurs twice, the last value is used. `NaN`, which Python's encoder writes for a missing number, is read as
null. Infinity is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MAX_NESTING = 200
"""The most levels of nesting in a record. This is far below Python's recursion limit, so no later step fails on it."""
TOO_DEEP = f"nested too deep: more than {MAX_NESTING} levels"


def decode_json(raw: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError with a reason that begins with its kind."""
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError as error:  # a number with more digits than Python converts
        raise ValueError(f"not JSON: {error}") from None
    if b"\\ud" in raw or b"\\uD" in raw:
        _refuse_half_characters(value)
    return value


def encode_json(value: Any) -> str:
    """Return the value as one line of JSON with sorted keys, so that equal values give equal texts.

    Does not fail for a record of at most MAX_NESTING levels. Numbers that JSON does not have (NaN from Parquet, and
    1e999) are written as Python writes them.
    """
    return _ENCODER.encode(value)


def is_too_deep(value: Any, raw: bytes) -> bool:
    """Return whether a value has more than MAX_NESTING levels of lists and objects. Works without recursion.

    `raw` is the value's text if it has one. If it contains few brackets, the value is not looked at.
    """
    if raw and raw.count(b"[") + raw.count(b"{") <= MAX_NESTING:
        return False
    inner = [value]
    for _ in range(MAX_NESTING + 1):
        inner = [child for parent in inner if isinstance(parent, dict | list) for child in _children(parent)]
    return bool(inner)


def _children(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _refuse_half_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("not Unicode: half of a surrogate pair") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _parse_constant(name: str) -> None:
    if name != "NaN":
        raise ValueError(f"{name} is not a JSON number")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str, check_circular=False)
_DECODER = json.JSONDecoder(parse_constant=_parse_constant)
