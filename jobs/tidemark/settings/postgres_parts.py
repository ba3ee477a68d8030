"""The parts of a Postgres address: each is read, or refused by name, without showing the value of a login."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote

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


def refuse(why: str) -> NoReturn:
    """Raise SettingsError with the setting's name and the reason."""
    raise SettingsError(f"{NAME}: {why}") from None  # what a parser says may hold a part of the login


def check_form(text: str, parts: SplitResult) -> None:
    """Refuse an address that is not of the one form that both sides read. Raises SettingsError."""
    if parts.scheme not in _SCHEMES:
        refuse(f"{text.partition(':')[0][:20]!a} is no catalog that Spark and PyIceberg share; write {EXAMPLE}")
    if "#" in text:
        refuse("a # ends the address; write %23 for it")
    if parts.port == 0:
        refuse("port 0 is no port; write a number from 1 to 65535")
    if parts.path.count("/") != 1 or parts.path == "/":
        refuse(f"the address names no database, or more than one; write {EXAMPLE}")


def read_query(query: str) -> dict[str, str]:
    """The parameters after the question mark, each one known and given once."""
    if _ESCAPE.search(query):
        refuse("a % in the parameters begins no escape; write %25 for it")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=20)
    except ValueError:
        refuse("the parameters cannot be read; write ?name=value&name=value")
    for name, _ in pairs:
        if name not in (*PARAMETERS, "user", "password", "host", "hostaddr"):
            refuse(
                f"the parameter {name[:40]!a} is not one that PyIceberg and Spark both honour; leave it out. "
                f"Known parameters: {', '.join(PARAMETERS)}, user, password"
            )
        if [given for given, _ in pairs].count(name) > 1:
            refuse(f"the parameter {name} is given twice")
    return dict(pairs)


def read_host(parts: SplitResult, query: Mapping[str, str]) -> str:
    """The host: a name, an IPv4 or an IPv6 address. Java's driver reaches a server over TCP only."""
    for name in ("host", "hostaddr"):
        if name in query:
            refuse(
                f"the parameter {name} cannot be honoured by Spark; write the host before the database. A Unix socket "
                f"cannot be used: Java's driver for Postgres connects over TCP only"
            )
    host = parts.hostname or ""
    if "%2f" in host.lower() or not host:
        refuse("the address names no host. Java's driver connects over TCP only, so a Unix socket cannot be used")
    # `hostname` is in lower case, as names of hosts are compared.
    if ":" in host:
        return _read_ipv6(host)
    if len(host) > 253 or not _HOST.fullmatch(host):
        refuse("the host is neither a name nor an IP address; one host is taken, and a login before it")
    return host


def _read_ipv6(host: str) -> str:
    if "%" in host:
        refuse("an IPv6 host with a zone cannot be used by Spark")
    try:
        return str(IPv6Address(host))
    except ValueError:
        refuse("the host in brackets is no IPv6 address")


def read_login(name: str, written: str | None, query: dict[str, str]) -> str | None:
    """The user or the password, from before the host or from the parameters; taken out of the latter."""
    asked = query.pop(name, None)
    if written and asked is not None:
        refuse(f"the {name} is given twice: before the host and as a parameter")
    value = asked if asked is not None else decode(f"the {name}", written or "", empty=True)
    if "\0" in value:
        refuse(f"the {name} holds a NUL, which Postgres does not take")
    if "${" in value:
        refuse(f"the {name} holds ${{, which Spark replaces by a variable; use another {name}")
    return value or None


def decode(what: str, text: str, empty: bool = False) -> str:
    """The text of an escaped part."""
    if _ESCAPE.search(text):
        refuse(f"a % in {what} begins no escape; write %25 for it")
    try:
        value = unquote(text, errors="strict")
    except UnicodeDecodeError:
        refuse(f"{what} is not text in UTF-8")
    if not empty and (not value or not value.isprintable()):
        refuse(f"{what} is empty or holds what cannot be printed")
    return value


def check_parameter(name: str, value: str) -> str:
    """The value, if both sides read it alike."""
    fits, expected = _VALUES[name]
    if not value.isprintable() or "${" in value or not fits(value):
        refuse(f"the parameter {name}: expected {expected}")
    return value


_VALUES: dict[str, tuple[Callable[[str], bool], str]] = {
    "sslmode": (lambda value: value in _SSL_MODES, f"one of {', '.join(_SSL_MODES)}"),
    "sslrootcert": (lambda value: value.startswith("/"), "the absolute path of a PEM file; Spark reads no other form"),
    "connect_timeout": (lambda value: bool(re.fullmatch("[0-9]{1,5}", value)), "a number of seconds"),
    "application_name": (lambda value: value.isascii() and 0 < len(value) < 64, "1 to 63 ASCII characters"),
    "options": (lambda value: bool(_OPTIONS.fullmatch(value)), "`-c name=value`, several of them, or nothing"),
}
"""For each parameter: whether both drivers read a value alike, and what is expected."""
