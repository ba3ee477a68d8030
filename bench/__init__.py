"""What the loop costs, as seconds and as ratios measured in one run: `python -m bench [name [key=value ...] ...]`.

idle.py         a session with nothing new
fixed.py        a full session of a thousand rows, step by step
wap.py          a session against a bare append of the same rows
init.py         planning over many snapshots
incremental.py  one new day against a full rebuild
housekeeping.py many sessions, maintained each night

lake.py         a lake of its own with a small domain (schemas/, transforms.py, parsers.py)
data.py         rows from numbers: the same in every run
children.py     work in a process of its own
figures.py      medians and the table that is printed
command.py      names and sizes on the command line
"""
