"""Hosting on one machine: environment, services and `make run`. A run writes only below one home."""
