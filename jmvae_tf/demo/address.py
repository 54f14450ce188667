"""The address that the page listens on."""

import socket

from jmvae_tf.runtime.errors import UserError


def listen(host: str, port: int) -> socket.socket:
    """Opens a socket that listens on a port of a host; port 0 means any free port.

    Raises:
      UserError: if it cannot listen there.
    """
    try:
        [(family, _, _, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        raise UserError(
            "The page needs its own address and port",
            f"--host={host} --port={port}: {getattr(error, 'strerror', error)}",
            "choose others; --port=0 takes any free one",
        ) from error
    # Connections inherit it. Without it the end of each answer waits 40 ms for an acknowledgement;
    # asyncio only sets it on sockets that name their protocol.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
