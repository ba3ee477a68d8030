"""Alerts over real sockets: a mail server and a webhook on this machine."""

from __future__ import annotations

import email
import logging
import socket
import subprocess
import sys
from email.message import Message
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.alerts.conftest import (
    MAIL_PASSWORD,
    WEBHOOK_SECRET,
    WEBHOOK_TOKEN,
    Connect,
    mail_connection,
    settings_with,
    webhook_connection,
)
from tests.alerts.receivers import Received, mail_server, webhook
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.settings import Settings

pytestmark = pytest.mark.dags

PAGES = "https://airflow.example.org/tidemark/"
ALERT = Alert(Kind.audit_failed, "search.interactions", "37 rows", "make doctor", "sessions/s-1")
HOSTILE = Alert(
    Kind.failed,
    "search.a\r\nBcc: thief@example.org\r\n\r\nhello",
    "<script>alert('1 & 2')</script> <!channel> {{ dag.dag_id }}\r\n.\r\nRCPT TO:<thief@example.org>",
    "go\nnow",
)


def send(alert: Alert, settings: Settings) -> object:
    from tidemark.airflow.alerting import channels

    return channels.send(alert, settings)


def mail_in(received: Received) -> tuple[Message, str]:
    """Return the only mail and its text as a reader sees it."""
    assert len(received.mails) == 1
    mail = email.message_from_string(received.mails[0])
    parts = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    assert len(parts) == 1
    payload = parts[0].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return mail, payload.decode()


def test_a_mail_and_a_post_say_where_what_and_what_next(
    mails: Received, posts: Received, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_with(
        tmp_path, mail_to=["a@example.org", "b@example.org"], webhook_connection="tidemark_webhook", pages=PAGES
    )
    with caplog.at_level(logging.INFO):
        sent = send(ALERT, settings)
    mail, html = mail_in(mails)
    text = ALERT.text(PAGES)

    assert mail["Subject"] == "Tidemark, audit failed: search.interactions"
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail["From"] == "tidemark@example.org"
    assert len(mails.recipients) == 2 and len(mails.logins) == 1
    assert unescape(html) == f"<pre>{text}</pre>"
    ((headers, post),) = posts.posts
    assert headers["Authorization"] == f"Bearer {WEBHOOK_TOKEN}"
    assert post["text"] == text
    assert {key: post[key] for key in ("kind", "where", "what", "next", "page", "over")} == {
        "kind": "audit failed",
        "where": "search.interactions",
        "what": "37 rows",
        "next": "make doctor",
        "page": f"{PAGES}sessions/s-1",
        "over": False,
    }
    assert text.splitlines() == [record.getMessage() for record in caplog.records if "alerting" in record.name]
    assert sent.took == ("log", "mail", "webhook")  # type: ignore[attr-defined]


def test_nothing_in_a_message_becomes_a_header_a_recipient_or_html(
    both: Settings, mails: Received, posts: Received
) -> None:
    send(HOSTILE, both)
    mail, html = mail_in(mails)

    assert mail["Bcc"] is None
    assert "\\r\\nBcc: thief" in str(mail["Subject"]) and "\n" not in str(mail["Subject"])
    assert mails.recipients == ["RCPT TO:<on-call@example.org>"] or len(mails.recipients) == 1
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "{{ dag.dag_id }}" in html
    ((_, post),) = posts.posts
    assert "&lt;!channel&gt;" in post["text"] and "<" not in post["text"]
    assert "\n" not in post["where"] and "\n" not in post["next"]


def test_without_settings_only_the_log_is_used(
    mails: Received, posts: Received, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sent = send(ALERT, settings_with(tmp_path))
    assert sent.took == ("log",) and sent.is_delivered  # type: ignore[attr-defined]
    assert (mails.mails, posts.posts) == ([], [])
    assert "what     37 rows" in caplog.text


def test_a_channel_that_fails_is_logged_and_the_other_one_is_used(
    connect: Connect, posts: Received, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connect("smtp_default", mail_connection(_closed_port()))
    sent = send(ALERT, settings_with(tmp_path, mail_to=["a@b.org"], webhook_connection="tidemark_webhook"))
    assert sent.took == ("log", "webhook") and sent.is_delivered  # type: ignore[attr-defined]
    assert "alert not sent by mail: ConnectionRefusedError: Connection refused" in caplog.text
    assert len(posts.posts) == 1


def test_an_alert_that_no_channel_took_is_not_delivered(connect: Connect, tmp_path: Path) -> None:
    connect("smtp_default", mail_connection(_closed_port()))
    sent = send(ALERT, settings_with(tmp_path, mail_to=["a@b.org"]))
    assert not sent.is_delivered  # type: ignore[attr-defined]


def test_no_secret_is_in_a_log_or_an_error(connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_with(tmp_path, mail_to=["a@b.org"], webhook_connection="tidemark_webhook")
    failures: list[str] = []
    with caplog.at_level(logging.DEBUG), mail_server(refuses_login=True) as mail, webhook(500) as hook:
        connect("smtp_default", mail_connection(mail.port))
        for connection in (
            webhook_connection(hook.port),
            webhook_connection(_closed_port()),
            webhook_connection(hook.port, scheme="file"),
            webhook_connection(hook.port) | {"host": f"http://[{WEBHOOK_SECRET}"},
            webhook_connection(hook.port) | {"password": f"{WEBHOOK_TOKEN}\r\nX-Other: 1"},
        ):
            connect("tidemark_webhook", connection)
            failures += send(ALERT, settings).failed.values()  # type: ignore[attr-defined]
        connect("tidemark_webhook", {"conn_type": "http", "host": f"http://{WEBHOOK_SECRET}.invalid/x"})
        failures += send(ALERT, settings).failed.values()  # type: ignore[attr-defined]

    assert len(failures) == 12
    everything = caplog.text + "".join(failures)
    for secret in (MAIL_PASSWORD, WEBHOOK_TOKEN, WEBHOOK_SECRET):
        assert secret not in everything
    assert "SMTPAuthenticationError: the server answered 535" in failures
    assert "the server answered 500" in failures
    assert "the host of the connection tidemark_webhook is no http or https address" in failures


def test_a_redirect_is_not_followed(connect: Connect, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, webhook_connection="tidemark_webhook")
    with webhook() as other, webhook(307, f"http://127.0.0.1:{other.port}/elsewhere") as moved:
        connect("tidemark_webhook", webhook_connection(moved.port))
        sent = send(ALERT, settings)
        assert sent.failed == {"webhook": "the server answered 307"}  # type: ignore[attr-defined]
        assert (len(moved.posts), other.posts) == (1, [])


def test_a_webhook_that_does_not_answer_is_given_up(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidemark.airflow.alerting.channels.TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connect("tidemark_webhook", webhook_connection(silent.getsockname()[1]))
        sent = send(ALERT, settings_with(tmp_path, webhook_connection="tidemark_webhook"))
    assert sent.failed == {"webhook": "TimeoutError"}  # type: ignore[attr-defined]


def test_a_connection_that_is_missing_is_named(connect: Connect, tmp_path: Path) -> None:
    sent = send(ALERT, settings_with(tmp_path, mail_to=["a@b.org"], webhook_connection="nowhere"))
    assert "nowhere" in sent.failed["webhook"]  # type: ignore[attr-defined]
    assert "not found" in sent.failed["mail"]  # type: ignore[attr-defined]


@pytest.mark.services
def test_the_command_tries_the_channels(both: Settings, mails: Received, posts: Received, tmp_path: Path) -> None:
    (tmp_path / "search.yaml").write_text(
        "alerts: {mail_to: [on-call@example.org], webhook_connection: tidemark_webhook}\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tidemark", "alerts", "test"],
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-3:]) == (0, ["log: sent", "mail: sent", "webhook: sent"])
    assert len(mails.mails) == len(posts.posts) == 1


def _environment(home: Path) -> dict[str, str]:
    import os

    return {**os.environ, "TIDEMARK_HOME": str(home), "AIRFLOW_HOME": str(home / "airflow")}


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_wait_that_reached_its_deadline_is_told_and_never_fails(
    posts: Received, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tidemark.airflow.alerting.waits import tell_went_on

    (tmp_path / "search.yaml").write_text("alerts: {webhook_connection: tidemark_webhook}\n", encoding="utf-8")
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    task = SimpleNamespace(dag_id="train_ranker", run_id="scheduled__1", task_id="wait_for_examples")
    tell_went_on({"ti": task}, "the examples are complete through noon")
    ((_, post),) = posts.posts
    assert (post["kind"], post["what"]) == ("went on without an input", "the examples are complete through noon")
    assert post["where"] == "train_ranker, run scheduled__1, task wait_for_examples"

    monkeypatch.setenv("TIDEMARK_SPARK_PORT", "none")
    tell_went_on({"ti": task}, "the examples are complete through noon")
    assert "the alert could not be sent: SettingsError" in caplog.text


def test_a_log_that_says_it_already_gets_the_subject_and_the_page_only(
    both: Settings, mails: Received, caplog: pytest.LogCaptureFixture
) -> None:
    from tidemark.airflow.alerting import channels

    channels.send(ALERT, both, is_said=True)
    assert caplog.messages == [
        "Tidemark, audit failed: search.interactions",
        "page: none: Airflow of this home does not run",
    ]
    assert "37 rows" in mail_in(mails)[1]
