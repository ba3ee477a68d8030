"""The address of a Postgres catalog: parsed once, rendered for PyIceberg and for Spark.

PyIceberg connects through SQLAlchemy, psycopg2 and libpq; Spark connects through Java's driver, pgjdbc. The two take
different addresses, so an address is accepted only if both sides can honour all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from tidemark.errors import SettingsError

NAME = "TIDEMARK_CATALOG_URI"
"""The setting that holds the address; every refusal begins with it."""

EXAMPLE = "postgresql://user:password@host:5432/database"
DEFAULT_PORT = 5432
LONGEST = 2000
"""Characters of an address."""

PARAMETERS = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "connect_timeout": "connectTimeout",
    "application_name": "ApplicationName",
    "options": "options",
}
"""The parameters that both sides honour: libpq's name, and pgjdbc's name for the same thing."""

_SCHEMES = ("postgresql", "postgresql+psycopg2", "postgresql+psycopg")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OPTION = r"(-c *|--)[A-Za-z_][A-Za-z0-9_.-]*=(\\.|[^\\\s])*"
_OPTIONS = re.compile(rf" *({_OPTION}( +{_OPTION})*)? *")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class PostgresAddress:
    """One database on one TCP host. `repr` and `str` do not show the password.

    `parameters` are pairs of a name from `PARAMETERS` and its value, sorted by name. A login that the address does
    not name is looked up by each driver: the user of the operating system, and the password in `~/.pgpass`.
    """

    host: str
    database: str
    port: int = DEFAULT_PORT
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> PostgresAddress:
        """Read an address such as `postgresql://user:password@host:5432/database?sslmode=require`.

        Raises SettingsError that names the part that cannot be honoured by both sides, and shows no value of a login.
        """
        if len(text) > LONGEST or not text.isprintable() or " " in text:
            _refuse(f"expected up to {LONGEST} printable characters without blanks, like {EXAMPLE}")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            _refuse(f"the address cannot be read; write one like {EXAMPLE}, with / ? # [ ] of a login as %2F and so on")
        _check_form(text, parts)
        query = _read_query(parts.query)
        return cls(
            host=_read_host(parts, query),
            database=_decode("the database", parts.path[1:]),
            port=DEFAULT_PORT if port is None else port,
            user=_read_login("user", parts.username, query),
            password=_read_login("password", parts.password, query),
            parameters=tuple(sorted((name, _check_parameter(name, value)) for name, value in query.items())),
        )

    def __str__(self) -> str:
        return f"postgresql://{self._location}"

    def for_pyiceberg(self, defaults: Mapping[str, str] | None = None) -> str:
        """The URI for SQLAlchemy and psycopg2, login included. `defaults`: parameters that the address may replace."""
        login = "" if self.user is None else quote(self.user, safe="")
        login += "" if self.password is None else f":{quote(self.password, safe='')}"
        given = self._given(defaults)
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
        return f"postgresql+psycopg2://{login}{'@' if login else ''}{self._location}{'?' if query else ''}{query}"

    def for_spark(self, defaults: Mapping[str, str] | None = None) -> tuple[str, dict[str, str]]:
        """The JDBC URL, which holds no login, and the properties of the connection, under pgjdbc's names."""
        login = {"user": self.user, "password": self.password}
        properties = {PARAMETERS[name]: value for name, value in self._given(defaults).items()}
        properties |= {name: value for name, value in login.items() if value is not None}
        return f"jdbc:postgresql://{self._location}", properties

    def _given(self, defaults: Mapping[str, str] | None) -> dict[str, str]:
        """What a connection is given. A blank value takes a default away: some poolers allow no `options`."""
        given = {**(defaults or {}), **dict(self.parameters)}
        return {name: value for name, value in sorted(given.items()) if value.strip()}

    @property
    def _location(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{quote(self.database, safe='')}"


def _refuse(why: str) -> NoReturn:
    raise SettingsError(f"{NAME}: {why}")


def _check_form(text: str, parts: SplitResult) -> None:
    if parts.scheme not in _SCHEMES:
        _refuse(f"{text.partition(':')[0][:20]!a} is no catalog that Spark and PyIceberg share; write {EXAMPLE}")
    if "#" in text:
        _refuse("a # ends the address; write %23 for it")
    if parts.port == 0:
        _refuse("port 0 is no port; write a number from 1 to 65535")
    if parts.path.count("/") != 1 or parts.path == "/":
        _refuse(f"the address names no database, or more than one; write {EXAMPLE}")


def _read_query(query: str) -> dict[str, str]:
    """The parameters after the question mark, each one known and given once."""
    if _ESCAPE.search(query):
        _refuse("a % in the parameters begins no escape; write %25 for it")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=20)
    except ValueError:
        _refuse("the parameters cannot be read; write ?name=value&name=value")
    for name, _ in pairs:
        if name not in (*PARAMETERS, "user", "password", "host", "hostaddr"):
            _refuse(
                f"the parameter {name[:40]!a} is not one that PyIceberg and Spark both honour; leave it out. "
                f"Known parameters: {', '.join(PARAMETERS)}, user, password"
            )
        if [given for given, _ in pairs].count(name) > 1:
            _refuse(f"the parameter {name} is given twice")
    return dict(pairs)


def _read_host(parts: SplitResult, query: Mapping[str, str]) -> str:
    """The host: a name, an IPv4 or an IPv6 address. Java's driver reaches a server over TCP only."""
    for name in ("host", "hostaddr"):
        if name in query:
            _refuse(
                f"the parameter {name} cannot be honoured by Spark; write the host before the database. A Unix socket "
                f"cannot be used: Java's driver for Postgres connects over TCP only"
            )
    host = parts.hostname or ""
    if "%2f" in host.lower() or not host:
        _refuse("the address names no host. Java's driver connects over TCP only, so a Unix socket cannot be used")
    # `hostname` is in lower case, as names of hosts are compared.
    if ":" in host:
        return _read_ipv6(host)
    if len(host) > 253 or not _HOST.fullmatch(host):
        _refuse("the host is neither a name nor an IP address; one host is taken, and a login before it")
    return host


def _read_ipv6(host: str) -> str:
    if "%" in host:
        _refuse("an IPv6 host with a zone cannot be used by Spark")
    try:
        return str(IPv6Address(host))
    except ValueError:
        _refuse("the host in brackets is no IPv6 address")


def _read_login(name: str, written: str | None, query: dict[str, str]) -> str | None:
    """The user or the password, from before the host or from the parameters; taken out of the latter."""
    asked = query.pop(name, None)
    if written and asked is not None:
        _refuse(f"the {name} is given twice: before the host and as a parameter")
    value = asked if asked is not None else _decode(f"the {name}", written or "", empty=True)
    if "\0" in value:
        _refuse(f"the {name} holds a NUL, which Postgres does not take")
    if "${" in value:
        _refuse(f"the {name} holds ${{, which Spark replaces by a variable; use another {name}")
    return value or None


def _decode(what: str, text: str, empty: bool = False) -> str:
    """The text of an escaped part."""
    if _ESCAPE.search(text):
        _refuse(f"a % in {what} begins no escape; write %25 for it")
    try:
        value = unquote(text, errors="strict")
    except UnicodeDecodeError:
        _refuse(f"{what} is not text in UTF-8")
    if not empty and (not value or not value.isprintable()):
        _refuse(f"{what} is empty or holds what cannot be printed")
    return value


def _check_parameter(name: str, value: str) -> str:
    """The value, if both sides read it alike."""
    fits, expected = _VALUES[name]
    if not value.isprintable() or "${" in value or not fits(value):
        _refuse(f"the parameter {name}: expected {expected}")
    return value


_VALUES: dict[str, tuple[Callable[[str], bool], str]] = {
    "sslmode": (lambda value: value in _SSL_MODES, f"one of {', '.join(_SSL_MODES)}"),
    "sslrootcert": (lambda value: value.startswith("/"), "the absolute path of a PEM file; Spark reads no other form"),
    "connect_timeout": (lambda value: bool(re.fullmatch("[0-9]{1,5}", value)), "a number of seconds"),
    "application_name": (lambda value: value.isascii() and 0 < len(value) < 64, "1 to 63 ASCII characters"),
    "options": (lambda value: bool(_OPTIONS.fullmatch(value)), "`-c name=value`, several of them, or nothing"),
}
"""For each parameter: whether both drivers read a value alike, and what is expected."""
