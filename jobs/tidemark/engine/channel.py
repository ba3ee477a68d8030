"""Connect a client to a Connect server and authenticate it with a token."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import grpc
from pyspark.sql.connect.client.core import DefaultChannelBuilder

if TYPE_CHECKING:
    from grpc import Channel


class TokenChannelBuilder(DefaultChannelBuilder):
    """Spark's channel builder, extended to send a token to a loopback address without TLS.

    Spark's own builder allows this for the name `localhost` only and requires TLS for any other host. But `localhost`
    may also resolve to ::1, where another user could listen on our port and receive the token.
    """

    def toChannel(self) -> Channel:
        """Open a channel. It is without TLS only if it stays on this machine, or if no token is sent."""
        if self.token is None or self.use_ssl or not _is_loopback(self.host):
            return super().toChannel()
        credentials = grpc.composite_channel_credentials(
            grpc.local_channel_credentials(), grpc.access_token_call_credentials(self.token)
        )
        return self._secure_channel(self.endpoint, credentials)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
