"""Land the files in the landing folder: search logs, human grades, items, logged features, decisions about rankers.

Each run reads the files of `landing/` that no session has read yet. A file with the same content lands once, however
often and under whatever name it is delivered. Records that cannot be read go to `search.quarantined_records` with
file, place and reason.

**A run** reads the files that are there at its clock: the end of its interval or, for a manual run, the time of its
trigger or the given `clock`. **A backfill** lands the files that are missing; its dates do not matter, because files
have no dates.
**It runs at 20 minutes past the hour**, because a file is read once it has not changed for 15 minutes. So the hour that
has just ended counts as complete at this run, and not an hour later.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, LANDING_PARAMS, dataset

with DAG(
    "land_search_logs",
    schedule=CronDataIntervalTimetable("20 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=LANDING_PARAMS,
    tags=["search", "hourly"],
    doc_md=__doc__,
):
    # All sessions read the same files, each for one kind of record, and none waits for another. The quarantine comes
    # first, so that unreadable records are stored even if another session fails.
    dataset("search.quarantined_records")
    dataset("search.search_queries")
    dataset("search.search_events")
    dataset("search.judgments")
    dataset("search.catalog_items")
    dataset("search.feature_log")
    dataset("ranking.ranker_decisions")
