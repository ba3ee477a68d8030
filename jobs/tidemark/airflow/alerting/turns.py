"""Let one process at a time tell something, so that tasks that fail in the same second do not tell it twice."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tidemark.settings import Settings
from tidemark.support.file_lock import holding

PATIENCE = 60.0
"""Seconds to wait for one's turn. A webhook may take ten, a mail server that does not answer longer than this."""

_LOGGER = logging.getLogger(__name__)


@contextmanager
def taking_turns(settings: Settings) -> Iterator[None]:
    """Wait until no other process of this machine compares with `ops.alerts`, sends and records.

    An alert that comes twice is better than none: if the lock cannot be had, this goes on without it.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(holding(settings.run / "alerts.lock", PATIENCE))
        except OSError as error:
            _LOGGER.warning("alert without a turn: %s", type(error).__name__)
        yield
