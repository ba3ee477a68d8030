"""The pages of Tidemark inside Airflow: the status of all datasets, sessions, and the reports of the home.

    plugin.py     what `infra/plugins/` registers with Airflow, under the path `/tidemark`
    app.py        the routes, behind Airflow's login
    access.py     who may see the pages, and the way to the login page
    reports.py    which files of the folder `reports` are served
    status.py     the status page
    sessions.py   the list of sessions, and the page of one session
    html.py       the frame of a page and its building blocks
    reading.py    what a request reads

The modules that render pages import no Airflow.
"""
