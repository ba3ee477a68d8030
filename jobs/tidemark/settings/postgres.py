"""The address of a Postgres catalog: parsed once, rendered for PyIceberg and for Spark.

PyIceberg connects through SQLAlchemy, psycopg2 and libpq; Spark connects through Java's driver, pgjdbc. The two read
different forms of addresses, so an address is accepted only if both sides can honour every part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from tidemark.settings.postgres_parts import (
    DEFAULT_PORT,
    EXAMPLE,
    LONGEST,
    PARAMETERS,
    check_form,
    check_parameter,
    decode,
    read_host,
    read_login,
    read_query,
    refuse,
)


@dataclass(frozen=True)
class PostgresAddress:
    """One database on one TCP host. `repr` and `str` do not show the password.

    `parameters` are pairs of a name from `PARAMETERS` and its value, sorted by name. If the address names no user,
    each driver takes the user of the operating system; if it names no password, each driver looks in `~/.pgpass`.
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

        Raises:
            SettingsError: If both sides cannot honour a part of the address. The message names the part, and never
                shows a user or a password.
        """
        if len(text) > LONGEST or not text.isprintable() or " " in text:
            refuse(f"expected up to {LONGEST} printable characters without blanks, like {EXAMPLE}")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            refuse(
                f"the address cannot be read; write one like {EXAMPLE}. In the user and the password, escape / ? # [ ] "
                f"(/ as %2F and so on)"
            )
        check_form(text, parts)
        query = read_query(parts.query)
        return cls(
            host=read_host(parts, query),
            database=decode("the database", parts.path[1:]),
            port=DEFAULT_PORT if port is None else port,
            user=read_login("user", parts.username, query),
            password=read_login("password", parts.password, query),
            parameters=tuple(sorted((name, check_parameter(name, value)) for name, value in query.items())),
        )

    def __str__(self) -> str:
        return f"postgresql://{self._location}"

    def for_pyiceberg(self, defaults: Mapping[str, str] | None = None) -> str:
        """Return the URI for SQLAlchemy and psycopg2, with user and password.

        `defaults` are parameters that the address may replace.
        """
        login = "" if self.user is None else quote(self.user, safe="")
        login += "" if self.password is None else f":{quote(self.password, safe='')}"
        parameters = self._with_defaults(defaults)
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        return f"postgresql+psycopg2://{login}{'@' if login else ''}{self._location}{'?' if query else ''}{query}"

    def for_spark(self, defaults: Mapping[str, str] | None = None) -> tuple[str, dict[str, str]]:
        """Return the JDBC URL, without user and password, and the connection's properties under pgjdbc's names."""
        login = {"user": self.user, "password": self.password}
        properties = {PARAMETERS[name]: value for name, value in self._with_defaults(defaults).items()}
        properties |= {name: value for name, value in login.items() if value is not None}
        return f"jdbc:postgresql://{self._location}", properties

    def _with_defaults(self, defaults: Mapping[str, str] | None) -> dict[str, str]:
        """Return the parameters of a connection. A blank value removes a default: some poolers refuse `options`."""
        parameters = {**(defaults or {}), **dict(self.parameters)}
        return {name: value for name, value in sorted(parameters.items()) if value.strip()}

    @property
    def _location(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{quote(self.database, safe='')}"
