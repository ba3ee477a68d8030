"""Commands whose modules are imported only when they run, so that help and wrong arguments answer quickly."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable


def command_in(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Return a command that imports `module` when it runs, and calls its function `name` with the options."""

    def command(options: argparse.Namespace) -> int:
        status: int = getattr(importlib.import_module(module), name)(options)
        return status

    return command
