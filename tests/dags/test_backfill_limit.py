"""S70, S51: a backfill that is too long for one request is refused before it reaches Airflow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from tidemark.airflow.backfill_limit import LONGEST_BACKFILL, LONGEST_BODY, BackfillLimit, why_refused

PATH = "/api/v2/backfills"
TEN_YEARS = {"dag_id": "build_interactions", "from_date": "2016-03-01T00:00:00Z", "to_date": "2026-03-01T00:00:00Z"}


def ask(body: bytes, path: str = PATH, method: str = "POST") -> tuple[int, str, list[bytes]]:
    """Return the status, the text of the answer, and the bodies that reached Airflow, which answers 200 and no text."""
    reached: list[bytes] = []
    sent: list[MutableMapping[str, Any]] = []
    parts = [body[i : i + 1000] for i in range(0, len(body), 1000)] or [b""]

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def airflow(scope: Any, receive: Any, send: Any) -> None:
        text, more = b"", True
        while more:
            message = await receive()
            text, more = text + message["body"], message.get("more_body", False)
        reached.append(text)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    asyncio.run(BackfillLimit(airflow)({"type": "http", "method": method, "path": path}, receive, send))
    return sent[0]["status"], sent[1]["body"].decode(), reached


@pytest.mark.parametrize("path", [PATH, PATH + "/", PATH + "/dry_run", "/below" + PATH])
def test_s70_ten_years_are_refused_with_the_bound_and_the_other_way(path: str) -> None:
    status, text, reached = ask(json.dumps(TEN_YEARS).encode(), path)
    assert (status, reached) == (422, [])
    detail = json.loads(text)["detail"]
    assert f"at most {LONGEST_BACKFILL.days} days" in detail
    assert "single run with From and To" in detail


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (1456790400, "2026-03-01"),
        ("1456790400", "2026-03-01"),
        ("2016-03-01T00:00:00", "2026-03-01T00:00:00+02:00"),
        ("0001-01-01", "9999-12-31"),
        ("2026-03-01T00:00Z", "2026-04-01T00:00:01Z"),
    ],
)
def test_dates_are_read_as_airflow_reads_them(first: object, last: object) -> None:
    assert why_refused(json.dumps({"from_date": first, "to_date": last}).encode()) is not None


def test_a_month_goes_on_to_airflow_unchanged() -> None:
    month = {**TEN_YEARS, "from_date": "2026-03-01T00:00:00Z", "to_date": "2026-04-01T00:00:00Z", "conf": "x" * 5000}
    body = json.dumps(month).encode()
    assert ask(body) == (200, "", [body])


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"[" * 100_000, b'{"from_date": "2026"}', b'{"from_date": "x", "to_date": {}}', b"\xff\x00"],
)
def test_what_is_no_backfill_is_left_to_airflow(body: bytes) -> None:
    assert ask(body) == (200, "", [body])


def test_a_request_without_end_is_cut_off() -> None:
    status, text, reached = ask(b" " * (LONGEST_BODY + 1))
    assert (status, reached) == (422, [])
    assert f"{LONGEST_BODY:,} bytes" in json.loads(text)["detail"]


@pytest.mark.parametrize(("path", "method"), [("/api/v2/dags", "POST"), (PATH, "GET"), ("/ui/backfills", "POST")])
def test_other_requests_pass(path: str, method: str) -> None:
    body = json.dumps(TEN_YEARS).encode()
    assert ask(body, path, method) == (200, "", [body])
