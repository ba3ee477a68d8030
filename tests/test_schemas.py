"""Rules for all specs of the checkout: names that readers rely on, and a place in the flow for each dataset."""

from __future__ import annotations

import re

import pytest

from tidemark.session import dependency_order
from tidemark.settings import CHECKOUT, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs

SPECS = load_specs(CHECKOUT / "schemas", load_settings({}).values)
EXPECTED = {
    "search": {
        "search_queries",
        "search_events",
        "quarantined_records",
        "judgments",
        "catalog_items",
        "feature_log",
        "search_requests",
        "user_actions",
        "position_bases",
        "impressions",
        "interactions",
    },
    "ranking": {
        "automated_clients",
        "query_item_counts",
        "query_item_signals",
        "position_propensities",
        "query_item_features",
        "label_horizons",
        "relevance_labels",
        "training_examples",
        "example_splits",
        "rankers",
        "ranker_decisions",
        "ranker_scores",
    },
}
OF_ALL = {"rankers", "ranker_decisions", "label_horizons"}
"""One ranker serves all applications, so it, the length of its label windows and decisions about it belong to none."""


def test_the_published_datasets_are_these() -> None:
    found = {namespace: {s.name for s in SPECS.values() if s.namespace == namespace} for namespace in EXPECTED}
    assert found == EXPECTED


@pytest.mark.parametrize("spec", [s for s in SPECS.values() if s.name not in OF_ALL], ids=lambda spec: spec.dataset)
def test_application_comes_first_in_every_grain(spec: DatasetSpec) -> None:
    assert spec.grain[0] == "application"


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.dataset)
def test_history_makes_files_by_the_day_and_not_by_the_hour(spec: DatasetSpec) -> None:
    assert "hour" not in {partition.transform for partition in spec.partition_by}


def test_what_could_not_be_read_is_published_before_anything_can_refuse() -> None:
    order = dependency_order(SPECS)
    sources = [name for name in order if SPECS[name].mode == "source"]
    assert order[0] == "search.quarantined_records"
    assert order[: len(sources)] == sources
    places = {name: place for place, name in enumerate(order)}
    assert all(places[i.dataset] <= places[name] for name in order for i in SPECS[name].inputs.values())


def test_every_dataset_stands_in_exactly_one_dag_that_is_scheduled() -> None:
    texts = [path.read_text() for path in (CHECKOUT / "dags").glob("*.py")]
    text = "".join(each for each in texts if "schedule=None" not in each)
    named = re.findall(r'dataset\("([a-z_.]+)"\)', text)
    assert sorted(named) == sorted(SPECS)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.dataset)
def test_every_expectation_gives_its_reason(spec: DatasetSpec) -> None:
    assert all(len(expectation.because.split()) >= 3 for expectation in spec.expectations)
