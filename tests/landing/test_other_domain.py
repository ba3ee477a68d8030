"""Landing works for any domain: the feeds of the accounts domain land in the same way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.landing.reading import CHECKOUT, Landing
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs


def test_records_of_the_accounts_land_without_the_columns_that_their_specs_do_not_have(
    tmp_path: Path,
) -> None:
    schemas = CHECKOUT / "tests" / "accounts" / "schemas"
    landing = Landing(load_settings({"TIDEMARK_HOME": str(tmp_path)}), load_specs(schemas, {}))
    happened = datetime(2026, 4, 12, 3, tzinfo=UTC)
    event = {"kind": "signups", "event_id": "e1", "account_id": "a1", "happened_at": "2026-04-12T03:00:00Z"}
    landing.put("signups/2026-04-12T04/a.jsonl", [event, {"event_id": "without a kind"}, {**event, "kind": "plans"}])
    (row,) = landing.rows("signups_feed")
    assert row == {
        "event_id": "e1",
        "account_id": "a1",
        "plan": None,
        "happened_at": happened,
        "arrived_at": happened.replace(hour=4),
    }
