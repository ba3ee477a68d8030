"""Keep tables quick: fold small files, expire old snapshots, drop branches, tags and files that have had their time.

One task a table, in the table's own pool, and one for all of `ops`. Contents stay as they are, and nothing goes
that a reader, an open plan, a rollback within a week or a release needs. A reader that stands far behind its input
is named in the log. **No backfill**: there is nothing to catch up on. Airflow refuses a
backfill of this DAG.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, task

from tidemark.airflow import DEFAULTS, datasets_of, pool_of

with DAG(
    "maintain_tables",
    schedule=CronDataIntervalTimetable("0 4 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=["scheduled", "manual"],
    default_args=DEFAULTS,
    tags=["maintenance", "daily"],
    doc_md=__doc__,
):

    @task
    def maintain(name: str) -> None:
        """Maintain one table."""
        from tidemark.airflow.chores import maintain_table

        print(maintain_table(name))

    @task
    def maintain_ops() -> None:
        """Maintain the tables in which the loop says what it did."""
        from tidemark.airflow.chores import maintain_ops

        print(maintain_ops())

    maintain_ops.override(task_id="ops", task_display_name="ops")()
    for name in datasets_of():
        maintain.override(task_id=name.rpartition(".")[2], task_display_name=name, pool=pool_of(name))(name)
