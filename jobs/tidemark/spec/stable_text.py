"""A spec as text that stays the same when a later version adds fields to its classes.

Sessions are named after this text. If a new field changed it, each session that is half done would be planned again.
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
"""The fields of version 0.1, by class. Fields that came later are shown where they differ from their default."""


def stable_text(content: Any) -> bytes:
    """JSON with sorted keys; what JSON does not know is shown as `repr` shows it, less unused later fields."""
    return json.dumps(content, sort_keys=True, default=_shown).encode()


def shown_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that take part in its text, with their values."""
    always = ALWAYS_SHOWN.get(type(value).__qualname__, "").split()
    given = [(field, getattr(value, field.name)) for field in fields(value)]
    return {field.name: held for field, held in given if field.name in always or held != _default(field)}


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _shown(value: Any) -> str:
    if not is_dataclass(value):
        return repr(value)
    shown = (f"{name}={_shown(held)}" for name, held in shown_fields(value).items())
    return f"{type(value).__qualname__}({', '.join(shown)})"
