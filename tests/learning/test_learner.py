"""The learner: the same bytes for the same input, masked twins, and artifacts that it refuses to load."""

import hashlib
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from ranking.training import learner, matrices, metrics, recipe
from tests.learning import made

RECIPE = recipe.Recipe(rounds=40, unwatched_rounds=40, min_rows_in_leaf=5, patience=10)


@pytest.fixture(scope="module")
def trained() -> Any:
    return learner.train(made.examples(), made.examples(seed=1), RECIPE)


def test_the_same_input_gives_the_same_bytes(trained: Any) -> None:
    assert learner.train(made.examples(), made.examples(seed=1), RECIPE).artifact == trained.artifact
    other = learner.train(made.examples(seed=2), made.examples(seed=1), RECIPE)
    assert other.artifact != trained.artifact


def test_it_learns_what_there_is_to_learn(trained: Any) -> None:
    test = made.examples(seed=3)
    scores = learner.load_model(trained.artifact, trained.sha256, trained.names).predict(made.matrix(test))
    assert np.nanmean(metrics.ndcg(scores, metrics.gains_of(test.grade), test.group, 10)) > 0.85


def test_early_stopping_keeps_the_best_round(trained: Any) -> None:
    curve = trained.curves["valid"]
    assert trained.rounds == int(np.argmax(curve[RECIPE.least_rounds - 1 :])) + RECIPE.least_rounds
    assert trained.artifact.count(b"Tree=") == trained.rounds


def test_too_few_held_out_queries_stop_nothing() -> None:
    few = learner.train(made.examples(), made.examples(queries=3), RECIPE)
    assert few.rounds == RECIPE.unwatched_rounds
    none = learner.train(made.examples(), made.examples().take(np.zeros(600, dtype=bool)), RECIPE)
    assert "valid" not in none.curves


def test_twins_make_the_trees_lean_more_on_content() -> None:
    """A twin has only content features, so the model uses content more, whatever the data."""

    def share_of_content(chosen: Any) -> Any:
        gain = learner.train(made.examples(queries=150), made.examples(seed=1), chosen).gain
        return gain["c_match"] / sum(gain.values())

    assert share_of_content(RECIPE) > share_of_content(replace(RECIPE, twins=False))


def test_a_second_ranker_adds_its_scores_to_those_of_the_first(trained: Any) -> None:
    rows = made.examples(seed=3)
    second = learner.train(made.examples(), made.examples(seed=1), replace(RECIPE, second="rank_xendcg"))
    model = learner.load_model(second.artifact, second.sha256, second.names)
    assert second.artifact.count(b"Tree=") == second.rounds > trained.rounds
    assert second.curves == trained.curves
    first, text = trained.artifact.decode(), second.artifact.decode()
    alone = lgb.Booster(model_str=text).predict(made.matrix(rows), start_iteration=trained.rounds)
    of_first = lgb.Booster(model_str=first).predict(made.matrix(rows))
    assert np.std(alone) > 0
    assert np.allclose(model.predict(made.matrix(rows)), of_first + alone)
    again = learner.train(made.examples(), made.examples(seed=1), replace(RECIPE, second="rank_xendcg"))
    assert again.artifact == second.artifact


def test_a_split_between_known_and_missing_values_is_loaded() -> None:
    """LightGBM writes the threshold `inf` if all known values go left and missing ones right."""
    examples = made.examples()
    features = np.zeros_like(made.matrix(examples))
    features[examples.grade < 2, 1] = np.nan
    found = learner.train(replace(examples, features=features), made.examples(queries=3), replace(RECIPE, twins=False))
    assert b"threshold=inf" in found.artifact
    model = learner.load_model(found.artifact, found.sha256, found.names)
    known, missing = model.predict(np.array([[0, 0, 0, 0], [0, np.nan, 0, 0]], dtype=np.float32))
    assert known > missing


@pytest.mark.parametrize("changed", [{"query_share": 0.7}, {"extra_trees": True}])
def test_draws_for_each_tree_change_the_ranker_and_are_the_same_each_time(
    trained: Any, changed: dict[str, Any]
) -> None:
    one, two = (learner.train(made.examples(), made.examples(seed=1), replace(RECIPE, **changed)) for _ in range(2))
    assert one.artifact == two.artifact != trained.artifact
    named = {"query_share": b"[bagging_by_query: 1]", "extra_trees": b"[extra_trees: 1]"}
    assert all(named[name] in one.artifact for name in changed)


def test_a_recipe_refuses_what_it_does_not_know_and_quantised_gradients_with_the_reason() -> None:
    assert recipe.Recipe.of({"rounds": 3}) == recipe.Recipe(rounds=3)
    for settings, reason in (
        ({"use_quantized_grad": True}, "use_quantized_grad: leave it out; with it, LightGBM 4.7.0 has ended trainings"),
        ({"depth": 3}, "unknown key depth; known keys are rounds, patience"),
        ({"second": "binary"}, "second: write one of '', 'rank_xendcg'"),
    ):
        with pytest.raises(ValueError, match=reason):
            recipe.Recipe.of(settings)


def test_a_ranker_of_an_earlier_version_was_trained_without_what_came_later() -> None:
    assert recipe.Recipe.from_json('{"rounds": 7}') == recipe.Recipe(
        rounds=7, query_share=1.0, extra_trees=False, second=""
    )


def test_grades_are_quantised_on_a_fixed_scale() -> None:
    assert recipe.quantise(np.array([0.0, 0.06, 2.0, 4.0, 7.0])).tolist() == [0, 0, 15, 30, 30]
    assert len(recipe.LABEL_GAIN) == 31
    assert recipe.LABEL_GAIN[-1] == 15


def test_a_changed_or_cut_artifact_is_refused(trained: Any) -> None:
    for artifact in (trained.artifact[:-40], trained.artifact.replace(b"leaf_value=", b"leaf_value=9", 1), b""):
        with pytest.raises(learner.ModelRefused, match="changed or cut short"):
            learner.load_model(artifact, trained.sha256, trained.names)


OTHER_TASK = b"tree\nversion=v4\nobjective=binary\n\nend of trees\n"


@pytest.mark.parametrize("artifact", [b"\x80\x04K\x01.", b"hello", OTHER_TASK])
def test_text_that_is_not_a_ranker_is_refused_even_with_its_checksum(artifact: Any) -> None:
    with pytest.raises(learner.ModelRefused, match="not the text of a LightGBM lambdarank model"):
        learner.load_model(artifact, hashlib.sha256(artifact).hexdigest(), ("a",))


def test_a_ranker_of_other_features_is_refused(trained: Any) -> None:
    with pytest.raises(learner.ModelRefused, match="other features"):
        learner.load_model(trained.artifact, trained.sha256, trained.names[::-1])


FOREIGN = ("c_item_a:b", "c_item_a b", "f_ü{x}", "f_1")


def test_feature_names_may_hold_anything() -> None:
    rows = made.examples()
    for names in (
        FOREIGN,
        ("c_engine_title.bm25", "c_engine_BM25", "c_engine_bm25", "c_a b_0"),
        ("n1", "c_", "", "f_1"),
    ):
        named = replace(rows, names=names)
        found = learner.train(named, named, RECIPE)
        assert learner.load_model(found.artifact, found.sha256, named.names).names == named.names


def test_names_that_collided_in_version_0_1_get_separate_columns() -> None:
    """`c_a b` and `c_a_b` collided in version 0.1, where other characters became an underscore."""
    named = replace(made.examples(), names=("c_a b", "c_a_b", "c_a_b_0", "c_a:b"))
    found = learner.train(named, named, RECIPE)
    assert b"feature_names=n0 c_a_b c_a_b_0 n3\n" in found.artifact


def test_an_artifact_with_the_column_names_of_version_0_1_is_still_loaded() -> None:
    rows = made.examples()
    now = learner.train(replace(rows, names=FOREIGN), rows, RECIPE).artifact
    before = now.replace(b"feature_names=n0 n1 n2 f_1", "feature_names=c_item_a_b_0 c_item_a_b_1 f_ü_x_ f_1".encode())
    assert before != now
    model = learner.load_model(before, hashlib.sha256(before).hexdigest(), FOREIGN)
    loaded = learner.load_model(now, hashlib.sha256(now).hexdigest(), FOREIGN)
    assert model.predict(made.matrix(rows)).tolist() == loaded.predict(made.matrix(rows)).tolist()


def test_a_list_is_cut_to_what_the_learner_takes_by_evidence() -> None:
    rows = made.examples(queries=3, items=6)
    graded = np.arange(18) == 7  # a human grade, never shown: confidence counts before impressions
    rows = replace(rows, confidence=np.where(graded, 0.8, 0.1), evidence=np.where(graded, 0, np.arange(18)[::-1]))
    kept, left_out = matrices.cut_long_groups(rows, 4)
    assert kept.item_id.tolist() == ["i0", "i1", "i2", "i3"] * 3
    assert [(each.query, each.rows, each.left_out) for each in left_out] == [(f"query {n}", 6, 2) for n in range(3)]
    last = replace(rows, evidence=rows.evidence[::-1])
    assert matrices.cut_long_groups(last, 1)[0].item_id.tolist() == ["i5", "i1", "i5"]
    assert matrices.cut_long_groups(rows, 6) == (rows, ())


def test_equal_evidence_is_cut_by_the_name_of_the_item_whatever_the_order() -> None:
    rows = made.examples(queries=1, items=5)
    turned = replace(rows, item_id=rows.item_id[::-1])
    assert sorted(matrices.cut_long_groups(rows, 2)[0].item_id) == ["i0", "i1"]
    assert sorted(matrices.cut_long_groups(turned, 2)[0].item_id) == ["i0", "i1"]


def test_a_list_of_twelve_thousand_items_is_trained_on_once_it_is_cut() -> None:
    small, long = made.examples(), made.examples(queries=1, items=12_000, seed=5)
    long = replace(long, group=np.full(12_000, 999))
    fields = [name for name in vars(small) if name != "names"]
    joined: dict[str, Any] = {name: np.concatenate([getattr(small, name), getattr(long, name)]) for name in fields}
    both = replace(small, **joined)
    with pytest.raises(ValueError, match="a query has 12000 examples, but LightGBM accepts at most 10000"):
        learner.train(both, small, RECIPE)
    kept, left_out = matrices.cut_long_groups(both, learner.MAX_GROUP)
    found = learner.train(kept, small, RECIPE)
    assert [(each.rows, each.left_out) for each in left_out] == [(12_000, 2_000)]
    assert len(learner.load_model(found.artifact, found.sha256, found.names).predict(made.matrix(both))) == 12_600
