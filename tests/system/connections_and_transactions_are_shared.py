"""Many recipients of one domain go in one transaction, many mails over one connection; a next hop that takes only some
recipients at a time gets the rest in another transaction; the settings' limits on connections hold."""
import smtplib
import threading
import time

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def submit(server, recipients, subject="x"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, recipients, f"Subject: {subject}\r\n\r\nHello\r\n")


class Slow(NextHop):
    """Takes a moment for each mail and counts the connections open at once."""

    def __init__(self):
        super().__init__(answer=self.decide)
        self.most = 0

    def decide(self, verb, line, session):
        self.most = max(self.most, len(self.open))
        if verb == "END":
            time.sleep(0.1)


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "connections_per_destination": 3, "messages_per_connection": 20}}
    with Server(folder, settings=settings) as server, NextHop() as hop, Slow() as slow, NextHop(answer=limited) as small:
        server.start()
        for domain, peer in (("far.example", hop), ("slow.example", slow), ("small.example", small)):
            server.cli("route", "add", f"{domain},127.0.0.1,{peer.port}")
        many = [f"r{n:03}@far.example" for n in range(80)]
        submit(server, many)
        eventually(lambda: hop.recipients == sorted(many), "all recipients")
        expect(len(hop.transactions) == 1, f"in one transaction: {[len(t.recipients) for t in hop.transactions]}")
        more = [f"m{n:03}@far.example" for n in range(450)]
        submit(server, more)
        eventually(lambda: set(more) <= set(hop.recipients), "450 recipients")
        expect(len(hop.transactions) <= 6, f"in few transactions: {[len(t.recipients) for t in hop.transactions]}")
        expect(len(hop.recipients) == 530, "each once")

        for number in range(10):
            submit(server, [f"one-after-another{number}@far.example"])
            eventually(lambda: f"one-after-another{number}@far.example" in hop.recipients, f"mail {number}")
        used = {t.connection for t in hop.transactions[-10:]}
        expect(len(used) <= 2, f"ten mails within a few seconds share a connection: {used}")

        threads = [threading.Thread(target=submit, args=(server, [f"s{n}@slow.example"])) for n in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: len(slow.recipients) == 60, "60 mails to a slow hop")
        expect(slow.most <= 3, f"at most 3 connections: {slow.most}")
        by_connection = [sum(t.connection == number for t in slow.transactions) for number in range(1, slow.connections + 1)]
        expect(max(by_connection) <= 20, f"at most 20 mails over one connection: {by_connection}")
        expect(slow.connections <= 12, f"connections are used again: {by_connection}")

        few = [f"f{n}@small.example" for n in range(35)]
        submit(server, few)
        eventually(lambda: small.recipients == sorted(few), "a hop that says 452 after 10 recipients gets all", 40)
        expect(server.subjects(HANAKO) == [], "and nothing bounced")


def limited(verb, line, session):
    if verb == "MAIL":
        session.taken = 0
    if verb == "RCPT":
        session.taken += 1
        if session.taken > 10:
            return "452 4.5.3 Too many recipients"
