"""The error of hosting. Its message says where it happened, what is wrong, and what to do next."""

from tidemark.errors import TidemarkError


class HostError(TidemarkError):
    """A service, a port, an input or a run is not as required."""
