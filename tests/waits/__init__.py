"""Waiting until a table is complete: by command, in a DAG, and in the triggerer."""
