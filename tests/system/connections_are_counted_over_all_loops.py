"""smtp.connections is one limit for the process, however many loops it runs; a place is free again when its client goes."""
import socket

from harness import Server, eventually, expect, scenario

LIMIT = 3


def greet(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    return client, client.recv(1000)[:3]


@scenario
def run(folder):
    with Server(folder, accounts=False, settings={"smtp": {"connections": LIMIT}}).start() as server:
        for _ in range(3):  # which loop takes a connection is chance
            eventually(lambda: served(server.smtp_port) == LIMIT, f"{LIMIT} of {4 * LIMIT} are served; the places are free again when their clients have gone")


def served(port):
    """How many of four times LIMIT connections at once are greeted; never more than LIMIT."""
    clients = [greet(port) for _ in range(4 * LIMIT)]
    for client, _ in clients:
        client.close()
    codes = [code for _, code in clients]
    expect(set(codes) <= {b"220", b"421"} and codes.count(b"220") <= LIMIT, f"{LIMIT} of {4 * LIMIT} are served: {codes}")
    return codes.count(b"220")
