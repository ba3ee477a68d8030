"""Ports of this machine: find a free one, and check whether one is taken or something listens on it."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def why_taken(port: int) -> str | None:
    """Return why a server cannot listen on a port; None if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def is_listening(port: int, host: str = HOST) -> bool:
    """Return whether something accepts connections at a host and port. Waits for 5 seconds at most."""
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except (OSError, OverflowError):
        return False
