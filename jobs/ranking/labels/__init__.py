"""Relevance labels: cuts in time, calibration, and the grade of each (query, item) pair."""
