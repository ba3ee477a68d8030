"""What hosting refuses; the message says where, what, and what to do next."""

from tidemark.errors import TidemarkError


class HostError(TidemarkError):
    """A service, a port, an input or a run is not as it must be."""
