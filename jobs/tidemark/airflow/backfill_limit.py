"""A limit on the range of a backfill, in front of Airflow's REST API, which its UI uses too.

Airflow creates all runs of a backfill within the request that asks for it and has no limit of its own. Ten years of
an hourly DAG are 87,600 runs, which keep the API server and the scheduler busy for hours.

A plugin registers `BackfillLimit` with Airflow as a root middleware; see `infra/plugins/`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST_BACKFILL = timedelta(days=31)
"""The longest time from the first date to the last. A month of an hourly DAG is 745 runs. On two busy cores Airflow
created them in 98 seconds, and meanwhile answered other requests within a second. A single run with From and To
rebuilds a longer range as one run."""
LONGEST_BODY = 1_000_000
"""The largest request body, in bytes. The form of the UI sends a few hundred."""

_PATHS = ("/api/v2/backfills", "/api/v2/backfills/dry_run")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BackfillLimit:
    """ASGI middleware that answers 422 to a backfill, or its dry run, if it is longer than LONGEST_BACKFILL.

    A body of more than LONGEST_BODY bytes gets 422 too. Every other request reaches Airflow unchanged, including one
    whose body cannot be parsed.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on to Airflow."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].rstrip("/").endswith(_PATHS):
            await self._app(scope, receive, send)
            return
        body, whole = await _read(receive)
        why = (
            why_refused(body)
            if whole
            else f"the request is too large: a backfill request has at most {LONGEST_BODY:,} bytes"
        )
        if why is not None:
            await _refuse(send, why)
            return
        await self._app(scope, _replay(body, receive), send)


def why_refused(body: bytes) -> str | None:
    """Return why the backfill in a request's body is refused.

    None means that the limit does not refuse it: it is short enough, or Airflow itself will refuse it.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(request, dict):
        return None
    first, last = (_parse_instant(request.get(name)) for name in ("from_date", "to_date"))
    if first is None or last is None or last - first <= LONGEST_BACKFILL:
        return None
    return (
        f"from_date, to_date: {(last - first).days} days. A backfill takes at most {LONGEST_BACKFILL.days} days at "
        f"once, because Airflow creates a run for each interval. For a longer range, trigger a single run with From "
        f"and To: it rebuilds the whole range as one run. Dates are in UTC."
    )


def _parse_instant(value: Any) -> datetime | None:
    """Parse an instant as Airflow's request model does. A time without a zone is UTC; None if Airflow refuses it."""
    from pydantic import TypeAdapter, ValidationError

    try:
        instant = TypeAdapter(datetime).validate_python(value)
    except ValidationError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """Return the body and True; if it is longer than LONGEST_BODY, return an empty body and False."""
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LONGEST_BODY:
            return b"", False
        if not message.get("more_body"):
            return b"".join(parts), True


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body again, and after it the messages that follow."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


async def _refuse(send: Send, why: str) -> None:
    text = json.dumps({"detail": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 422, "headers": headers})
    await send({"type": "http.response.body", "body": text})
