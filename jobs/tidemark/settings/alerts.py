"""The block `alerts` of the settings: who is told, and through which connections. It holds no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemark.errors import SettingsError
from tidemark.settings.file import LARGEST, parse_settings, read_settings, shown, unknown_key

KEYS = ("mail_to", "mail_from", "mail_connection", "webhook_connection", "pages")

_ADDRESS = re.compile(r"[^\s@,;<>\"]{1,64}@[A-Za-z0-9.-]{1,255}")
_CONNECTION = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_PAGES = re.compile(r"https?://[!-~]{1,300}/")


@dataclass(frozen=True)
class AlertSettings:
    """Where alerts go. Without addresses there is no mail, and without a webhook connection no webhook.

    The connections are Airflow's: of a mail server, and of the address to which alerts are posted. `pages` is the
    address of the pages for readers on other machines.
    """

    mail_to: tuple[str, ...] = ()
    mail_from: str | None = None
    mail_connection: str = "smtp_default"
    webhook_connection: str | None = None
    pages: str | None = None


def read_alerts(values: Mapping[str, Any]) -> AlertSettings:
    """Return the block `alerts` of checked values."""
    given = {key: value for key, value in (values.get("alerts") or {}).items() if value is not None}
    return AlertSettings(**{**given, "mail_to": tuple(given.get("mail_to", ()))})


def alerts_alone(path: Path) -> dict[str, Any]:
    """Return the block `alerts` of a file whose other blocks may be wrong; an empty dict if that is wrong, too.

    If the file is no YAML, the block is read from its lines: from `alerts:` to the next line that is not indented.
    """
    try:
        values = _alerts_of(path)
        check_alerts(values, path)
    except (SettingsError, OSError, UnicodeDecodeError):
        return {}
    return values


def _alerts_of(path: Path) -> dict[str, Any]:
    try:
        found = read_settings(path)
    except SettingsError:
        with path.open(encoding="utf-8") as stream:
            found = parse_settings(_block(stream.read(LARGEST)), path)
    return {"alerts": found["alerts"]} if found.get("alerts") else {}


def _block(text: str) -> str:
    found = re.search(r"^alerts:.*\n?(?:(?:[ \t].*|#.*)?(?:\n|$))*", text, re.MULTILINE)
    return found[0] if found else ""


def check_alerts(values: Mapping[str, Any], path: Path) -> None:
    """Check the block `alerts`, which the loop itself reads. Raises SettingsError. `path` is the file of the values."""
    alerts = values.get("alerts") or {}
    if not isinstance(alerts, dict):
        raise SettingsError(f"{path}: alerts is not a block of keys; write for example alerts: {{mail_to: [a@b.org]}}")
    for key, value in alerts.items():
        if key not in KEYS:
            raise SettingsError(f"{path}: {unknown_key(key, KEYS, 'alerts')}")
        if value is not None:
            _check(key, value, path)


def _check(key: str, value: Any, path: Path) -> None:
    if key == "mail_to" and not isinstance(value, list):
        raise SettingsError(f"{path}: alerts.mail_to is {shown(value)}; write a list of addresses, such as [a@b.org]")
    pattern, remedy = _RULES[key]
    for each in value if key == "mail_to" else [value]:
        if not isinstance(each, str) or not pattern.fullmatch(each):
            raise SettingsError(f"{path}: alerts.{key} is {shown(each)}; write {remedy}")


_RULES = {
    "mail_to": (_ADDRESS, "addresses such as on-call@example.org"),
    "mail_from": (_ADDRESS, "an address such as tidemark@example.org"),
    "mail_connection": (_CONNECTION, "the id of an Airflow connection, such as smtp_default"),
    "webhook_connection": (_CONNECTION, "the id of an Airflow connection, such as tidemark_webhook"),
    "pages": (_PAGES, "an address that ends with /, such as https://airflow.example.org/tidemark/"),
}
