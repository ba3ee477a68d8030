"""The pages as Airflow's plugin interface takes them.

Every Airflow process loads plugins, but only the API server answers requests. So the app, and all that it imports, is
loaded at its first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from tidemark.settings.addresses import PREFIX

STATUS_VIEW: Final[dict[str, Any]] = {
    "name": "Tidemark",
    "href": f"{PREFIX[1:]}/",  # relative, so that it also holds if Airflow is served below a path
    "destination": "nav",
    "url_route": "tidemark",
    "nav_top_level": True,
}
"""The entry in Airflow's navigation that shows the status page in a frame of the UI. Without a route, Airflow 3 draws a
button that opens nothing."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Pages:
    """An ASGI app that loads the pages at its first request, in a thread, and hands every request to them."""

    def __init__(self) -> None:
        self._app: Any = None
        self._loading = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the pages."""
        async with self._loading:
            if self._app is None:
                self._app = await asyncio.to_thread(_load)
        await self._app(scope, receive, send)


def _load() -> Any:
    from tidemark.airflow.pages.app import make_app

    return make_app()


def pages() -> dict[str, Any]:
    """Return the entry for `fastapi_apps` of an Airflow plugin."""
    return {"app": Pages(), "url_prefix": PREFIX, "name": "Tidemark"}
