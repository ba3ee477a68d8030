"""Tests of the ranking datasets, from impressions to features, on a small world of random logs."""
