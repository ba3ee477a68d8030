"""The specs and the code name the same columns."""

from ranking.features import behaviour, content
from ranking.labels import labels
from ranking.training import registry, scores
from tests.learning.conftest import spec, struct


def test_the_registry_has_the_columns_of_its_spec() -> None:
    kinds = {"string": "string", "int64": "long", "bool": "boolean", "binary": "binary", "date32[day]": "date"}
    found = {field.name: kinds[str(field.type)] for field in registry.SCHEMA}
    assert found == {name: about["type"] for name, about in spec("rankers")["columns"].items()}


def test_labels_and_scores_have_the_columns_of_their_specs() -> None:
    assert list(spec("relevance_labels")["columns"]) == labels.COLUMNS
    assert struct("ranker_scores").replace("`", "") == f"{scores.SCHEMA}, served_because string"


def test_computed_features_have_the_columns_of_their_spec() -> None:
    columns = spec("query_item_features")["columns"]
    assert tuple(name for name in columns if name.startswith("f_")) == behaviour.NAMES
    assert tuple(name for name in columns if name.startswith("c_")) == content.NAMES
