"""Train a ranker on the published examples, evaluate it, score items, write a release and a report.

**A run** trains a ranker if the examples or the grades have changed since the last one. A gate in the session decides
whether the new ranker is promoted; the scores are those of the latest promoted ranker. `release` then records which
snapshots of all tables belong together, and `report` writes the pages of the newest ranker and of all rankers. `pin`
first records which snapshots the run reads: the newest examples, and the grades and features that these examples were
built from. `register` registers the champion in MLflow if `search.yaml` says where; if MLflow does not answer, its log
says so, and the next run tries again.

**A scheduled run first waits** until the examples hold what yesterday's logs give them, which is usually so before it
starts. After five hours it goes on with what is there, with a warning. A manual run does not wait.

**No backfill**: a ranker is trained on what is published now. Each older ranker is a row of `ranking.rankers`, with
the snapshots that it was trained on. Airflow refuses a backfill of this DAG.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, TriggerRule, task

from tidemark.airflow import DEFAULTS, complete_through, dataset, pin_inputs, register, report, say

DEADLINE = timedelta(hours=5)
"""How long a run waits for the examples. It ends after the wait of `build_training_data`, which starts earlier."""


@task(trigger_rule=TriggerRule.NONE_FAILED)
def release(name: str) -> None:
    """Record which snapshots of all tables belong together."""
    from tidemark.airflow.chores import write_release

    say(write_release(name))


with DAG(
    "train_ranker",
    schedule=CronDataIntervalTimetable("30 2 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=2,  # so that a manual run need not queue behind one that waits; pools keep one publisher per table
    allowed_run_types=["scheduled", "manual"],
    default_args=DEFAULTS,
    tags=["ranking", "nightly"],
    doc_md=__doc__,
) as dag:
    (
        dataset("ranking.example_splits")
        >> dataset("ranking.rankers")
        >> dataset("ranking.ranker_scores")
        >> release("ranking.ranker_scores")
        >> report("ranking.report.nightly:render_pages")
        >> register("steering.register:register_after_run")
    )
    pin = pin_inputs(dag)
    complete_through("ranking.training_examples", DEADLINE) >> pin
