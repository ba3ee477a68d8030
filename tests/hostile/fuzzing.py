"""How many inputs a property is tested with: a few hundred fixed ones, or as many as `make fuzz` asks for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

GIVEN = os.environ.get("FUZZ_EXAMPLES")
EXAMPLES = int(GIVEN or 200)

Test = Callable[..., Any]


def tried(test: Test) -> Test:
    """Test a property with EXAMPLES inputs. Without `make fuzz`, the inputs are the same each time."""
    chosen: Test = settings(
        max_examples=EXAMPLES,
        derandomize=GIVEN is None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )(test)
    return chosen
