"""Hostile values, and a check that they had no effect."""

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
"""Values that are not valid as an instant, a dataset's name, a folder or a setting."""

FORBIDDEN_TEXT = {
    name: HOSTILE[name] for name in ("newline", "NUL", "escape", "right to left", "a megabyte", "blank", "empty")
}
"""Values that are not valid as free text either. The others are valid text, which is only stored."""

SHORT = {name: value for name, value in HOSTILE.items() if name not in ("NUL", "a megabyte")}
"""Values that an operating system can pass to a process."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return settings of the accounts domain in a home."""
    return {"TIDEMARK_HOME": str(home), "TIDEMARK_SCHEMAS": str(SCHEMAS), **more}


def untouched(home: Path) -> bool:
    """Return whether a home is untouched: it has no table, no row of `ops`, no file."""
    return not home.exists() or not list(home.iterdir())
