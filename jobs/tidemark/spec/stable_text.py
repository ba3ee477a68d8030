"""A spec as text that does not change when a later version adds fields to the spec's classes.

Session ids are derived from this text. If a new field changed it, each unfinished session would be planned again.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Final

ALWAYS_SHOWN: Final[dict[str, str]] = {
    "DatasetSpec": "dataset why grain mode columns path event_time partition_by transform params settings inputs "
    "replace catch_up_limit max_range on_change landing expectations",
    "InputSpec": "name dataset event_time before after rows optional waits_for keep",
    "LandingSpec": "group folders parser completeness settling quarantine loses_refusals",
    "Column": "name type means required unit min max one_of max_length",
    "Expectation": "kind severity because condition column at_most min max",
}
"""The fields of version 0.1, by class. Later fields are part of the text only if they differ from their default."""


def stable_text(content: Any) -> bytes:
    """Return the content as JSON with sorted keys.

    Values that JSON does not have are written as by `repr`; a dataclass is written without unused later fields.
    """
    return json.dumps(content, sort_keys=True, default=_shown).encode()


def shown_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that are part of its text, with their values."""
    always = ALWAYS_SHOWN.get(type(value).__qualname__, "").split()
    pairs = [(field, getattr(value, field.name)) for field in fields(value)]
    return {field.name: content for field, content in pairs if field.name in always or content != _default(field)}


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _shown(value: Any) -> str:
    if not is_dataclass(value):
        return repr(value)
    shown = (f"{name}={_shown(content)}" for name, content in shown_fields(value).items())
    return f"{type(value).__qualname__}({', '.join(shown)})"
