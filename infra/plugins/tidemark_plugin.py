"""The plugin for Airflow's API server. Airflow finds it through `[core] plugins_folder`."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from tidemark.airflow.backfill_limit import BackfillLimit


class TidemarkPlugin(AirflowPlugin):
    """Adds the limit on the range of a backfill."""

    name = "tidemark"
    fastapi_root_middlewares: ClassVar[list[dict[str, Any]]] = [
        {"name": "limit of a backfill's range", "middleware": BackfillLimit}
    ]
