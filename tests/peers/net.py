"""Ports that no other test has, and waiting for a server to answer."""
import itertools
import random
import socket
import time

# Below every ephemeral range (Linux begins at 32768): no client's own port, ours or the system's, can be in the way of a listener.
PORTS = range(10000, 32000)
_candidates = itertools.cycle(random.Random().sample(PORTS, len(PORTS)))
_claims = []  # Held until this process ends.


def free_port():
    """A port on which nothing listens, never given twice: not to this process, nor to another one that runs beside it."""
    for port in itertools.islice(_candidates, len(PORTS)):
        if _claimed(port) and _unused(port):
            return port
    raise RuntimeError(f"no free port is left in {PORTS.start}-{PORTS.stop - 1}")


def free_base(offsets):
    """A number that, with each of `offsets` added, is such a port: for a server whose ports stand in a fixed order."""
    for base in itertools.islice(_candidates, len(PORTS)):
        ports = [base + offset for offset in offsets]
        if max(ports) in PORTS and all(_unused(port) for port in ports) and all(_claimed(port) for port in ports):
            return base
    raise RuntimeError(f"no {len(offsets)} ports in a fixed order are left in {PORTS.start}-{PORTS.stop - 1}")


def _claimed(port):
    """An abstract name is one process's at a time, and is given back by the kernel however that process ends."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0hikyaku-test-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def _unused(port):
    """Over all addresses and both kinds: name servers listen to datagrams too."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


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
