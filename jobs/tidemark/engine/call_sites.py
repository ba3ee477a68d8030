"""Keep PySpark's call sites cheap.

PySpark notes where each column function was called, and names the place in its errors. At every call it also tries to
import IPython. Python remembers no failed import: where IPython is not installed, it searches the whole path again, for
some 0.2 ms a call, and a transform makes thousands of calls.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

ASKED_FOR = ("IPython", "ipykernel")


def remember_what_is_missing() -> None:
    """Let imports of the notebook packages that are not installed fail without a search."""
    for name in ASKED_FOR:
        if name not in sys.modules and find_spec(name) is None:
            sys.modules[name] = None  # type: ignore[assignment]  # an import then raises ModuleNotFoundError
