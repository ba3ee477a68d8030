"""A long seeded soak: upstream changes its feeds while two runners work and are killed; a reader looks on.

schedule.py   what will happen, decided by a seed alone, as data that can be stored and replayed
ledger.py     the rows that the feeds should hold
oracle.py     what each target should hold: slow plain Python over the ledger
upstream.py   carries out on the lake what the schedule decided for upstream and for maintenance
runner.py     a process that works through sessions until it is killed, with a journal of its steps
reader.py     a process that polls main of each target and looks for what no reader may ever see
checks.py     the lake against the oracle, once the survivors have recovered
eras.py       one lake after another: rounds of trouble, each with its recovery
figures.py    what was counted on the way
"""
