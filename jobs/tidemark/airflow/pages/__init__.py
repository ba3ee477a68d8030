"""The pages of Tidemark inside Airflow: the status of all datasets, sessions, and the reports of the home.

    plugin.py     what `infra/plugins/` registers with Airflow, under the path `/tidemark`
    app.py        the routes, behind Airflow's login
    access.py     who may see the pages, and the way to the login page
    reports.py    which files of the folder `reports` are served
    status.py     the status page
    running.py    what the status page says about now: sessions in progress, services that died
    host.py       what Airflow's database says about runs and services
    sessions.py   the list of sessions, and the page of one session
    quality.py    the history of data quality, with quality_checks.py and charts.py
    html.py       the frame of a page and its building blocks
    reading.py    what a request reads

The modules that render pages import no Airflow.
"""
