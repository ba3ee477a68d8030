"""Files in the landing folder of the accounts domain."""

from __future__ import annotations

import json
import os

from tests.accounts.world import Accounts, hour


def drop(accounts: Accounts, name: str, at: float) -> None:
    """Write a landed file with one sign-up, old enough to be read."""
    folder = accounts.settings.landing / "signups"
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "kind": "signups",
        "event_id": f"s{at}",
        "account_id": "a",
        "plan": "basic",
        "happened_at": hour(at).isoformat(),
    }
    (folder / name).write_text(json.dumps(record) + "\n", encoding="utf-8")
    os.utime(folder / name, (hour(1).timestamp(),) * 2)
