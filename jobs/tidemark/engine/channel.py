"""How a client reaches a Connect server and says who it is."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import grpc
from pyspark.sql.connect.client.core import DefaultChannelBuilder

if TYPE_CHECKING:
    from grpc import Channel


class TokenChannelBuilder(DefaultChannelBuilder):
    """Spark's own builder, which also sends a token to a loopback address.

    Spark's builder does so for the name `localhost` only, and wants TLS for everything else. That name may stand for
    ::1 as well, where another user could listen on our port and be sent the token.
    """

    def toChannel(self) -> Channel:
        """A channel to the address; without TLS only if it does not leave this machine, or if no token is sent."""
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
