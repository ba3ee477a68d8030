"""From interactions to training examples: signals, propensities, features, labels, examples by cut.

**A run** takes in what is new or late since the tables' watermarks
and rebuilds just the days that it touches.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that meet its dates,
with the same audits. Days that a table has not reached yet are left to its usual run: labels wait until
their window has closed.
**After a long outage** a run takes in a bounded piece, and starts the next run while something is owed.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, RANGE_PARAMS, catch_up, dataset

with DAG(
    "build_training_data",
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=RANGE_PARAMS,
    tags=["ranking", "daily"],
    doc_md=__doc__,
) as dag:
    propensities = dataset("ranking.position_propensities")
    features = dataset("ranking.query_item_features")
    labels = dataset("ranking.relevance_labels")

    dataset("ranking.query_item_signals")
    propensities >> [features, labels] >> dataset("ranking.training_examples")
    catch_up(dag)
