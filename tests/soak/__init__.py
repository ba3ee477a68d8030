"""A long soak test with a seed: upstream changes its feeds while two runners work and are killed; a reader watches.

schedule.py   the decisions about what happens, as data that can be stored and replayed
decisions.py  makes a schedule from a seed
ledger.py     the rows that the feeds should hold
oracle.py     what each target should hold: slow plain Python over the ledger
upstream.py   carries out on the lake what the schedule decided for upstream and for maintenance
runner.py     a process that runs sessions until it is killed, with a journal of its steps
reader.py     a process that polls main of each target and looks for states that no reader may see
checks.py     compares the lake with the oracle after recovery
eras.py       one lake after another: rounds of kills and changes, each followed by a recovery
figures.py    the counts of a soak
processes.py  starts, kills and stops runners and readers
"""
