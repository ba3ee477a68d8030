"""Change the spec of a dataset in a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.accounts.world import Accounts


def with_spec(accounts: Accounts, dataset: str, **changes: Any) -> None:
    """Change a spec as an edit of its file would."""
    changed = replace(accounts.context.specs[dataset], **changes)
    accounts.context = replace(accounts.context, specs={**accounts.context.specs, dataset: changed})
