"""Rankers as files of other systems: each row goes the same way there as in LightGBM."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from ranking.export import description, ltr, narrow, onnx_form, probes
from ranking.export.trees import Split, Tree, read_trees
from ranking.training import learner, model_text
from ranking.training.matrices import Floats, Matrix
from ranking.training.recipe import Recipe
from tests.learning import made

HOSTILE = ("f_clicks", "F_Clicks", 'dots."quotes".ünïcode 🙂', "c_a b\\\n")
"""Case twins, dots, quotes, characters of other scripts, a blank, a backslash and a line feed."""
ROUNDS = 40


@dataclass(frozen=True)
class Case:
    """A ranker, its trees, rows around its splits, and its own scores of them."""

    trained: learner.Trained
    model: learner.Model
    trees: Sequence[Tree]
    rows: Matrix
    scores: Floats

    @property
    def text(self) -> str:
        return self.trained.artifact.decode()


def case_of(missing: float, names: Sequence[str] = HOSTILE, **recipe: Any) -> Case:
    """Train a ranker on rows with this share of missing values. The third feature is a small whole number."""
    examples = made.examples(queries=120)
    features = made.matrix(examples).copy()
    features[:, 2] = np.round(np.abs(features[:, 2]) * 2)
    features[np.random.default_rng(1).random(features.shape) < missing] = np.nan
    chosen = replace(Recipe(rounds=ROUNDS, unwatched_rounds=ROUNDS, least_rounds=ROUNDS, min_rows_in_leaf=5), **recipe)
    named = replace(examples, names=tuple(names), features=features)
    trained = learner.train(named, replace(made.examples(seed=1), names=tuple(names)), chosen)
    model = learner.load_model(trained.artifact, trained.sha256, trained.names)
    trees = read_trees(trained.artifact.decode())
    rows, _ = probes.make_rows(trees, len(names))
    return Case(trained, model, trees, rows, model.predict(rows))


CASES: dict[str, dict[str, Any]] = {
    "missing values": {"missing": 0.3},
    "no missing values and no twins": {"missing": 0.0, "twins": False},
    "trees of one leaf": {"missing": 0.3, "min_rows_in_leaf": 100_000},
    "two objectives": {"missing": 0.1, "second": "rank_xendcg"},
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return case_of(**CASES[request.param])


@pytest.fixture(scope="module")
def with_missing() -> Case:
    return case_of(missing=0.3)


@pytest.mark.parametrize("plugin", ltr.PLUGINS)
def test_a_model_of_the_plugins_scores_each_row_as_the_ranker(case: Case, plugin: str) -> None:
    body = ltr.model_body("m", ltr.definition(case.trees, HOSTILE, plugin))
    narrow_sums, wide_sums = ltr.score(body, HOSTILE, case.rows)
    assert np.abs(wide_sums - case.scores).max() < 1e-6
    assert np.abs(narrow_sums - case.scores).max() < 1e-5


def test_a_model_in_32_bits_scores_each_row_exactly_as_the_ranker(case: Case) -> None:
    text = narrow.in_32_bits(case.text).encode()
    model = learner.load_model(text, hashlib.sha256(text).hexdigest(), HOSTILE)
    assert np.array_equal(model.predict(case.rows), case.scores)


def test_rows_pass_each_split_on_both_sides_and_with_a_missing_value(with_missing: Case) -> None:
    """Each leaf that a row can reach is reached, and each split sees its threshold and the next larger number."""
    leaves = with_missing.model.booster.predict(with_missing.rows, pred_leaf=True)
    reached = sum(len(np.unique(leaves[:, number])) for number in range(len(with_missing.trees)))
    assert reached == sum(len(tree.leaves) for tree in with_missing.trees)
    for split in (split for tree in with_missing.trees for split in tree.splits):
        limit = narrow.at_most(split.threshold)
        if abs(limit) < narrow.LARGEST:
            column = with_missing.rows[:, split.feature]
            assert {limit, narrow.next_above(limit)} <= set(column.astype(float))
    assert np.isnan(with_missing.rows).any(axis=0).all()


def test_of_very_many_splits_some_get_rows(with_missing: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MOST_SPLITS", 10)
    rows, splits = probes.make_rows(with_missing.trees, len(HOSTILE))
    assert splits == 10
    assert len(rows) <= 30 + probes.RANDOM_ROWS


def test_both_directions_of_missing_values_occur_and_are_exported(with_missing: Case) -> None:
    nodes = list(_nodes(json.loads(ltr.definition(with_missing.trees, HOSTILE, ltr.OPENSEARCH))["splits"]))
    splits = [node for node in nodes if "leaf" not in node]
    assert {node["missing"] == node["yes"] for node in splits} == {True, False}
    assert {node["split"] for node in splits} <= set(HOSTILE)
    for node in splits:
        assert [child["nodeid"] for child in node["children"]] == [node["yes"], node["no"]]


def _nodes(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for each in found for node in (each, *_nodes(each.get("children", [])))]


def test_a_wrong_threshold_or_direction_is_found_by_the_rows(with_missing: Case) -> None:
    """The rows tell a model with `<` at the rounded threshold, and one that ignores missing values, from the ranker."""
    model = ltr.definition(with_missing.trees, HOSTILE, ltr.OPENSEARCH)

    def largest(change: Any) -> float:
        changed = json.loads(model)
        for node in _nodes(changed["splits"]):
            if "leaf" not in node:
                change(node)
        _, scores = ltr.score(ltr.model_body("m", json.dumps(changed)), HOSTILE, with_missing.rows)
        return float(np.abs(scores - with_missing.scores).max())

    def one_lower(node: dict[str, Any]) -> None:
        node["split_condition"] = float(np.nextafter(np.float32(node["split_condition"]), np.float32(-np.inf)))

    assert largest(lambda node: None) < 1e-6
    assert largest(one_lower) > 1e-3
    assert largest(lambda node: node.update(missing=node["no"])) > 1e-3


def test_a_plugin_that_ignores_missing_values_does_not_know_the_model() -> None:
    tree = Tree((Split(0, 0.5, -1, -2, True),), (1.0, 2.0))
    keys = {plugin: json.loads(ltr.definition([tree], ["a"], plugin)) for plugin in ltr.PLUGINS}
    assert keys[ltr.OPENSEARCH]["missing_as_zero"] is False
    assert keys[ltr.ELASTICSEARCH]["objective"] == "rank:ndcg"
    assert set(keys[ltr.ELASTICSEARCH]) == {"objective", "splits"}


def test_the_feature_set_holds_each_feature_under_its_own_name() -> None:
    features = json.loads(ltr.feature_set_body(HOSTILE))["featureset"]["features"]
    assert [feature["name"] for feature in features] == list(HOSTILE)
    assert features[0]["template"]["function_score"]["query"] == {"exists": {"field": "f_clicks"}}


@pytest.mark.parametrize(
    ("threshold", "largest"),
    [
        (0.5, 0.5),
        (0.1, 0.09999999403953552),  # the nearest 32-bit number is larger
        (-0.1, -0.10000000149011612),
        (1e300, float(np.finfo(np.float32).max)),
        (float("inf"), float(np.finfo(np.float32).max)),
        (-1e300, float("-inf")),
        (1e-36, float(np.float32(1e-35))),  # LightGBM reads magnitudes of at most 1e-35 as 0
        (0.0, float(np.float32(1e-35))),
        (-1e-36, float(np.nextafter(np.float32(-1e-35), np.float32(-1)))),
    ],
)
def test_the_largest_value_that_goes_left(threshold: float, largest: float) -> None:
    assert narrow.at_most(threshold) == largest


@pytest.mark.parametrize("threshold", ["1e-36", "-1e-36", "0", "-1.0000000180025095e-35", "inf", "1e300", "-1e300"])
def test_lightgbm_agrees_at_thresholds_near_zero_and_without_end(with_missing: Case, threshold: str) -> None:
    """All thresholds of a real model are replaced, so that LightGBM itself says where small and large values go."""
    tree = with_missing.text.partition("Tree=1\n")[0]
    count = tree.partition("\nthreshold=")[2].partition("\n")[0].count(" ") + 1
    lines = [
        "threshold=" + " ".join([threshold] * count) if x.startswith("threshold=") else x for x in tree.split("\n")
    ]
    head, _, body = "\n".join(lines).partition("Tree=0")
    head = f"{head.partition('tree_sizes=')[0]}tree_sizes={len(body) + 6}\n\n"
    text = f"{head}Tree=0{body}end of trees\n"
    model = learner.load_model(text.encode(), hashlib.sha256(text.encode()).hexdigest(), HOSTILE)
    values = [0.0, -0.0, 1e-36, -1e-36, 1e-35, -1e-35, 2e-35, -2e-35, 1.0, -1.0, 1e38, -1e38, np.nan]
    rows = np.random.default_rng(3).choice(np.array(values, dtype=np.float32), (500, len(HOSTILE)))
    body = ltr.model_body("m", ltr.definition(read_trees(text), HOSTILE, ltr.OPENSEARCH))
    assert np.abs(ltr.score(body, HOSTILE, rows)[1] - model.predict(rows)).max() < 1e-6
    again = narrow.in_32_bits(text).encode()
    other = learner.load_model(again, hashlib.sha256(again).hexdigest(), HOSTILE)
    assert np.array_equal(other.predict(rows), model.predict(rows))


def test_a_tree_that_is_too_deep_for_the_plugin_is_refused() -> None:
    deep = ltr.DEEPEST + 1
    splits = [Split(0, float(n), -n - 1, n + 1 if n + 1 < deep else -deep - 1, False) for n in range(deep)]
    tree = Tree(tuple(splits), tuple(map(float, range(deep + 1))))
    assert tree.depth == deep
    with pytest.raises(ValueError, match="a tree is 301 splits deep, and the plugin reads at most 300"):
        ltr.definition([tree], ["a"], ltr.OPENSEARCH)


def test_a_model_without_trees_is_refused() -> None:
    with pytest.raises(ValueError, match="it has no trees"):
        ltr.definition([], ["a"], ltr.OPENSEARCH)


def test_features_that_are_told_apart_below_zero_are_named() -> None:
    tree = Tree((Split(0, 0.5, 1, -3, True), Split(1, -0.5, -1, -2, False)), (1.0, 2.0, 3.0))
    assert ltr.below_zero([tree], ["a", "b"]) == ["b"]


def test_the_description_has_the_names_of_the_features_and_of_their_columns(with_missing: Case) -> None:
    row: dict[str, Any] = {"model_version": "r1", "sha256": with_missing.trained.sha256, "parameters": "{}"}
    row |= {"snapshots": '{"snapshots": {"examples": 4410}}', "trained_from": None, "trained_through": None}
    about = json.loads(description.describe(row, with_missing.text, HOSTILE))
    assert [each["name"] for each in about["features"]] == list(HOSTILE)
    assert [each["column"] for each in about["features"]] == ["f_clicks", "n1", "n2", "n3"]
    assert {each["type"] for each in about["features"]} == {"float32"}
    assert about["snapshots"] == {"examples": 4410}
    assert model_text.columns_of(with_missing.text) == with_missing.model.booster.feature_name()


needs_onnx = pytest.mark.skipif(bool(onnx_form.lacking()), reason="the extra `onnx` is not installed")


@needs_onnx
def test_an_onnx_model_scores_each_row_as_the_ranker(case: Case) -> None:
    text = narrow.in_32_bits(case.text).encode()
    model = learner.load_model(text, hashlib.sha256(text).hexdigest(), HOSTILE)
    onnx = onnx_form.convert(model, {"model_version": "r1"})
    assert np.abs(onnx_form.score(onnx, case.rows) - case.scores).max() < 1e-6
    assert onnx_form.names_of(onnx) == list(HOSTILE)
    assert onnx_form.convert(model, {"model_version": "r1"}) == onnx


@needs_onnx
def test_without_32_bit_thresholds_the_converter_sends_rows_the_other_way(with_missing: Case) -> None:
    onnx = onnx_form.convert(with_missing.model, {})
    assert np.abs(onnx_form.score(onnx, with_missing.rows) - with_missing.scores).max() > 1e-3
