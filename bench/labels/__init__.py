"""Measure how good our relevance labels are, on demo worlds whose true grades are known: `python -m bench.labels`.

worlds.py    the worlds by name, and the settings of their human grades
records.py   what a world's logs become before the ranking tables: impressions, actions, items, features, grades
tables.py    the pipeline's own transforms, run on these tables by their specs
sources.py   label sources: raw rates, ours, the true grades
learner.py   a fixed ranker, trained on each source and judged by the true grades of queries without traffic
measures.py  how well labels order and how well they are calibrated
report.py    the tables that are printed
"""
