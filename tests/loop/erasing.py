"""A lake of the accounts domain in which several accounts sign up and change plans, to erase one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from tests.accounts.names import PLANS, SIGNUPS
from tests.accounts.world import Accounts, hour
from tidemark.operate.erasure.account import Erasure
from tidemark.operate.erasure.check import MAIN, Check, check
from tidemark.operate.erasure.erase import erase
from tidemark.operate.erasure.person import Person, read_person

FACTS, AROUND, TOTALS = "accounts.signups", "accounts.signups_around", "accounts.signup_totals"
REASON = "a client asked to be forgotten"
FORGOTTEN = "ada-1"

Signup = tuple[str, str, float]
"""The id of an event, the account, and the hour in which it happened."""


def hand_in(
    accounts: Accounts, name: str, signups: Iterable[Signup], kind: str = "signups", plan: str | None = "basic"
) -> None:
    """Write a landed file, written when its last event happened. `kind` is `signups` or `plans`."""
    file = accounts.settings.landing / kind / name
    file.parent.mkdir(parents=True, exist_ok=True)
    known = list(signups)
    lines = [
        json.dumps({"kind": kind, "event_id": event, "account_id": account, "plan": plan, "happened_at": _at(happened)})
        for event, account, happened in known
    ]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    os.utime(file, (max(hour(happened) for _, _, happened in known).timestamp(),) * 2)


def _at(happened: float) -> str:
    return hour(happened).isoformat()


def land(accounts: Accounts, clock: float = 3) -> None:
    """Land three files of sign-ups: one of the account alone, one of two accounts, one of another account."""
    hand_in(accounts, "alone.json", [("s1", FORGOTTEN, 0.1)])
    hand_in(accounts, "both.json", [("s2", FORGOTTEN, 1.1), ("s3", "bob", 1.2), ("s4", "carol", 1.3)])
    hand_in(accounts, "other.json", [("s5", "bob", 2.1)])
    accounts.run(SIGNUPS, clock=hour(clock))


def land_plans(accounts: Accounts) -> None:
    """Land changes of plan of two accounts."""
    hand_in(accounts, "plans.json", [("p1", FORGOTTEN, 1.5), ("p2", "bob", 1.6)], "plans")
    accounts.run(PLANS, clock=hour(3))


def person(accounts: Accounts, *texts: str) -> Person:
    return read_person(accounts.context.specs, texts or (f"account_id={FORGOTTEN}",))


def forget(accounts: Accounts, *texts: str) -> Erasure:
    """Erase the account."""
    return erase(accounts.context, person(accounts, *texts), REASON, accounts.said.append)


def proof(accounts: Accounts, release: str | None = MAIN) -> Check:
    """Check main, or a release."""
    return check(accounts.context.lake, accounts.context.specs, person(accounts), release)


def events(accounts: Accounts, dataset: str) -> list[str]:
    return sorted(row["event_id"] for row in accounts.rows(dataset))
