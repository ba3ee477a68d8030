"""What setup refuses. Of its own, since setup runs before the packages are there."""


class SetupError(Exception):
    """Something cannot be set up; the message says what to do."""
