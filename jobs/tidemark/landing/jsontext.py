"""JSON as the standard has it: UTF-8, no NaN, no half characters. Of equal keys the last one counts."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def decode_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises ValueError with a reason that begins with its kind."""
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("nested too deep: the record cannot be read") from None
    except ValueError as error:  # numbers of more digits than Python converts
        raise ValueError(f"not JSON: {error}") from None
    if b"\\ud" in raw or b"\\uD" in raw:
        _refuse_half_characters(value)
    return value


def encode_json(value: Any) -> str:
    """One line, keys sorted: equal values give equal text. Raises ValueError for what JSON cannot say."""
    try:
        return _ENCODER.encode(value)
    except (RecursionError, TypeError) as error:
        raise ValueError(f"not JSON: {error}") from None


def _refuse_half_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("not Unicode: half of a surrogate pair") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=str, check_circular=False)
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
