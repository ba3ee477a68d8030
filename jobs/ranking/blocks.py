"""Blocks of the settings, as transforms read them from their params."""

from collections.abc import Mapping
from typing import Any


def setting(params: Mapping[str, Any], block: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return a block of settings merged over its defaults. Raises ValueError for a key that has no default."""
    given = dict(params.get(block) or {})
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        known = ", ".join(sorted(defaults))
        raise ValueError(f"search.yaml, {block}: unknown key {', '.join(unknown)}; known keys are {known}")
    return {**defaults, **given}
