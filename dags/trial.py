from datetime import timedelta
from airflow.sdk import DAG, task, CronDataIntervalTimetable
with DAG("trial", schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"), catchup=False):
    @task
    def a():
        import sys
        print([m for m in ("great_expectations","pyspark","tidemark.session") if m in sys.modules])
    @task
    def b(): 
        import time; t=time.time()
        import great_expectations; print("gx", time.time()-t)
    a() >> b()
