"""Free ports of the loopback."""

import socket


def free(kind=socket.SOCK_STREAM):
    """A port that nobody had when it was asked for."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_for_sip():
    """A port free for UDP and TCP."""
    for _ in range(50):
        port = free()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", port))
                return port
        except OSError:
            continue
    raise OSError("no port is free for UDP and TCP")
