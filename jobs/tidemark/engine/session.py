"""The only door to Spark: one local Connect server a home, started when first needed, shared by all tasks."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from tidemark.catalog.lake import PATIENCE, POSTGRES_DEFAULTS
from tidemark.catalog.properties import CATALOG
from tidemark.engine.connect_server import ensure_server, running_server, shown_address, stop_server
from tidemark.engine.server_command import find_jars, java_home
from tidemark.errors import EngineError
from tidemark.settings import Settings
from tidemark.support.paths import to_location

__all__ = [
    "catalog_conf",
    "connect",
    "engine_loss",
    "ensure_server",
    "find_jars",
    "java_home",
    "open_session",
    "running_server",
    "shown_address",
    "stop_server",
]

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


RETRIES = 10
LONGEST_WAIT_MS = 5000
"""So often, and so far apart at most, a call is repeated that did not reach the server."""


def connect(settings: Settings) -> SparkSession:
    """A session on the home's Connect server, with the home's catalog; cached for the process.

    Raises EngineError when no server answers and none can be started.
    """
    return _session(ensure_server(settings), tuple(sorted(catalog_conf(settings).items())))


@lru_cache(maxsize=8)
def _session(address: str, conf: tuple[tuple[str, str], ...]) -> SparkSession:
    return open_session(address, dict(conf))


def open_session(address: str, conf: Mapping[str, str]) -> SparkSession:
    """A new session on a Connect server, as `ensure_server` names it. Raises EngineError if its token is refused."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.sql.connect.session import SparkSession

    from tidemark.engine.channel import TokenChannelBuilder

    # Spark's own functions look here for whether they speak to a server; `SparkSession.builder.remote` sets it too.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    builder = SparkSession.builder.channelBuilder(TokenChannelBuilder(address))
    try:
        session: SparkSession = builder.config(map=dict(conf)).create()
    except SparkConnectGrpcException as error:
        if "authentication token" not in str(error):
            raise
        raise EngineError(
            f"the Spark Connect server at {shown_address(address)} refuses the token. For the server of "
            f"TIDEMARK_SPARK_REMOTE, write ;token=... at its end; for a home's own server, make stop and run again"
        ) from None
    _do_not_wait_for_the_dead(session)
    return session


def _do_not_wait_for_the_dead(session: SparkSession) -> None:
    """A server that is gone fails the task in half a minute, where the client would go on for ten.

    The client also asks the server at exit to forget machine-learning models; there are none, and a process
    would hang in it when its server has gone before.
    """
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, max_backoff=LONGEST_WAIT_MS)])
    atexit.unregister(session.client._cleanup_ml_cache)


@contextmanager
def engine_loss(dataset: str, session: str) -> Iterator[None]:
    """What the client raises where the server went away becomes an EngineError with the remedy."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    try:
        yield
    except SparkConnectGrpcException as error:
        if "UNAVAILABLE" not in str(error):
            raise
        raise EngineError(
            f"{dataset}, session {session}: Spark's Connect server went away while the session ran; main is unchanged. "
            f"Run it again: a local server is started anew (its log: logs/spark-connect.log of the home)"
        ) from error


def catalog_conf(settings: Settings) -> dict[str, str]:
    """Spark settings of one session: the catalog, UTC, ANSI. No table cache: refs move behind Spark's back."""
    key = f"spark.sql.catalog.{CATALOG}"
    uri, properties = _jdbc(settings)
    return {
        key: "org.apache.iceberg.spark.SparkCatalog",
        f"{key}.type": "jdbc",
        f"{key}.uri": uri,
        **{f"{key}.jdbc.{name}": value for name, value in properties.items()},
        f"{key}.jdbc.schema-version": "V1",
        f"{key}.warehouse": to_location(settings.warehouse),
        f"{key}.cache-enabled": "false",
        f"{key}.clients": "1",
        # Spark writes a checksum into each page of a file; without this a flipped bit may pass as another value.
        f"{key}.hadoop.parquet.page.verify-checksum.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        # A pushed-down count turns nullable, and a write into a required column then fails to resolve.
        "spark.sql.iceberg.aggregate-push-down.enabled": "false",
        "spark.sql.pyspark.jvmStacktrace.enabled": "false",
        "spark.sql.connect.serverStacktrace.enabled": "false",
    }


def _jdbc(settings: Settings) -> tuple[str, dict[str, str]]:
    """The catalog's address for Java, and the properties of a connection: login and parameters."""
    if settings.catalog_address is not None:
        return settings.catalog_address.for_spark(POSTGRES_DEFAULTS)
    patience = PATIENCE // timedelta(milliseconds=1)
    return f"jdbc:sqlite:file:{settings.lake / 'catalog.db'}?journal_mode=WAL&busy_timeout={patience}", {}
