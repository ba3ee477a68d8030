"""From landed records to interactions: what was shown to whom, and what they then did.

**A run** takes in what is new or late since the tables' watermarks
and rebuilds just the days that it touches.
**A backfill, or a run with `from` and `to`**, rebuilds the partitions that meet its dates,
with the same audits; what it changes flows on by itself. The hourly runs of a backfill rebuild a day once.
**Days are days in UTC.** The calendar of the backfill form is in the time zone of your browser, unless you choose
UTC in the menu of the user: 29 March at 00:00 in Berlin is 28 March, 23:00 in UTC, and thus another day. The log of
each `init` names what was asked for and what is rebuilt, in UTC.
**A backfill takes at most 31 days** from first to last; a run with `from` and `to` takes more, as one run.
**After a long outage** a run takes in a bounded piece, and starts the next run while something is owed.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, RANGE_PARAMS, catch_up, dataset

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
