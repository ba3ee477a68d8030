"""Tests of the ranking datasets from requests to features, on a small world of random logs."""
