"""Ports chosen by the kernel, and waiting for a server to answer."""
import socket
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, host="127.0.0.1", seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((host, port), timeout=1):
                return
        except OSError as problem:
            if time.monotonic() > end:
                raise RuntimeError(f"nothing answers on {host}:{port} after {seconds} s: {problem}") from None
            time.sleep(0.05)
