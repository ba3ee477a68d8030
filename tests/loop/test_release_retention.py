"""Which releases expire: by age, except the newest ones and those of models that one can go back to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidemark.catalog import ops
from tidemark.operate.releases import KEEP_FOR, KEPT_MODELS, retired_releases
from tidemark.session import open_context
from tidemark.settings import Settings
from tidemark.steps.context import Context

pytestmark = pytest.mark.loop

NOW = datetime(2026, 4, 12, tzinfo=UTC)


@pytest.fixture
def context(home: Path, settings_without_engine: Settings) -> Context:
    return open_context(settings_without_engine, NOW)


@pytest.fixture
def settings_without_engine(home: Path) -> Settings:
    from tests.accounts.world import SCHEMAS

    return Settings(home=home, schemas=SCHEMAS)


def released(context: Context, *releases: tuple[str, str | None, int]) -> None:
    """Return releases by name, with their model and their age in days."""
    rows = [
        {"release": name, "model_version": model, "tables": "{}", "released_at": NOW - timedelta(days=age)}
        for name, model, age in releases
    ]
    ops.append(context.lake, "ops.releases", rows)


def test_a_release_goes_after_its_time_but_the_newest_stays(context: Context) -> None:
    assert retired_releases(context) == frozenset()
    days = KEEP_FOR.days
    released(context, ("a", None, days + 20), ("b", None, days + 10))
    assert retired_releases(context) == {"a"}
    released(context, ("c", None, days - 1))
    assert retired_releases(context) == {"a", "b"}


def test_the_first_release_of_each_kept_model_stays(context: Context) -> None:
    old = KEEP_FOR.days + 100
    models = [f"m{n}" for n in range(KEPT_MODELS + 1)]
    for number, model in enumerate(models):
        released(
            context,
            (f"{model}-first", model, old - 10 * number),
            (f"{model}-again", model, old - 10 * number - 1),
        )
    newest = f"{models[-1]}-again"
    kept = {f"{model}-first" for model in models[1:]} | {newest}
    assert retired_releases(context) == {f"{m}-{which}" for m in models for which in ("first", "again")} - kept
