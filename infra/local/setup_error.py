"""The error of setup. It has its own class, because setup runs before the packages are installed."""


class SetupError(Exception):
    """Setup failed; the message says what to do next."""
