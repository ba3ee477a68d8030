"""Measure what the loop costs, in seconds and as ratios within one run: `python -m bench [name [key=value ...] ...]`.

idle.py         a session with nothing new
fixed.py        a full session of a thousand rows, step by step
wap.py          a session compared with a plain append of the same rows
init.py         planning over many snapshots
incremental.py  one new day compared with a full rebuild
lookback.py     sessions compared with a job that rewrites the last two weeks each night
housekeeping.py many sessions, with maintenance each night
history.py      months of logs that are handed in at once

labels/         how good the relevance labels are: `python -m bench.labels`

lake.py         the lake of a bench, with a small domain (schemas/, transforms.py, parsers.py)
data.py         rows made from numbers, the same in every run
search_logs.py  logs made from numbers, for the bench `history`
children.py     work in separate processes
figures.py      medians, and the table that is printed
command.py      names and sizes on the command line
"""
