"""Open Spark sessions. Each home has one local Connect server, which all tasks share."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from tidemark.catalog.lake import PATIENCE, POSTGRES_DEFAULTS
from tidemark.catalog.properties import CATALOG
from tidemark.engine.call_sites import remember_what_is_missing
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
"""If a call does not reach the server, the client repeats it up to RETRIES times, at most LONGEST_WAIT_MS apart."""


MOST_OPEN = 8
"""How many sessions `connect` keeps open in a process."""

_open: dict[tuple[str, tuple[tuple[str, str], ...]], SparkSession] = {}
_open_lock = Lock()
_created: list[SparkSession] = []
"""All sessions that this process has created, so that none is garbage-collected. PySpark closes a session then, and
waits for threads of which one may hold the very lock that the collecting thread holds: the process would hang."""


def connect(settings: Settings) -> SparkSession:
    """Return a session on the home's Connect server, with the home's catalog. It is kept for the process.

    Raises EngineError if no server answers and none can be started.
    """
    address, conf = ensure_server(settings), catalog_conf(settings)
    key = (address, tuple(sorted(conf.items())))
    with _open_lock:
        session = _open.pop(key, None) or open_session(address, conf)
        _open[key] = session
        if len(_open) > MOST_OPEN:
            _close(_open.pop(next(iter(_open))))
        _make_default(session)
    return session


def _make_default(session: SparkSession) -> None:
    """Let PySpark use a session where none is named, as Great Expectations does, unless it has an open one."""
    from pyspark.sql.connect.session import SparkSession

    SparkSession._set_default_and_active_session(session)


def _close(session: SparkSession) -> None:
    """Close a session, and let its server forget it, if that has not gone."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session.client.set_retry_policies([DefaultPolicy(max_retries=0)])
    with suppress(SparkConnectGrpcException):
        session.client.release_session()
    session.release_session_on_close = False
    session.stop()


def open_session(address: str, conf: Mapping[str, str]) -> SparkSession:
    """Open a new session at an address that `ensure_server` returned. Raises EngineError if the token is refused."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.sql.connect.session import SparkSession

    from tidemark.engine.channel import TokenChannelBuilder

    remember_what_is_missing()
    # Spark reads this variable to learn that it talks to a server; `SparkSession.builder.remote` sets it too.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    before = SparkSession.getActiveSession()
    builder = SparkSession.builder.channelBuilder(TokenChannelBuilder(address))
    try:
        session: SparkSession = builder.config(map=dict(conf)).create()
        _created.append(session)
    except SparkConnectGrpcException as error:
        if "authentication token" not in str(error):
            raise
        refused = SparkSession.getActiveSession()
        if refused is not None and refused is not before:
            _created.append(refused)
            refused.stop()  # otherwise PySpark would use it by default in this process
        raise EngineError(
            f"the Spark Connect server at {shown_address(address)} refuses the token. If TIDEMARK_SPARK_REMOTE names "
            f"it, write its token there (sc://host:15002/;token=...). If it is the home's own server, run make stop, "
            f"then run the session again"
        ) from None
    _limit_retries(session)
    return session


def _limit_retries(session: SparkSession) -> None:
    """Let a call to a server that has gone fail after half a minute; the client's default is ten minutes.

    At exit the client also asks the server to remove machine-learning models. There are none, and the process would
    hang if the server has gone before. So this request is unregistered.
    """
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, max_backoff=LONGEST_WAIT_MS)])
    atexit.unregister(session.client._cleanup_ml_cache)


@contextmanager
def engine_loss(dataset: str, session: str) -> Iterator[None]:
    """Translate the client's error about a lost server into an EngineError that names the remedy."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    try:
        yield
    except SparkConnectGrpcException as error:
        if "UNAVAILABLE" not in str(error):
            raise
        raise EngineError(
            f"{dataset}, session {session}: Spark's Connect server ended while the session ran; main is unchanged. "
            f"Run the session again; it starts a local server if none runs (see logs/spark-connect.log of the home)"
        ) from error


def catalog_conf(settings: Settings) -> dict[str, str]:
    """Return the Spark settings of one session: the catalog, UTC, and what Iceberg needs.

    Spark's table cache is off, because PyIceberg changes branches without Spark's knowledge.
    """
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
        # Spark writes a checksum into each page of a file. If it is not verified, a flipped bit may change a value.
        f"{key}.hadoop.parquet.page.verify-checksum.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        # A pushed-down count becomes nullable, and a write into a required column then fails to resolve.
        "spark.sql.iceberg.aggregate-push-down.enabled": "false",
        "spark.sql.pyspark.jvmStacktrace.enabled": "false",
        "spark.sql.connect.serverStacktrace.enabled": "false",
    }


def _jdbc(settings: Settings) -> tuple[str, dict[str, str]]:
    """Return the catalog's address for Java, and the properties of a connection: user, password and parameters."""
    if settings.catalog_address is not None:
        return settings.catalog_address.for_spark(POSTGRES_DEFAULTS)
    patience = PATIENCE // timedelta(milliseconds=1)
    return f"jdbc:sqlite:file:{settings.lake / 'catalog.db'}?journal_mode=WAL&busy_timeout={patience}", {}
