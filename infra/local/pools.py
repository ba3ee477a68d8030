"""Create a one-slot pool for each dataset. Unlike `max_active_runs`, pools also limit the runs of backfills."""

from __future__ import annotations

from infra.local.api import Client
from tidemark.airflow.pools import pool_of
from tidemark.settings import Settings
from tidemark.spec.load import load_specs


def make_pools(client: Client, settings: Settings) -> None:
    """Create the pools of all datasets; set existing ones back to one slot."""
    names = sorted(load_specs(settings.schemas, settings.values))
    pools = [
        {
            "name": pool_of(name),
            "slots": 1,
            "description": f"One publisher of {name} at a time",
            "include_deferred": True,
        }
        for name in names
    ]
    client.patch("pools", {"actions": [{"action": "create", "entities": pools, "action_on_existence": "overwrite"}]})
