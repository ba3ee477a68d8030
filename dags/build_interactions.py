"""Build interactions from landed records: what was shown to whom, and what they then did.

**A run** reads what is new or late since the tables' watermarks and rebuilds only the days that it affects.
**A scheduled run first waits** until the logs of its hour have landed, usually 20 minutes past the hour. After 40
minutes it goes on with what is there, with a warning. No other run waits.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that overlap its dates, with the same audits.
The changes then flow downstream by themselves. The hourly runs of a backfill rebuild each day once.
**Days are days in UTC.** The calendar of the backfill form is in the time zone of your browser, unless you choose
UTC in the user menu: 29 March at 00:00 in Berlin is 28 March, 23:00 in UTC, and so a different day. The log of each
`init` task names the requested range and the ranges that are rebuilt, in UTC.
**A backfill takes at most 31 days** from first to last. A run with `from` and `to` can rebuild a longer range.
**After a long outage** each run processes a limited piece, and starts the next run while ranges are owed.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, RANGE_PARAMS, catch_up, complete_through, dataset, skip_repeated

DEADLINE = timedelta(minutes=40)
"""How long a run waits for landing. The rest of the hour is left for the work, so that the next run starts in time."""

with DAG(
    "build_interactions",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    catchup=False,
    max_active_runs=2,  # so that a manual run need not queue behind one that waits; pools keep one publisher per table
    default_args=DEFAULTS,
    params=RANGE_PARAMS,
    tags=["search", "hourly"],
    doc_md=__doc__,
) as dag:
    requests = dataset("search.search_requests")
    actions = dataset("search.user_actions")
    impressions = dataset("search.impressions")

    complete_through("search.search_queries", DEADLINE) >> requests
    complete_through("search.search_events", DEADLINE) >> actions
    actions >> dataset("search.position_bases") >> impressions
    [requests, actions] >> impressions >> dataset("search.interactions")
    catch_up(dag)
    skip_repeated(dag)
