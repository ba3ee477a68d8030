"""Hostile model artifacts do not reach LightGBM, whose own reader crashes the process on some of them."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from ranking.training import learner, model_text
from ranking.training.recipe import Recipe
from tests.learning import made


@pytest.fixture(scope="module")
def trained() -> learner.Trained:
    """Return a small ranker."""
    return learner.train(made.examples(), made.examples(seed=1), replace(Recipe(), rounds=8))


def all_of(key: str, value: str) -> Callable[[str], str]:
    """Return a change that replaces each value of the first list of this name."""
    return lambda text: re.sub(
        rf"\n{key}=(.*)", lambda found: f"\n{key}=" + " ".join([value] * len(found[1].split(" "))), text, count=1
    )


def instead(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text, count=1)


def measured(text: str) -> str:
    """Return the text with correct sizes of its trees, so that the other checks see a change inside a tree."""
    raw = text.encode()
    places = [found.start() for found in re.finditer(rb"Tree=[0-9]+\n", raw)] + [raw.index(b"end of trees")]
    sizes = " ".join(str(end - start) for start, end in pairwise(places))
    return re.sub(r"tree_sizes=.*", f"tree_sizes={sizes}", text, count=1)


SWAPPED: dict[str, tuple[Callable[[str], str], str]] = {
    "a child that does not exist": (all_of("left_child", "99999999"), "its nodes do not form a tree"),
    "a leaf that does not exist": (all_of("right_child", "-99999"), "its nodes do not form a tree"),
    "a circle": (all_of("left_child", "0"), "its nodes do not form a tree"),
    "a feature that does not exist": (all_of("split_feature", "300000000"), "not a whole number from 0 to 3"),
    "a negative feature": (all_of("split_feature", "-1"), "'-1' is not a whole number"),
    "too many leaves": (instead(r"num_leaves=[0-9]+", "num_leaves=2000000000"), "not a whole number from 0 to"),
    "other leaves": (instead(r"num_leaves=[0-9]+", "num_leaves=3"), "numbers"),
    "a short list": (instead(r"leaf_value=.*", "leaf_value=1"), "leaf_value is not"),
    "no number": (all_of("threshold", "$(id)"), "threshold is not"),
    "not a number": (all_of("leaf_value", "nan"), "leaf_value is not"),
    "an infinite leaf": (all_of("leaf_value", "inf"), "leaf_value is not"),
    "categories": (instead(r"num_cat=0", "num_cat=1"), "num_cat is not 0"),
    "a category split": (all_of("decision_type", "1"), "it has splits that are not numerical"),
    "a linear tree": (instead(r"is_linear=0", "is_linear=1"), "is_linear is not 0"),
    "an unknown key": (instead(r"num_cat=0", "num_cat=0\nhook=os:system"), "not a known key"),
    "a key twice": (instead(r"num_cat=0", "num_cat=0\nnum_cat=0"), "its key occurs twice"),
    "classes without end": (instead("num_class=1", "num_class=100000000"), "num_class is not 1"),
    "trees without end": (instead("num_tree_per_iteration=1", "num_tree_per_iteration=99999999"), "num_tree_per"),
    "features without end": (instead("max_feature_idx=3", "max_feature_idx=300000000"), "max_feature_idx"),
    "another task": (instead("objective=lambdarank", "objective=binary"), "objective is not lambdarank"),
    "another version": (instead("version=v4", "version=v3"), "does not have the beginning and the end of a model"),
    "a missing end": (instead("end of trees", "end of all"), "does not have the beginning and the end of a model"),
    "trees of other sizes": (instead("tree_sizes=[0-9]+", "tree_sizes=7"), "is not"),
}


@pytest.mark.parametrize("case", SWAPPED)
def test_s52_a_swapped_artifact_is_refused_though_its_checksum_fits(
    trained: learner.Trained, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightgbm.Booster", None)  # Every call fails.
    change, words = SWAPPED[case]
    text = change(trained.artifact.decode())
    artifact = (measured(text) if "end of trees" in text and "sizes" not in case else text).encode()
    assert artifact != trained.artifact
    with pytest.raises(learner.ModelRefused, match="not the text of a LightGBM lambdarank model") as refused:
        learner.load_model(artifact, hashlib.sha256(artifact).hexdigest(), trained.names)
    assert words in str(refused.value) or case == "trees of other sizes"


class Touch:
    """An object whose pickle runs code when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("raise SystemExit('a pickle was read')",))


@pytest.mark.parametrize("artifact", [pickle.dumps(Touch()), b"", b"\x00" * 100, b"PK\x03\x04", b"{" * 100_000])
def test_s52_what_is_no_model_is_refused_and_never_unpickled(artifact: bytes) -> None:
    with pytest.raises(learner.ModelRefused, match="not the text of a LightGBM"):
        learner.load_model(artifact, hashlib.sha256(artifact).hexdigest(), ("a",))


def test_s52_an_artifact_of_another_checksum_or_none_is_refused(trained: learner.Trained) -> None:
    with pytest.raises(learner.ModelRefused, match="changed or cut short"):
        learner.load_model(trained.artifact, "0" * 64, trained.names)
    with pytest.raises(learner.ModelRefused, match="changed or cut short"):
        learner.load_model(trained.artifact, None, trained.names)
    with pytest.raises(learner.ModelRefused, match="missing or larger"):
        learner.load_model(None, trained.sha256, trained.names)


def test_s52_an_oversized_artifact_is_refused_unread(trained: learner.Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_text, "LARGEST", 1000)
    with pytest.raises(learner.ModelRefused, match="larger than 1000 bytes"):
        learner.load_model(trained.artifact, trained.sha256, trained.names)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        '"a"',
        "[1]",
        '["a", "a"]',
        '[""]',
        "[" * 100_000,
        json.dumps(["a" * 2_000_000]),
        "__import__('os')",
    ],
)
def test_s52_hostile_or_oversized_json_of_a_registry_row_is_refused(text: str | None) -> None:
    with pytest.raises(learner.ModelRefused, match="features of the registry row"):
        learner.read_names(text)


def test_a_ranker_is_loaded_as_it_was_trained(trained: learner.Trained) -> None:
    names = learner.read_names(json.dumps(list(trained.names)))
    model = learner.load_model(trained.artifact, trained.sha256, names)
    assert len(set(model.predict(made.matrix(made.examples())))) > 1
