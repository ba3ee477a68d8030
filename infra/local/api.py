"""A client for the parts of Airflow's REST API v2 that hosting needs. It uses only the standard library."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from infra.local.airflow_home import password_file
from infra.local.secret import USER, password
from tidemark.errors import TidemarkError
from tidemark.settings import Settings

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Ignores the proxy settings of the shell: the API is on this machine, and a proxy could not reach it."""


class ApiError(TidemarkError):
    """Airflow's API refused a request or did not answer. `status` is the HTTP status, None without an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_temporary(self) -> bool:
        """Whether a retry may succeed: nothing answered, or the API server reported a failure of its own."""
        return self.status is None or self.status >= 500


class Client:
    """Sends requests to one Airflow, with the login of its home."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self._password = password
        self._token: str | None = None

    @classmethod
    def for_home(cls, settings: Settings, port: int) -> Client:
        """Return a client for the Airflow of a home that listens on `port` of 127.0.0.1."""
        return cls(f"http://127.0.0.1:{port}", password(password_file(settings)))

    def health(self) -> dict[str, str]:
        """Return the state of each component by name, such as `healthy`. Raises ApiError without an answer."""
        found = self._send("GET", "/api/v2/monitor/health")
        return {name: str(part["status"]) for name, part in found.items() if isinstance(part, dict)}

    def get(self, path: str, **query: Any) -> Any:
        """Send GET to a path below /api/v2 and return the parsed answer. Raises ApiError."""
        return self._authorised("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send POST to a path below /api/v2 and return the parsed answer. Raises ApiError."""
        return self._authorised("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send PATCH to a path below /api/v2 and return the parsed answer. Raises ApiError."""
        return self._authorised("PATCH", path, body)

    def _authorised(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        address = f"/api/v2/{path}" + (f"?{urllib.parse.urlencode(query, doseq=True)}" if query else "")
        try:
            return self._send(method, address, body, self._token or self.log_in())
        except ApiError as error:
            if error.status != 401:
                raise
            return self._send(method, address, body, self.log_in())

    def log_in(self) -> str:
        """Log in and return the token, which a browser would keep as the cookie `_token`. Raises ApiError."""
        answer = self._send("POST", "/auth/token", {"username": USER, "password": self._password})
        self._token = str(answer["access_token"])
        return self._token

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with _NO_PROXY.open(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")[:500]
            raise ApiError(f"Airflow refused {method} {path}: {error.code} {detail}", error.code) from error
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(
                f"Airflow does not answer at {self.url}: {error}; run make doctor to see its state"
            ) from error
        return json.loads(text) if text else None
