"""Land what was handed in: search logs, human grades, items and logged features.

Takes the files of `landing/` that no session has taken yet, each once, however often and under whatever name
it comes. Records that cannot be read go to `search.quarantined_records` with file, place and reason.

**A run** takes all that is there at its clock: the end of its interval, or for a run by hand its start
(or the `clock` given). **A backfill** lands again what is missing, whatever its dates: files know no dates.
"""

from airflow.sdk import DAG, CronDataIntervalTimetable

from tidemark.airflow import DEFAULTS, LANDING_PARAMS, dataset

with DAG(
    "land_search_logs",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=LANDING_PARAMS,
    tags=["search", "hourly"],
    doc_md=__doc__,
):
    # One list of files, a session of it for each kind of record: none waits for another. What could not be read
    # is first, so that it is on record when something else refuses.
    dataset("search.quarantined_records")
    dataset("search.search_queries")
    dataset("search.search_events")
    dataset("search.judgments")
    dataset("search.catalog_items")
    dataset("search.feature_log")
