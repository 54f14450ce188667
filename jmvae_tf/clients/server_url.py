"""Parses the URL of a server, which has only a protocol, a host and a port."""

import ipaddress
import urllib.parse
from typing import NamedTuple

from jmvae_tf.runtime.errors import UserError


class ServerUrl(NamedTuple):
    """The parts of a server's URL.

    Attributes:
      protocol: "http", "https" or "grpc".
      address: host and port as written, for example "localhost:8501".
      host: the host alone.
    """

    protocol: str
    address: str
    host: str

    @property
    def url(self) -> str:
        """The complete URL, with nothing after the port."""
        return f"{self.protocol}://{self.address}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, which needs no proxy."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return address.is_loopback or address.is_unspecified


def parse_server_url(url: str) -> ServerUrl:
    """Parses the URL of a server.

    Args:
      url: http://HOST:PORT, https://HOST:PORT or grpc://HOST:PORT. The port may be left out, and a
        "/" at the end is allowed.

    Raises:
      UserError: if it has another form; a path, a query, a fragment and credentials are refused.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        fits = (
            parts.scheme in ("http", "https", "grpc")
            and bool(parts.hostname)
            and parts.port != 0  # A port that is not a number raises ValueError.
            and parts.path in ("", "/")
            # urlsplit drops white space and does not report an empty query or password.
            and url.isprintable()
            and not set(url) & set(" ?#@\\%")
        )
    except ValueError:
        fits = False
    if not fits:
        raise UserError(
            "--server must be http://HOST:PORT, https://HOST:PORT or grpc://HOST:PORT, with "
            "nothing after the port and no user name before the host",
            f"--server={url}",
            "change it",
        )
    return ServerUrl(parts.scheme, parts.netloc, parts.hostname or "")
