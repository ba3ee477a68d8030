"""Read the parts of a Postgres address. A refusal names the part and never shows a user or a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote

from tidemark.errors import SettingsError

NAME = "TIDEMARK_CATALOG_URI"
"""The environment variable that holds the address. Every refusal begins with it."""

EXAMPLE = "postgresql://user:password@host:5432/database"
DEFAULT_PORT = 5432
LONGEST = 2000
"""The most characters of an address."""

PARAMETERS = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "connect_timeout": "connectTimeout",
    "application_name": "ApplicationName",
    "options": "options",
}
"""The parameters that both sides honour: libpq's name, and pgjdbc's name for the same parameter."""

_SCHEMES = ("postgresql", "postgresql+psycopg2", "postgresql+psycopg")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OPTION = r"(-c *|--)[A-Za-z_][A-Za-z0-9_.-]*=(\\.|[^\\\s])*"
_OPTIONS = re.compile(rf" *({_OPTION}( +{_OPTION})*)? *")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def refuse(why: str) -> NoReturn:
    """Raise SettingsError with the setting's name and the reason."""
    raise SettingsError(f"{NAME}: {why}") from None  # a parser's own message may contain a part of the login


def check_form(text: str, parts: SplitResult) -> None:
    """Check that the address has the form that both sides read. Raises SettingsError."""
    if parts.scheme not in _SCHEMES:
        refuse(f"{text.partition(':')[0][:20]!a} is not a catalog that Spark and PyIceberg share; write {EXAMPLE}")
    if "#" in text:
        refuse("a # would end the address; write %23 instead")
    if parts.port == 0:
        refuse("port 0 is not allowed; write a number from 1 to 65535")
    if parts.path.count("/") != 1 or parts.path == "/":
        refuse(f"the address must name exactly one database; write {EXAMPLE}")


def read_query(query: str) -> dict[str, str]:
    """Return the parameters after the question mark. Raises SettingsError if one is unknown or repeated."""
    if _ESCAPE.search(query):
        refuse("the parameters hold a % that begins no escape; write %25 instead")
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
    """Return the host: a name, an IPv4 or an IPv6 address. Raises SettingsError for anything else.

    Java's driver connects over TCP only, so the host cannot be a Unix socket.
    """
    for name in ("host", "hostaddr"):
        if name in query:
            refuse(
                f"Spark cannot honour the parameter {name}; write the host before the database. A Unix socket "
                f"cannot be used: Java's driver for Postgres connects over TCP only"
            )
    host = parts.hostname or ""
    if "%2f" in host.lower() or not host:
        refuse("the address names no host. Java's driver connects over TCP only, so a Unix socket cannot be used")
    # `hostname` is in lower case; host names are compared without regard to case.
    if ":" in host:
        return _read_ipv6(host)
    if len(host) > 253 or not _HOST.fullmatch(host):
        refuse("the host is neither a name nor an IP address; write one host, with user and password before it")
    return host


def _read_ipv6(host: str) -> str:
    if "%" in host:
        refuse("Spark cannot use an IPv6 host with a zone")
    try:
        return str(IPv6Address(host))
    except ValueError:
        refuse("the host in brackets is not an IPv6 address")


def read_login(name: str, written: str | None, query: dict[str, str]) -> str | None:
    """Return the user or the password; None if the address names none.

    `written` is the part before the host. If the parameters name the user or the password instead, it is removed from
    `query`.
    """
    parameter = query.pop(name, None)
    if written and parameter is not None:
        refuse(f"the {name} is given twice: before the host and as a parameter")
    value = parameter if parameter is not None else decode(f"the {name}", written or "", empty=True)
    if "\0" in value:
        refuse(f"the {name} contains a NUL, which Postgres does not accept")
    if "${" in value:
        refuse(f"the {name} contains ${{, which Spark replaces by a variable; use another {name}")
    return value or None


def decode(part: str, text: str, empty: bool = False) -> str:
    """Return the text of an escaped part. `part` names it in a refusal; `empty` allows an empty text."""
    if _ESCAPE.search(text):
        refuse(f"{part} holds a % that begins no escape; write %25 instead")
    try:
        value = unquote(text, errors="strict")
    except UnicodeDecodeError:
        refuse(f"{part} is not text in UTF-8")
    if not empty and (not value or not value.isprintable()):
        refuse(f"{part} is empty or contains a character that cannot be printed")
    return value


def check_parameter(name: str, value: str) -> str:
    """Return the value if both sides read it alike. Raises SettingsError otherwise."""
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
"""For each parameter: the test whether both drivers read a value alike, and what a refusal says is expected."""
