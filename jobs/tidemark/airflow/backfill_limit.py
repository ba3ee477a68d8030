"""A limit to the range of a backfill, in front of Airflow's REST API, where its UI asks too.

Airflow makes all runs of a backfill inside the request that asks for it, without a limit of its own: ten years of an
hourly DAG are 87,600 runs, and the API server and the scheduler are busy with them for hours.

A plugin hands `BackfillLimit` to Airflow as a root middleware; see `infra/plugins/`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST_BACKFILL = timedelta(days=31)
"""From the first date to the last: a month of an hourly DAG is 745 runs. Airflow made them in 98 seconds on two cores
with much else to do, and answered other requests within a second meanwhile. A single run with From and To rebuilds a
longer range as one run."""
LONGEST_BODY = 1_000_000
"""Bytes. What the form of the UI sends has a few hundred."""

_PATHS = ("/api/v2/backfills", "/api/v2/backfills/dry_run")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BackfillLimit:
    """ASGI middleware: answers 422 to a backfill, or its dry run, that is longer than LONGEST_BACKFILL.

    Whatever else it is asked for goes on to Airflow unchanged, bodies that it cannot read included.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or hand it on."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].rstrip("/").endswith(_PATHS):
            await self._app(scope, receive, send)
            return
        body, whole = await _read(receive)
        why = why_refused(body) if whole else f"a backfill's request has at most {LONGEST_BODY:,} bytes"
        if why is not None:
            await _refuse(send, why)
            return
        await self._app(scope, _replay(body, receive), send)


def why_refused(body: bytes) -> str | None:
    """Why the backfill in a request's body is refused; None where it is not, or where Airflow itself refuses it."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict):
        return None
    first, last = (_instant(asked.get(name)) for name in ("from_date", "to_date"))
    if first is None or last is None or last - first <= LONGEST_BACKFILL:
        return None
    return (
        f"from_date, to_date: {(last - first).days} days. A backfill takes at most {LONGEST_BACKFILL.days} days at "
        f"once, since Airflow makes a run for each interval of them. For more, trigger a single run with From and To: "
        f"it rebuilds the whole range as one run. Dates are in UTC."
    )


def _instant(value: Any) -> datetime | None:
    """An instant as Airflow's model of the request reads it; None for what it refuses. Without a zone it is UTC."""
    from pydantic import TypeAdapter, ValidationError

    try:
        instant = TypeAdapter(datetime).validate_python(value)
    except ValidationError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """The body, and whether that is all of it."""
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
    """Gives the body once more, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _refuse(send: Send, why: str) -> None:
    text = json.dumps({"detail": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 422, "headers": headers})
    await send({"type": "http.response.body", "body": text})
