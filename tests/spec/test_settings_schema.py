"""infra/search.schema.yaml and infra/search.yaml agree with the code that reads the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from ranking.features import content
from ranking.labels import splits
from ranking.logs import actions, requests, text
from ranking.training import rankers
from ranking.training.recipe import Recipe
from ranking.training.scheme import Scheme
from tidemark.errors import SettingsError
from tidemark.settings import CHECKOUT, load_settings

SCHEMA = yaml.safe_load((CHECKOUT / "infra" / "search.schema.yaml").read_text(encoding="utf-8"))
VALUES = load_settings({"TIDEMARK_HOME": "/nonexistent"}).values
OF_THE_CODE: dict[str, Mapping[str, Any]] = {
    "training": rankers.DEFAULTS,
    "labels": splits.LABEL_DEFAULTS,
    "features": content.DEFAULTS,
    "marks": requests.DEFAULT_MARKS,
    "query_text": asdict(text.USUAL),
    "split": asdict(Scheme()),
    "actions": {kind: [] for kind in (*actions.KINDS, actions.OTHER)},
}


def test_each_setting_of_the_file_stands_in_the_schema_and_the_other_way_round() -> None:
    assert set(SCHEMA["properties"]) == set(VALUES)


@pytest.mark.parametrize("block", OF_THE_CODE)
def test_a_block_of_the_schema_has_just_the_keys_that_the_code_reads(block: str) -> None:
    assert set(SCHEMA["properties"][block]["properties"]) == set(OF_THE_CODE[block])


def test_the_recipe_of_the_schema_has_just_the_fields_of_the_code_s() -> None:
    assert set(recipe()["properties"]) == set(asdict(Recipe()))


@pytest.mark.parametrize(("name", "value"), asdict(Recipe()).items())
def test_the_schema_takes_a_field_of_the_recipe_in_its_own_type_only(name: str, value: Any) -> None:
    kind = resolved(recipe()["properties"][name])["type"]
    assert kind == {bool: "boolean", int: "integer", float: "number", str: "string"}[type(value)]


def test_a_home_may_say_all_that_the_code_takes_for_granted(tmp_path: Path) -> None:
    said = {**OF_THE_CODE, "training": {**rankers.DEFAULTS, "recipe": asdict(Recipe())}}
    (tmp_path / "search.yaml").write_text(json.dumps(said))
    assert load_settings({"TIDEMARK_HOME": str(tmp_path)}).values["training"]["recipe"] == asdict(Recipe())


def test_gradients_that_end_the_training_are_refused_by_name(tmp_path: Path) -> None:
    asked = {"training": {"recipe": {"use_quantized_grad": True}}}
    (tmp_path / "search.yaml").write_text(json.dumps(asked))
    with pytest.raises(
        SettingsError, match=r"training\.recipe\.use_quantized_grad is True; write nothing, and leave it"
    ):
        load_settings({"TIDEMARK_HOME": str(tmp_path)})


@pytest.mark.parametrize(("size", "fits"), [("2g", True), ("800m", True), ("2", False), ("0g", False), (2, False)])
def test_memory_is_a_size(tmp_path: Path, size: object, fits: bool) -> None:
    (tmp_path / "search.yaml").write_text(json.dumps({"training_memory": size}))
    if fits:
        assert load_settings({"TIDEMARK_HOME": str(tmp_path)}).values["training_memory"] == size
        return
    with pytest.raises(SettingsError, match=r"training_memory is .*; write a size: a whole number and m or g"):
        load_settings({"TIDEMARK_HOME": str(tmp_path)})


def test_whatever_the_schema_refuses_it_says_what_to_write() -> None:
    silent = [place for place, part in parts(SCHEMA, "") if not part.get("description")]
    assert silent == ["", ".landing", ".alerts"], "the whole file was checked before; the loop checks the two blocks"


def recipe() -> dict[str, Any]:
    block: dict[str, Any] = SCHEMA["properties"]["training"]["properties"]["recipe"]
    return block


def resolved(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of the schema with its reference resolved."""
    name = part.get("$ref", "").rpartition("/")[2]
    return {**(SCHEMA["$defs"][name] if name else {}), **part}


def parts(part: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the part and all parts below it that an error can name. Alternatives of `anyOf` belong to their parent."""
    part = resolved(part)
    yield place, part
    for name, inner in part.get("properties", {}).items():
        yield from parts(inner, f"{place}.{name}")
    for key in ("additionalProperties", "propertyNames", "items"):
        if isinstance(part.get(key), dict):
            yield from parts(part[key], f"{place}.{key}")
