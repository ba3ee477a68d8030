"""Rebuild a range of one table on request, and show before it what the rebuild would touch.

**Trigger it with the form**: the dataset, the range in UTC (`to` is exclusive), and the reason, which is recorded. The
log of `preview` then says how many partitions are rebuilt, the rows and bytes that are replaced and read, the expected
time by past sessions, and which tables follow. A range that is reversed, in the future, not built yet, or without rows
is refused there, before anything runs. With **Plan only** the run ends after the preview.

**A large rebuild waits for an approval**, which shows the same figures: a rebuild of more than 31 partitions, of more
than a gigabyte, or of more than half an hour. Find it under Browse, Required Actions.

**Readers**: the tables that read the dataset take in what differs at their next usual runs, or in this run with **Run
its readers too**. The nightly DAG then trains the ranker.

**No backfill**: the range is a parameter, and one run rebuilds all of it.
"""

from airflow.sdk import DAG

from tidemark.airflow import ON_REQUEST, approved_rebuild, dataset, restate_params

REBUILT = (
    "search.search_requests",
    "search.user_actions",
    "search.impressions",
    "search.interactions",
    "ranking.automated_clients",
    "ranking.query_item_counts",
    "ranking.query_item_signals",
    "ranking.position_propensities",
    "ranking.query_item_features",
    "ranking.relevance_labels",
    "ranking.training_examples",
)
VERSIONED = ("search.position_bases", "ranking.label_horizons")
"""Tables without ranges between those that can be rebuilt; they follow what they read."""

with DAG(
    "restate",
    description="Rebuild a range of one table, after a preview",
    schedule=None,
    catchup=False,
    max_active_runs=8,  # no request queues behind one that waits for an approval; pools keep one publisher per table
    allowed_run_types=["manual"],
    default_args=ON_REQUEST,
    params=restate_params(list(REBUILT)),
    tags=["search", "ranking", "on request"],
    doc_md=__doc__,
):
    groups = {name: dataset(name) for name in (*REBUILT, *VERSIONED)}
    requests, actions, impressions, interactions, automated, counts, *ranked, bases, horizons = groups.values()
    signals, propensities, features, labels, examples = ranked

    actions >> bases >> impressions
    (
        [requests, actions]
        >> impressions
        >> interactions
        >> automated
        >> counts
        >> [signals, propensities, features, labels]
    )
    requests >> horizons >> labels
    propensities >> features >> labels >> examples
    approved_rebuild(groups)
