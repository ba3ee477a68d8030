"""Build training examples from interactions: counts without programs, propensities, features, labels, and examples.

**A run** reads what is new or late since the tables' watermarks and rebuilds only the days that it affects. `pin` first
records which snapshots of the inputs it reads, so that all tables are built from the same ones. What is written to the
inputs later is read by the next run.
**A scheduled run first waits** until the interactions are complete through the end of its day, usually half an hour
after midnight. After six hours it goes on with what is there, with a warning. No other run waits.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that overlap its dates, with the same audits.
Days that a table has not reached yet are left to its usual run; labels, for example, wait until their window has
closed.
**Days are days in UTC.** The calendar of the backfill form is in the time zone of your browser, unless you choose
UTC in the user menu: 29 March at 00:00 in Berlin is 28 March, 23:00 in UTC, and so a different day. The log of each
`init` task names the requested range and the ranges that are rebuilt, in UTC.
**A backfill takes at most 31 days** from first to last. A run with `from` and `to` can rebuild a longer range.
**After a long outage** each run processes a limited piece, and starts the next run while ranges are owed.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, RANGE_PARAMS, catch_up, complete_through, dataset, pin_inputs, skip_repeated

DEADLINE = timedelta(hours=6)
"""How long a run waits for the interactions: until somebody is there in the morning, and well before the next day."""

with DAG(
    "build_training_data",
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    catchup=False,
    max_active_runs=2,  # so that a manual run need not queue behind one that waits; pools keep one publisher per table
    default_args=DEFAULTS,
    params=RANGE_PARAMS,
    tags=["ranking", "nightly"],
    doc_md=__doc__,
) as dag:
    counts = dataset("ranking.query_item_counts")
    propensities = dataset("ranking.position_propensities")
    features = dataset("ranking.query_item_features")
    labels = dataset("ranking.relevance_labels")

    dataset("ranking.automated_clients") >> counts >> [dataset("ranking.query_item_signals"), propensities]
    dataset("ranking.label_horizons") >> labels
    propensities >> features >> labels >> dataset("ranking.training_examples")
    catch_up(dag)
    pin = pin_inputs(dag)
    complete_through("search.interactions", DEADLINE) >> pin
    skip_repeated(dag)
