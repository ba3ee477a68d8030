"""Airflow's database: the Postgres of the home, or the server that TIDEMARK_AIRFLOW_DB names."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from infra.local.errors import HostError
from infra.local.sockets import sockets_folder
from tidemark.settings import Settings

VARIABLE = "TIDEMARK_AIRFLOW_DB"
NAME = "airflow"
"""Name of the database and of its owner in the home's Postgres."""
_DRIVER = "postgresql+psycopg2"


def airflow_database(settings: Settings, env: Mapping[str, str]) -> str:
    """Return the SQLAlchemy address of Airflow's database. Raises HostError if it is not a Postgres address.

    The message does not show the address, because it may contain a password.
    """
    text = env.get(VARIABLE, "")
    if not text:
        return f"{_DRIVER}://{NAME}@/{NAME}?host={quote(str(sockets_folder(settings)))}"
    return _parse(text).set(drivername=_DRIVER).render_as_string(hide_password=False)


def is_embedded(settings: Settings, address: str) -> bool:
    """Whether an address names the home's own Postgres."""
    return address == airflow_database(settings, {})


def configured_database(settings: Settings) -> str | None:
    """Return the address in the home's `airflow.cfg`, which its services use; None before the first start."""
    parser = configparser.RawConfigParser()
    parser.read(settings.airflow / "airflow.cfg", encoding="utf-8")
    text = parser.get("database", "sql_alchemy_conn", fallback=None)
    return text.replace("%%", "%") if text else None


def why_unreachable(address: str) -> str | None:
    """Return why the database accepts no connection; None if it does. The reason contains no password."""
    import psycopg2

    url = make_url(address)
    known = url.translate_connect_args(username="user", database="dbname")
    try:
        psycopg2.connect(**{"connect_timeout": 5, **known, **url.query}).close()
    except psycopg2.Error as error:
        return (str(error).strip().splitlines() or ["no answer"])[0]
    return None


def _parse(text: str) -> URL:
    example = "write it like postgresql://user:password@host:5432/airflow, or unset it to use the home's own Postgres"
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise HostError(f"{VARIABLE}: this is not the address of a database; {example}") from error
    if url.drivername not in ("postgresql", "postgres", _DRIVER):
        raise HostError(f"{VARIABLE}: {ascii(url.drivername)[:40]} is not supported; {example}")
    if not url.database or not (url.host or url.query.get("host")):
        raise HostError(f"{VARIABLE}: the server or the database is missing; {example}")
    return url
