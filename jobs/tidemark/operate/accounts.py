"""The accounts of sessions, as `ops.record_accounts` holds them: what became of the records, by file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import one_of
from tidemark.state.account import Account, total

TABLE = "ops.record_accounts"


@dataclass(frozen=True)
class SessionAccount:
    """The account of one session: when it was recorded, by the machine's clock, how many files it names, the sum."""

    session: str
    recorded_at: datetime
    files: int
    total: Account


def read_account(lake: Lake, session: str) -> list[Account]:
    """Return the accounts of a session's files; empty if it has none."""
    return [_account(row) for row in ops.rows(lake, TABLE, ops.of_session(session))]


def newest_accounts(lake: Lake) -> dict[str, SessionAccount]:
    """Return the newest account of each dataset that has one, by dataset."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in ops.rows(lake, TABLE, columns=("dataset", "session", "recorded_at")):
        known = newest.get(row["dataset"])
        if known is None or row["recorded_at"] > known["recorded_at"]:
            newest[row["dataset"]] = row
    if not newest:
        return {}
    among = one_of("session", (row["session"] for row in newest.values()))
    found: dict[str, list[Account]] = {}
    for row in ops.rows(lake, TABLE, among):
        found.setdefault(row["session"], []).append(_account(row))
    return {dataset: _summed(row, found[row["session"]]) for dataset, row in newest.items()}


def _summed(row: Mapping[str, Any], accounts: list[Account]) -> SessionAccount:
    files = sum(account.path is not None for account in accounts)
    return SessionAccount(row["session"], row["recorded_at"], files, total(accounts))


def _account(row: Mapping[str, Any]) -> Account:
    kept = {field.name: row[field.name] for field in fields(Account)}
    return Account(**{**kept, "counts": json.loads(row["counts"] or "{}")})
