"""From interactions to training examples: signals, propensities, features, labels, examples by cut.

**A run** takes in what is new or late since the tables' watermarks
and rebuilds just the days that it touches.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that meet its dates,
with the same audits. Days that a table has not reached yet are left to its usual run: labels wait until
their window has closed.
**Days are days in UTC.** The calendar of the backfill form is in the time zone of your browser, unless you choose
UTC in the menu of the user: 29 March at 00:00 in Berlin is 28 March, 23:00 in UTC, and thus another day. The log of
each `init` names what was asked for and what is rebuilt, in UTC.
**A backfill takes at most 31 days** from first to last; a run with `from` and `to` takes more, as one run.
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
