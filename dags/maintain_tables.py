"""Keep tables fast: merge small files, expire old snapshots, and remove branches, tags and files that are not needed.

There is one task per table, in the table's own pool, and one for all tables of `ops`. The contents of tables do not
change, and everything that a reader, an open plan, a rollback within a week or a release needs is kept. The log names
each reader that is far behind its input. **No backfill**: there is nothing to catch up on, so Airflow refuses a
backfill of this DAG.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable, task

from tidemark.airflow import DEFAULTS, datasets_of, pool_of, say

with DAG(
    "maintain_tables",
    schedule=CronDataIntervalTimetable("0 4 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=["scheduled", "manual"],
    default_args=DEFAULTS,
    tags=["maintenance", "nightly"],
    doc_md=__doc__,
):

    @task
    def maintain(name: str) -> None:
        """Maintain one table."""
        from tidemark.airflow.chores import maintain_table

        say(maintain_table(name))

    @task
    def maintain_ops() -> None:
        """Maintain the tables of `ops`, in which the loop records its work."""
        from tidemark.airflow.chores import maintain_ops

        say(maintain_ops())

    maintain_ops.override(task_id="ops", task_display_name="ops")()
    for name in datasets_of():
        maintain.override(task_id=name.rpartition(".")[2], task_display_name=name, pool=pool_of(name))(name)
