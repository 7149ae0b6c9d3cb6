"""Forty hosts that greet with one octet a second: none holds a slot beyond its time, and together they do not keep the others' mail."""
import contextlib
import json
import smtplib
import socket
import threading
import time

from harness import Server, eventually, expect, scenario
from peers import net
from peers.next_hop import NextHop

TARPITS = 40


class Tarpit:
    """On all addresses of loopback; `held`: connections open now."""

    def __init__(self):
        self.port = net.free_port()
        self.listener = socket.create_server(("0.0.0.0", self.port), backlog=200)
        self.listener.settimeout(0.5)
        self.held, self.over = [], threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        dripped = time.monotonic()
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                self.held.append(self.listener.accept()[0])
            if time.monotonic() - dripped < 1:
                continue
            dripped = time.monotonic()
            for one in list(self.held):
                try:
                    one.send(b"2")
                except OSError:
                    one.close()
                    self.held.remove(one)

    def stop(self):
        self.over.set()
        self.thread.join()
        for one in (*self.held, self.listener):
            one.close()


def send(server, recipients):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.sendmail("a@sender.example", recipients, "Subject: hello\r\n\r\nhello\r\n")


@scenario
def run(folder):
    tarpit = Tarpit()
    settings = {"smtp": {"relay_networks": ["127.0.0.0/8"]}, "delivery": {"connections": 20}}
    try:
        with Server(folder, accounts=False, settings=settings, listen=("smtp",)).start() as server, NextHop() as well, NextHop() as known:
            table = folder / "gateway.dat"
            table.write_text("".join(f"tar{n}.example,127.0.9.{n + 1},{tarpit.port}\n" for n in range(TARPITS + 1)) + f"well.example,127.0.0.1,{well.port}\nknown.example,127.0.0.1,{known.port}\n")
            server.cli("route", "import", table)
            send(server, ["first@known.example"])
            eventually(lambda: len(known.transactions) == 1, "a host is known to answer")
            send(server, [f"user@tar{n}.example" for n in range(TARPITS)])
            eventually(lambda: len(tarpit.held) >= 10, "the tarpits hold what hosts that have not answered may use", seconds=30)
            send(server, ["user@well.example"])
            send(server, ["second@known.example"])
            eventually(lambda: len(known.transactions) == 2, "who is known to answer waits for none of them", seconds=60)
            # By reply_time alone, five minutes for each of two rounds of them, it would be ten.
            eventually(lambda: well.transactions, "they do not keep the mail of others", seconds=300)

            # However steadily its octets come, a reply has its time.
            server.change_settings(delivery={"connections": 200, "reply_time": "3s"})
            time.sleep(2)  # settings are in force within a second
            send(server, [f"user@tar{TARPITS}.example"])
            items = lambda: json.loads(server.cli("queue", "list", "--domain", f"tar{TARPITS}.example", "--json"))["items"]
            waits = eventually(lambda: [item for item in items() if item.get("attempts", 0) >= 1], "an attempt at a tarpit ends", seconds=60)
            expect(waits[0]["recipient"] == f"user@tar{TARPITS}.example", "its recipient waits for the next try")
    finally:
        tarpit.stop()
