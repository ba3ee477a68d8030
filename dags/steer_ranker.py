"""Decide which ranker is served: promote one, roll back, freeze, or unfreeze; the scores follow in the same run.

**Trigger it with the form**: the action, for `promote` the ranker, and the reason, in a sentence. The decision is
recorded with your name and holds through later nights until somebody takes it back. The commands
`tidemark ranker promote | rollback | freeze | unfreeze` do the same.

**The log of `record`** says what is decided, or why it is not possible; then nothing has changed. The log of `served`
says who is champion now and which ranker the published scores are from. `report` then writes the page of all rankers,
and `register` moves the alias of the champion in MLflow if `search.yaml` says where.
docs/runbooks/ranker-went-bad.md says when to use which action.

**Who**: every user whom Airflow lets trigger DAGs. A viewer cannot.
**No backfill**: a decision is made once. If `record` is cleared, it finds its decision and records no second one.
"""

from airflow.sdk import DAG, Param, TriggerRule, task

from tidemark.airflow import ON_REQUEST, dataset, register, report, say

PARAMS = {
    "action": Param(
        None,
        type="string",
        enum=["promote", "rollback", "freeze", "unfreeze"],
        title="Action",
        description="promote: serve this ranker. rollback: serve the champion before the present one. freeze: keep the "
        "champion, and promote nothing. unfreeze: let the gate decide again, from the next night on",
    ),
    "version": Param(
        None,
        type=["null", "string"],
        maxLength=100,
        title="Ranker",
        description="Only for promote: a model version, or the number of its training run",
    ),
    "reason": Param(
        None,
        type="string",
        minLength=1,
        maxLength=500,
        title="Reason",
        description="Why, in a sentence; it is recorded, and shown to readers of the scores",
    ),
}


@task
def record() -> None:
    """Check the decision and put it into the landing folder."""
    from tidemark.airflow.chores import call_with_request

    say(call_with_request("steering.by_run:record_decision"))


@task(trigger_rule=TriggerRule.NONE_FAILED)
def served() -> None:
    """Check that the decision has landed, and say who is champion and what the scores say."""
    from tidemark.airflow.chores import call_with_request

    say(call_with_request("steering.by_run:describe_decision"))


with DAG(
    "steer_ranker",
    description="Promote a ranker, roll back, freeze or unfreeze, with a reason",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    allowed_run_types=["manual"],
    default_args=ON_REQUEST,
    params=PARAMS,
    tags=["ranking", "on request"],
    doc_md=__doc__,
):
    (
        record()
        >> dataset("ranking.ranker_decisions")
        >> dataset("ranking.ranker_scores")
        >> served()
        >> report("ranking.report.nightly:render_pages")
        >> register("steering.register:register_after_run")
    )
