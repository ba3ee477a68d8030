"""A deterministic demo world: search logs whose truth is known.

`world` writes the logs, `truth` reads what is hidden from the pipeline and marks rankings by it.
"""
