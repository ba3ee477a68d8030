"""Build training examples from interactions: signals, propensities, features, labels, and examples by cut.

**A run** reads what is new or late since the tables' watermarks and rebuilds only the days that it affects.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that overlap its dates, with the same audits.
Days that a table has not reached yet are left to its usual run; labels, for example, wait until their window has
closed.
**Days are days in UTC.** The calendar of the backfill form is in the time zone of your browser, unless you choose
UTC in the user menu: 29 March at 00:00 in Berlin is 28 March, 23:00 in UTC, and so a different day. The log of each
`init` task names the requested range and the ranges that are rebuilt, in UTC.
**A backfill takes at most 31 days** from first to last. A run with `from` and `to` can rebuild a longer range.
**After a long outage** each run processes a limited piece, and starts the next run while ranges are owed.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, RANGE_PARAMS, catch_up, dataset, skip_repeated

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
    skip_repeated(dag)
