"""Build interactions from landed records: what was shown to whom, and what they then did.

**A run** reads what is new or late since the tables' watermarks and rebuilds only the days that it affects.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that overlap its dates, with the same audits.
The changes then flow downstream by themselves. The hourly runs of a backfill rebuild each day once.
**Days are days in UTC.** The calendar of the backfill form is in the time zone of your browser, unless you choose
UTC in the user menu: 29 March at 00:00 in Berlin is 28 March, 23:00 in UTC, and so a different day. The log of each
`init` task names the requested range and the ranges that are rebuilt, in UTC.
**A backfill takes at most 31 days** from first to last. A run with `from` and `to` can rebuild a longer range.
**After a long outage** each run processes a limited piece, and starts the next run while ranges are owed.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, RANGE_PARAMS, catch_up, dataset, skip_repeated

with DAG(
    "build_interactions",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=RANGE_PARAMS,
    tags=["search", "hourly"],
    doc_md=__doc__,
) as dag:
    requests = dataset("search.search_requests")
    actions = dataset("search.user_actions")
    impressions = dataset("search.impressions")

    actions >> dataset("search.position_bases") >> impressions
    [requests, actions] >> impressions >> dataset("search.interactions")
    catch_up(dag)
    skip_repeated(dag)
