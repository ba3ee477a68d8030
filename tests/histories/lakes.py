"""One home for many histories, because a new Spark session for each would take longer than the history."""

from __future__ import annotations

import shutil

from tests.accounts.world import Accounts
from tidemark.catalog import open_lake
from tidemark.engine.session import connect
from tidemark.settings import Settings

SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Spark settings for a few rows, where compiling a query would take longer than running it."""


def empty_lake(settings: Settings) -> Accounts:
    """Remove all tables of the home's lake, and open it."""
    catalog = open_lake(settings).catalog
    for (namespace,) in catalog.list_namespaces():
        for table in catalog.list_tables(namespace):
            catalog.drop_table(table)
    shutil.rmtree(settings.warehouse, ignore_errors=True)
    shutil.rmtree(settings.reports, ignore_errors=True)
    if settings.spark_remote:
        for key, value in SMALL.items():
            connect(settings).conf.set(key, value)
    return Accounts(settings)
