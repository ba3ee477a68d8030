"""The embedded host: environment, services, `make run`. All that it writes lies under one home."""
