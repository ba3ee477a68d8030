"""The address of a Postgres catalog: both sides get the same, and a part that one cannot honour is refused by name."""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import sql
from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from tidemark.catalog import open_lake
from tidemark.catalog.lake import catalog_properties
from tidemark.engine.session import catalog_conf, connect
from tidemark.errors import SettingsError
from tidemark.settings import PostgresAddress, Settings, load_settings
from tidemark.settings.postgres_parts import DEFAULT_PORT, PARAMETERS

ADDRESS = "postgresql+psycopg2://user:p%40ss@host:5432/lake"
SECRET = "s3cret"

NAMES = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30).filter(
    lambda text: "${" not in text
)
PRINTABLE = TEXTS.filter(str.isprintable)
HOSTS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=3).map(".".join), st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str)
)
VALUES = {
    "sslmode": st.sampled_from(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
    "sslrootcert": PRINTABLE.map(lambda text: f"/{text}"),
    "connect_timeout": st.integers(0, 99999).map(str),
    "application_name": NAMES,
    "options": st.lists(NAMES.map(lambda name: f"-c a.{name}={name}"), max_size=3).map(" ".join),
}


def settings(address: str) -> Settings:
    return Settings(home=Path("/home"), schemas=Path("schemas"), catalog_address=PostgresAddress.parse(address))


def jdbc(conf: dict[str, str]) -> dict[str, str]:
    """Return the properties of a connection as Iceberg passes them to Java's driver."""
    key = "spark.sql.catalog.lake.jdbc."
    return {name.removeprefix(key): value for name, value in conf.items() if name.startswith(key)}


def write(host: str, port: int | None, database: str, login: tuple[str, str], parameters: dict[str, str]) -> str:
    user, password = (quote(part, safe="") for part in login)
    at = f"[{host}]" if ":" in host else host
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"postgresql://{user}:{password}@{at}{'' if port is None else f':{port}'}/{quote(database, safe='')}?{query}"


@given(
    host=HOSTS,
    port=st.none() | st.integers(1, 65535),
    database=PRINTABLE,
    login=st.tuples(TEXTS, TEXTS),
    parameters=st.fixed_dictionaries({}, optional=VALUES),
)
def test_both_sides_are_given_what_the_address_says(
    host: str, port: int | None, database: str, login: tuple[str, str], parameters: dict[str, str]
) -> None:
    address = PostgresAddress.parse(write(host, port, database, login, parameters))
    said = {name: value for name, value in parameters.items() if value.strip()}

    url = make_url(address.for_pyiceberg())
    assert url.drivername == "postgresql+psycopg2"
    assert (url.username, url.password, url.database) == (*login, database)
    assert (url.host, url.port) == (address.host, port or DEFAULT_PORT)
    assert dict(url.query) == said

    uri, properties = address.for_spark()
    at = f"[{address.host}]" if ":" in address.host else address.host
    assert uri == f"jdbc:postgresql://{at}:{port or DEFAULT_PORT}/{quote(database, safe='')}"
    logged_in = {"user": login[0], "password": login[1]}
    assert properties == logged_in | {PARAMETERS[name]: value for name, value in said.items()}


@given(login=st.tuples(TEXTS, TEXTS), host=HOSTS)
def test_what_is_rendered_for_pyiceberg_is_read_back_as_the_same_address(login: tuple[str, str], host: str) -> None:
    address = PostgresAddress.parse(write(host, None, "lake", login, {"sslmode": "require"}))
    assert PostgresAddress.parse(address.for_pyiceberg()) == address


@given(user=TEXTS, password=st.text(string.ascii_letters, min_size=12, max_size=30).map(lambda text: f"{SECRET}{text}"))
def test_a_login_among_the_parameters_is_one_before_the_host(user: str, password: str) -> None:
    query = f"user={quote(user, safe='')}&password={password}"
    address = PostgresAddress.parse(f"postgresql://host/lake?{query}")
    assert address == PostgresAddress("host", "lake", user=user, password=password)
    assert SECRET not in f"{address} {address!r} {settings(f'postgresql://host/lake?{query}')!r}"


@given(text=st.text(max_size=60).map(lambda tail: f"postgresql://ada:{SECRET}@{tail}"))
def test_any_text_is_an_address_or_refused_without_the_password(text: str) -> None:
    try:
        address = PostgresAddress.parse(text)
    except SettingsError as error:
        assert str(error).startswith("TIDEMARK_CATALOG_URI: ")
        assert SECRET not in str(error)
        assert error.__context__ is None or error.__suppress_context__, "a traceback would show it"
    else:
        assert SECRET not in f"{address} {address!r}"


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("", "-c lock_timeout=30000"),
        ("?options=-c%20lock_timeout%3D5", "-c lock_timeout=5"),
        ("?options=--search_path%3Dlake%20-c%20lock_timeout%3D5", "--search_path=lake -c lock_timeout=5"),
        ("?options=%20", None),
        ("?options=", None),
    ],
)
def test_a_postgres_catalog_is_waited_for_but_not_forever(said: str, options: str | None) -> None:
    settings_of_lake = settings(ADDRESS + said)
    assert make_url(catalog_properties(settings_of_lake)["uri"]).query.get("options") == options
    assert jdbc(catalog_conf(settings_of_lake)).get("options") == options


def test_each_parameter_reaches_spark_under_the_name_of_its_driver() -> None:
    said = "?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=7&application_name=tide"
    conf = catalog_conf(settings(ADDRESS + said))
    assert conf["spark.sql.catalog.lake.uri"] == "jdbc:postgresql://host:5432/lake"
    assert jdbc(conf) == {
        "user": "user",
        "password": "p@ss",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "connectTimeout": "7",
        "ApplicationName": "tide",
        "options": "-c lock_timeout=30000",
        "schema-version": "V1",
    }


REFUSED = {
    "nonsense": "is not a catalog that Spark and PyIceberg share",
    "mysql://host/lake": "is not a catalog that Spark and PyIceberg share",
    "postgresql://host:x/lake": "cannot be read",
    "postgresql://host:0/lake": "port 0 is not allowed",
    "postgresql://host:65536/lake": "cannot be read",
    "postgresql://ada:s3cret/@host/lake": "cannot be read",
    "postgresql://ada:s3cret%zz@host/lake": "the password holds a % that begins no escape",
    "postgresql://ada:s3cret%00@host/lake": "the password contains a NUL",
    "postgresql://ada:s3cret%ff@host/lake": "the password is not text in UTF-8",
    "postgresql://ada:s3cret%24%7Benv:HOME%7D@host/lake": "the password contains ${, which Spark replaces",
    "postgresql://host/lake#s3cret": "a # would end the address",
    "postgresql://host/": "must name exactly one database",
    "postgresql://host/a/b": "must name exactly one database",
    "postgresql://one,two/lake": "write one host",
    "postgresql://[::1%25eth0]/lake": "an IPv6 host with a zone",
    "postgresql:///lake": "a Unix socket cannot be used",
    "postgresql://ada:s3cret@/lake": "a Unix socket cannot be used",
    "postgresql://%2Fvar%2Frun%2Fpostgresql/lake": "a Unix socket cannot be used",
    "postgresql:///lake?host=/var/run/postgresql": "Spark cannot honour the parameter host;",
    "postgresql://host/lake?hostaddr=10.0.0.1": "Spark cannot honour the parameter hostaddr",
    "postgresql://host/lake?sslkey=/etc/key.pem": "the parameter 'sslkey' is not one that PyIceberg and Spark",
    "postgresql://host/lake?target_session_attrs=any": "the parameter 'target_session_attrs' is not one",
    "postgresql://host/lake?sslmode=require&sslmode=disable": "the parameter sslmode is given twice",
    "postgresql://ada:s3cret@host/lake?password=s3cret": "the password is given twice",
    "postgresql://host/lake?sslmode=REQUIRE": "the parameter sslmode: expected one of disable, allow",
    "postgresql://host/lake?sslrootcert=system": "the parameter sslrootcert: expected the absolute path",
    "postgresql://host/lake?sslrootcert=ca.pem": "the parameter sslrootcert: expected the absolute path",
    "postgresql://host/lake?connect_timeout=1.5": "the parameter connect_timeout: expected a number of seconds",
    "postgresql://host/lake?options=-c%20x": "the parameter options: expected",
    "postgresql://host/lake?options=" + "--a=--a%3D" * 150 + "%01": "the parameter options: expected",
    "postgresql://host/lake?sslmode": "the parameters cannot be read",
}


@pytest.mark.parametrize(("address", "words"), REFUSED.items())
def test_what_one_side_cannot_honour_is_refused_by_name(address: str, words: str) -> None:
    with pytest.raises(SettingsError, match=r"^TIDEMARK_CATALOG_URI: ") as refused:
        load_settings({"TIDEMARK_CATALOG_URI": address})
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


ODD_LOGINS = [
    ("a da", "p@ss:w/o?r#d&=+%41;' \"\\"),
    ('"quoted"', "$HOME {env} ü []|<>~"),
]


@pytest.mark.spark
@pytest.mark.parametrize("login", ODD_LOGINS)
def test_an_odd_login_opens_one_catalog_from_both_sides(
    tmp_path: Path, spark_remote: str, postgres: Callable[[], str], login: tuple[str, str]
) -> None:
    server = PostgresAddress.parse(postgres())
    _make_role(server, *login)
    written = write(server.host, server.port, f"ü of {login[0]}", login, {"sslmode": "prefer"})
    lake = Settings(
        home=tmp_path, schemas=tmp_path, spark_remote=spark_remote, catalog_address=PostgresAddress.parse(written)
    )
    catalog = open_lake(lake).catalog
    catalog.create_namespace_if_not_exists("odd")
    catalog.create_table_if_not_exists("odd.logins", pa.schema([pa.field("n", pa.int64())]))
    connect(lake).sql("INSERT INTO lake.odd.logins VALUES (1)")
    assert catalog.load_table("odd.logins").scan().to_arrow().to_pylist() == [{"n": 1}]
    login_as = connect(lake).conf.get("spark.sql.catalog.lake.jdbc.user")
    assert login_as == login[0], "and not as the owner of the server"


def _make_role(server: PostgresAddress, user: str, password: str) -> None:
    """Create a role with that name and password, and a database for it."""
    connection = psycopg2.connect(server.for_pyiceberg().replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(user), sql.Literal(password)))
        database, owner = sql.Identifier(f"ü of {user}"), sql.Identifier(user)
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    connection.close()


@pytest.mark.parametrize(("says", "opens"), [("table iceberg_tables already exists", True), ("disk I/O error", False)])
def test_a_new_catalog_that_another_process_creates_at_the_same_instant_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, opens: bool
) -> None:
    """The other process is first between this one's look for the catalog's tables and their creation."""
    create = SqlCatalog.create_tables

    def too_late(catalog: SqlCatalog) -> None:
        create(catalog)
        raise OperationalError("CREATE TABLE iceberg_tables", {}, sqlite3.OperationalError(says))

    monkeypatch.setattr(SqlCatalog, "create_tables", too_late)
    if opens:
        assert open_lake(load_settings({"TIDEMARK_HOME": str(tmp_path)})).catalog.list_namespaces() == []
    else:
        with pytest.raises(OperationalError, match="disk I/O error"):
            open_lake(load_settings({"TIDEMARK_HOME": str(tmp_path)}))
