"""Watch the tables every 15 minutes, and tell what no failed task shows.

An alert is sent when a condition begins, and once more when it is over: a dataset is further behind than its
`fresh_within`, an input blocks it, rows are overdue, a session is stuck, the gate refused a ranker. Failed tasks of all
DAGs are told at once by their own callbacks. The task reads metadata only. `ops.alerts` lists what was told.

**To try the channels** that `search.yaml` configures, trigger a run with Test. docs/runbooks/alerts.md says more.
**No backfill**: only the present is watched, so Airflow refuses a backfill of this DAG.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, task

from tidemark.airflow import DEFAULTS, say

with DAG(
    "watch_tables",
    schedule=CronDataIntervalTimetable("*/15 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=["scheduled", "manual"],
    default_args=DEFAULTS,
    params={"test": Param(False, type="boolean", title="Test", description="Send a test message as well.")},
    tags=["maintenance"],
    doc_md=__doc__,
):

    @task
    def watch(params: dict[str, object]) -> None:
        """Tell what begins and what is over."""
        from tidemark.airflow.alerting.watching import watch

        say(watch(test=params["test"] is True))

    watch()
