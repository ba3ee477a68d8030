"""Send an alert: always to the log, and by mail and to a webhook if the settings name them.

The mail server's password, and the address and token of the webhook, are in Airflow connections. No message of this
module contains them: an error is described by its kind, and never by a text that a server or a library made.
"""

from __future__ import annotations

import json
import logging
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException

from tidemark.operate.alerts.alert import Alert
from tidemark.settings import Settings
from tidemark.settings.addresses import running_pages
from tidemark.settings.alerts import AlertSettings, read_alerts

TIMEOUT = 10.0
"""Seconds that a webhook may take to answer."""
LOG = "log"

_LOGGER = logging.getLogger(__name__)

Channel = Callable[[Alert, str | None, AlertSettings], None]


class ChannelError(Exception):
    """A channel cannot work as it is configured. The message holds no secret."""


@dataclass(frozen=True)
class Sent:
    """The channels that took a message, and those that did not, each with the reason."""

    took: tuple[str, ...]
    failed: Mapping[str, str]

    @property
    def is_delivered(self) -> bool:
        """Whether a channel besides the log took the message, or no other channel is configured."""
        return len(self.took) > 1 or not self.failed


def send(alert: Alert, settings: Settings, is_said: bool = False) -> Sent:
    """Send an alert through every configured channel. A channel that fails is logged, and the others are used.

    `is_said` is set if the log to which the alert goes says the same already. Then it gets only subject and page.
    """
    wanted = read_alerts(settings.values)
    pages = wanted.pages or running_pages(settings)
    text = f"Tidemark, {alert.subject}\npage: {alert.facts(pages)['page']}" if is_said else alert.text(pages)
    for line in text.splitlines():
        _LOGGER.log(logging.INFO if alert.over else logging.WARNING, "%s", line)
    took, failed = [LOG], dict[str, str]()
    for name, channel in _channels(wanted).items():
        try:
            channel(alert, pages, wanted)
            took.append(name)
        except Exception as error:
            failed[name] = why(error)
            _LOGGER.error("alert not sent by %s: %s; see docs/runbooks/alerts.md", name, failed[name])
    return Sent(tuple(took), failed)


def _channels(wanted: AlertSettings) -> dict[str, Channel]:
    found: dict[str, Channel] = {}
    if wanted.mail_to:
        found["mail"] = _mail
    if wanted.webhook_connection:
        found["webhook"] = _post
    return found


def why(error: BaseException) -> str:
    """Describe an error without any text that may hold a password, a token or an address."""
    if isinstance(error, ChannelError | AirflowException):
        return str(error)
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return why(error.reason)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}: the server answered {error.smtp_code}"
    detail = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__name__}{detail and f': {detail}'}"


def _mail(alert: Alert, pages: str | None, wanted: AlertSettings) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with SmtpHook(smtp_conn_id=wanted.mail_connection) as hook:
        hook.send_email_smtp(
            to=list(wanted.mail_to),
            from_email=wanted.mail_from,
            subject=f"Tidemark, {alert.subject}",
            html_content=f"<pre>{escape(alert.text(pages))}</pre>",
        )


def _post(alert: Alert, pages: str | None, wanted: AlertSettings) -> None:
    connection = BaseHook.get_connection(wanted.webhook_connection)
    address = str(connection.host or "")
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise ChannelError(f"the host of the connection {wanted.webhook_connection} is no http or https address")
    headers = {"Content-Type": "application/json"}
    if connection.password:
        headers["Authorization"] = f"Bearer {connection.password}"
    body = json.dumps(payload(alert, pages)).encode()
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT):
        pass


def payload(alert: Alert, pages: str | None) -> dict[str, Any]:
    """Return what a webhook gets. `text` is escaped as Slack and Mattermost expect it, the other values are plain."""
    text = escape(alert.text(pages), quote=False)
    return {"text": text, "kind": alert.kind.value, "over": alert.over, **alert.facts(pages)}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: the token is meant for the configured address only."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""
