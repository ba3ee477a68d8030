"""Erase the records of a person, and prove that nothing counts them any more."""
