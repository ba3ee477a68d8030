"""The commands of the domain are found by Python's entry points, as `make setup` and an installation write them."""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points

from infra.local.environment import entry_points_text
from tests.conftest import CHECKOUT
from tidemark.cli.main import MORE_COMMANDS
from tidemark.operate.alerts.watch import MORE_CONDITIONS
from tidemark.operate.remarks import HEADLINES, REMARKS

DECLARED = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]


def test_every_declared_entry_point_is_found_and_can_be_loaded() -> None:
    assert set(DECLARED) == {MORE_COMMANDS, MORE_CONDITIONS, REMARKS, HEADLINES}
    for group, declared in DECLARED.items():
        found = {entry.name: entry.value for entry in entry_points(group=group)}
        assert found == declared, "run make setup"
        assert all(callable(entry.load()) for entry in entry_points(group=group))


def test_the_metadata_of_the_checkout_names_them_in_the_form_of_a_package() -> None:
    text = entry_points_text(CHECKOUT)
    commands = "labels = steering.label_command:add_command\nranker = steering.ranker_command:add_command\n"
    commands += "to-grade = steering.to_grade_command:add_command\n"
    assert f"[tidemark.commands]\n{commands}" in text
    assert "\n[tidemark.remarks]\nranking.label_horizons = steering.horizons:remark\n" in text
