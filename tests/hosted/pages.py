"""The pages inside a running Airflow: nobody sees them without a login, and with one they show the home."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

from infra.local.airflow_home import password_file
from infra.local.api import Client
from infra.local.secret import USER, password
from tidemark.settings import Settings
from tidemark.settings.addresses import PREFIX

PATHS = (
    "/",
    "/sessions",
    "/runbooks",
    "/reports/data-docs/index.html",
    "/reports/models/index.html",
    "/reports/models/rankers.html",
    "/style.css",
    "/none",
)
SECRETS = (
    "/reports/../airflow/passwords.json",
    "/reports/..%2fairflow%2fpasswords.json",
    "/reports/%2e%2e/airflow/passwords.json",
)


def problems(settings: Settings, client: Client) -> Iterator[str]:
    """Yield a sentence for each page that is shown to strangers, that is missing, or that should not be served."""
    for path in (*PATHS, *SECRETS):
        status, _ = _ask(client.url + PREFIX + path, None)
        if status != 401:
            yield f"{path} answers {status} without a login"
    token = client.log_in()
    for path in PATHS[:-1]:
        status, text = _ask(client.url + PREFIX + path, token)
        if status != 200:
            yield f"{path} answers {status}: {text[:200]}"
    status, text = _ask(f"{client.url}{PREFIX}/", token)
    if "search.interactions" not in text:
        yield "the status page does not name search.interactions"
    secret = password(password_file(settings))
    for path in SECRETS:
        status, text = _ask(client.url + PREFIX + path, token)
        if status == 200 or secret in text or USER in text:
            yield f"{path} answers {status}"


def _ask(url: str, token: str | None) -> tuple[int, str]:
    headers = {"Cookie": f"_token={token}"} if token else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
