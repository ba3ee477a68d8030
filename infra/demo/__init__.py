"""A deterministic demo world: simulated search logs whose true relevance grades are known.

`world` writes the logs. `truth` reads the grades, which are hidden from the pipeline, and evaluates rankings by them.
"""
