"""How long properties are tried: a few hundred inputs each, always the same, or as many as `make fuzz` says."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

GIVEN = os.environ.get("FUZZ_EXAMPLES")
EXAMPLES = int(GIVEN or 200)

Test = Callable[..., Any]


def tried(test: Test) -> Test:
    """Try a property on EXAMPLES inputs; without `make fuzz` on the same ones each time."""
    chosen: Test = settings(
        max_examples=EXAMPLES,
        derandomize=GIVEN is None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )(test)
    return chosen
