"""Alerts by Airflow's own means.

notifier.py      `FailureAlert`, the callback of every task
failed_tasks.py  tell a failure once
channels.py      the log, mail, a webhook
watching.py      tell what no failed task shows; the task of `watch_tables`
turns.py         let one process at a time compare, send and record
command.py       `tidemark alerts test`
"""
