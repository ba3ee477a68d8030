"""What hostile hands type, and how to see that nothing came of it."""

from __future__ import annotations

from pathlib import Path

from tests.accounts.world import SCHEMAS

HOSTILE = {
    "SQL": "'; DROP TABLE accounts.signups; --",
    "backticks": "`accounts`.`signups`",
    "shell": "$(touch /tmp/hostile)",
    "shell backticks": "`touch hostile`",
    "template": "{{ ti.xcom_pull() }}",
    "newline": "accounts.signups\nDROP",
    "NUL": "accounts.signups\x00",
    "escape": "accounts.\x1b[2Jsignups",
    "look-alike": "accounts.signups".replace("a", "а", 1),  # a Cyrillic letter
    "right to left": "accounts.\u202esignups",
    "a megabyte": "a" * (1 << 20),
    "a path": "../../etc.passwd",
    "another catalog": "other.accounts.signups",
    "a branch": "accounts.signups.branch_x",
    "a metadata table": "accounts.signups.snapshots",
    "the loop's own": "ops.sessions",
    "upper case": "Accounts.Signups",
    "blank": " ",
    "empty": "",
}
"""Values that are neither an instant, nor the name of a dataset, nor a folder or setting that is meant."""

FORBIDDEN_TEXT = {
    name: HOSTILE[name] for name in ("newline", "NUL", "escape", "right to left", "a megabyte", "blank", "empty")
}
"""Values that are no text for the record either; the others are words like any, and are only ever stored."""

SHORT = {name: value for name, value in HOSTILE.items() if name not in ("NUL", "a megabyte")}
"""Values that an operating system hands to a process at all."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Settings of the accounts domain in a home."""
    return {"TIDEMARK_HOME": str(home), "TIDEMARK_SCHEMAS": str(SCHEMAS), **more}


def untouched(home: Path) -> bool:
    """Whether nothing was made in a home: no table, no row of ops, no file."""
    return not home.exists() or not list(home.iterdir())
