"""Wrong settings are refused when they are read, with file, key and remedy."""

# ruff: noqa: E501  (a table is read by its lines)

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tidemark.errors import SettingsError
from tidemark.settings import CHECKOUT, load_settings

SHARED = CHECKOUT / "infra" / "search.yaml"
REFUSED = [
    ("atribution_window: 7d", "unknown key atribution_window; did you mean attribution_window?"),
    ("zzz: 7d", "unknown key zzz; known keys: landing, "),
    ("devices: {pth: query_attributes.ua}", "unknown key pth in devices; did you mean path?"),
    ("devices:", "devices is empty; write a block of keys"),
    ("devices: {path: ua}", "devices.path is ua; write a path into the query record, such as query_attributes.device"),
    ("marks: {sortd: [query_attributes.order]}", "unknown key sortd in marks; did you mean sorted?"),
    ("marks: {sorted: [query_attributes.order, order]}", "marks.sorted[2] is order; write a path into the query record"),
    ("hits: {paths: [doc_ids]}", "hits.paths[1] is doc_ids; write a path into the query record, such as other_fields.doc_ids"),
    ("hits: {paths: other_fields.doc_ids}", "hits.paths is 'other_fields.doc_ids'; write a list of paths, such as"),
    ("handed_in: {application: [shop]}", "unknown key application in handed_in; did you mean applications?"),
    ("handed_in: {applications: shop}", "handed_in.applications is shop; write a list of texts, such as [a, b]"),
    ("handed_in: {applications: [12]}", "handed_in.applications[1] is 12; write a text; in quotes if"),
    ("actions: {cart: cart}", "actions.cart is cart; write a list of texts, such as [a, b]"),
    ("actions: {clicks: [tap]}", "unknown key clicks in actions; did you mean click?"),
    ("grades: {house: 5}", "grades.house is 5; write raw grades, each with its value from 0 to 4"),
    ("grades: {house: {100: 5}}", "grades.house.100 is 5; write a number from 0 to 4"),
    ("grades: {house: {100: .nan}}", "grades.house.100 is nan; write a number from 0 to 4"),
    ("grades: {house: {good: 4}}", "grades.house has the key good; write a number"),
    ("grades: {house: {least: 0}}", "grades.house is a block of keys; write the two ends of the scale"),
    ("grades: {house: {least: 0, most: x}}", "grades.house.most is x; write a number"),
    ("grades: {house: {least: 0, most: 1, 2: 3}}", "unknown key 2 in grades.house; known keys: least, most"),
    ("training: {least_queries: many}", "training.least_queries is many; write a whole number, 0 or more"),
    ("training: {recipe: {leafs: 3}}", "unknown key leafs in training.recipe; did you mean leaves?"),
    ("training: {recipe: {rounds: 10.0}}", "training.recipe.rounds is 10.0; write a whole number, 1 or more"),
    ("training: {recipe: {twins: 1}}", "training.recipe.twins is 1; write true or false"),
    ("long_click_ms: soon", "long_click_ms is soon; write a whole number, 0 or more"),
    ("long_click_ms: true", "long_click_ms is True; write a whole number, 0 or more"),
    ("attribution_window: soon", "attribution_window is soon; write a duration: a whole number and d, h, m or s"),
    ("position: 0", "position is 0; write a block of keys"),
    ("position: 1", "position is 1; write a block of keys"),
    ("position: {bse: 0}", "unknown key bse in position; did you mean base?"),
    ('position: {base: "1; drop"}', "position.base is '1; drop'; write 0 or 1, or one of them for each application"),
    ("position: {base: true}", "position.base is True; write 0 or 1"),
    ("position: {base: {shop: 2}}", "position.base is a block of keys; write 0 or 1, or one of them for each application"),
]  # fmt: skip
TAKEN = [
    "position: {base: {shop: 1, other: null}}",
    "position: {base: 0}",
    "grades: {my own list: {100: 4, 0.5: 1.5, '7': 0}}",
    "grades: {unit: {least: 0, most: 1}, worst first: {least: 6, most: -1.5}}",
    "training: {least_queries: 5, recipe: {rounds: 50, learning_rate: 1}}",
    "landing: {settling: null}",
    "label_horizon: 14d",
]


def home_with(folder: Path, text: str) -> dict[str, str]:
    (folder / "search.yaml").write_text(text + "\n")
    return {"TIDEMARK_HOME": str(folder)}


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_a_setting_that_cannot_be_meant_is_refused_with_file_key_and_remedy(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(home_with(tmp_path, text))
    assert str(refused.value).startswith(f"{tmp_path / 'search.yaml'}: {words}")


@pytest.mark.parametrize("text", TAKEN)
def test_what_a_home_may_say_is_taken_and_all_else_may_be_left_out(tmp_path: Path, text: str) -> None:
    assert load_settings(home_with(tmp_path, text)).values["actions"]["click"]


def test_a_setting_of_one_s_own_is_told_where_to_be_written_down(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"To add a setting of your own, describe it in .*/infra/search\.schema\.yaml"
    ):
        load_settings(home_with(tmp_path, "zzz: 7d"))


def test_the_schema_beside_the_named_values_is_the_one_that_counts(tmp_path: Path) -> None:
    """Another domain has other keys, and the checkout's schema does not apply to them."""
    values = tmp_path / "bank.yaml"
    values.write_text("overdraft: 3d\n")
    env = {**home_with(tmp_path, "overdraft: 4d"), "TIDEMARK_VALUES": str(values)}
    assert load_settings(env).values == {"overdraft": "4d"}
    (tmp_path / "bank.schema.yaml").write_text("additionalProperties: false\nproperties: {overdraft: {type: number}}\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(env)
    assert str(refused.value) == f"{values}: overdraft is '3d'; write a value that fits type: number"


def test_the_file_of_a_wrong_value_is_named_though_the_home_mends_it(tmp_path: Path) -> None:
    """Each file is checked by itself: a wrong value is refused even if another file overrides it."""
    values = tmp_path / "mine.yaml"
    values.write_text("long_click_ms: soon\n")
    shutil.copy(SHARED.with_name("search.schema.yaml"), tmp_path / "mine.schema.yaml")
    env = {**home_with(tmp_path, "long_click_ms: 1000"), "TIDEMARK_VALUES": str(values)}
    with pytest.raises(SettingsError) as refused:
        load_settings(env)
    assert str(refused.value).startswith(f"{values}: long_click_ms is soon; ")


@pytest.mark.parametrize(
    "schema",
    [
        "type: objct\n",
        "properties: 5\n",
        "properties: {a: {pattern: '('}}\n",
        "[a]\n",
        "$ref: https://example.org/settings\n",
        "$ref: '#/nowhere'\n",
        "properties: {a: &b {}}\n",
    ],
)
def test_s50_a_file_that_is_no_schema_is_refused_by_name_and_nothing_is_fetched(tmp_path: Path, schema: str) -> None:
    (tmp_path / "bank.yaml").write_text("a: b\n")
    (tmp_path / "bank.schema.yaml").write_text(schema)
    with pytest.raises(SettingsError) as refused:
        load_settings({"TIDEMARK_HOME": str(tmp_path), "TIDEMARK_VALUES": str(tmp_path / "bank.yaml")})
    assert str(refused.value).startswith(f"{tmp_path / 'bank.schema.yaml'}: ")
    assert len(str(refused.value)) < 600
