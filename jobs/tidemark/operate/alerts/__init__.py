"""Alerts: what somebody on call is told, when it begins and when it ends.

    alert.py        one message: where, what, next command, page, runbook
    failures.py     the alert about a task that failed
    conditions.py   the alerts that the status of the datasets calls for
    record.py       `ops.alerts`: what has been told, so that nothing is told twice
    watch.py        compare the conditions that hold with what has been told

Nothing here sends a message; `tidemark.airflow.alerting` does.
"""
