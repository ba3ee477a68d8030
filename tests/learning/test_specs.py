"""The specs and the code name the same columns."""

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
