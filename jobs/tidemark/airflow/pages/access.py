"""Who may see the pages: every user whom Airflow lets see assets, which are our datasets.

Airflow does not protect the apps of plugins by itself. `may_see` is the same dependency that protects its own API.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.api_fastapi.app import API_ROOT_PATH
from airflow.api_fastapi.core_api.security import requires_access_asset
from fastapi import HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import RedirectResponse

may_see: Any = requires_access_asset(method="GET")
"""Raises HTTPException 401 without a valid login, and 403 if the user's role may not see assets."""


async def refuse(request: Request, error: Exception) -> Response:
    """Answer a refused request. A browser that opens a page without login is sent to Airflow's login page."""
    assert isinstance(error, HTTPException)
    opens_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if error.status_code == 401 and opens_page:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{API_ROOT_PATH}api/v2/auth/login?next={quote(path, safe='')}", status_code=303)
    return await http_exception_handler(request, error)
