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
            clients = [greet(server.smtp_port) for _ in range(4 * LIMIT)]
            codes = sorted(code for _, code in clients)
            expect(codes == [b"220"] * LIMIT + [b"421"] * (3 * LIMIT), f"{LIMIT} of {4 * LIMIT} are served: {codes}")
            for client, _ in clients:
                client.close()
            eventually(lambda: served(server.smtp_port) == LIMIT, "the places are free again")


def served(port):
    """How many of LIMIT connections at once are greeted."""
    clients = [greet(port) for _ in range(LIMIT)]
    for client, _ in clients:
        client.close()
    return sum(code == b"220" for _, code in clients)
