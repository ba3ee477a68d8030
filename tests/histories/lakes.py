"""One home for many histories, because a new Spark session for each would take longer than the history."""

from __future__ import annotations

import shutil

from tests.accounts.world import Accounts
from tidemark.catalog import open_lake
from tidemark.settings import Settings


def empty_lake(settings: Settings) -> Accounts:
    """Remove all tables of the home's lake, and open it."""
    catalog = open_lake(settings).catalog
    for (namespace,) in catalog.list_namespaces():
        for table in catalog.list_tables(namespace):
            catalog.drop_table(table)
    shutil.rmtree(settings.warehouse, ignore_errors=True)
    shutil.rmtree(settings.reports, ignore_errors=True)
    return Accounts(settings)
