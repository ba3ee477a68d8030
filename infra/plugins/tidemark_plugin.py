"""The plugin for Airflow's API server. Airflow finds it through `[core] plugins_folder`."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from tidemark.airflow.backfill_limit import BackfillLimit
from tidemark.airflow.pages.plugin import STATUS_VIEW, pages


class TidemarkPlugin(AirflowPlugin):
    """Adds the limit on the range of a backfill, and the pages under /tidemark."""

    name = "tidemark"
    fastapi_root_middlewares: ClassVar[list[dict[str, Any]]] = [
        {"name": "limit of a backfill's range", "middleware": BackfillLimit}
    ]
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [pages()]
    external_views: ClassVar[list[dict[str, Any]]] = [STATUS_VIEW]
