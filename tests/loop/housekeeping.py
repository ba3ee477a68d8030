"""Maintenance of a table by an engine, outside of the loop."""

from __future__ import annotations

from tests.accounts.world import Accounts


def fold(accounts: Accounts, dataset: str) -> None:
    """Rewrite all files in one commit that keeps the content."""
    options = "options => map('rewrite-all', 'true')"
    accounts.spark.sql(f"CALL lake.system.rewrite_data_files(table => '{dataset}', {options})")


def expire(accounts: Accounts, dataset: str) -> None:
    """Expire all snapshots but main's head."""
    all_but_the_head = "older_than => TIMESTAMP '2100-01-01', retain_last => 1"
    accounts.spark.sql(f"CALL lake.system.expire_snapshots(table => '{dataset}', {all_but_the_head})")
