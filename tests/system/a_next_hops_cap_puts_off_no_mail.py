"""A next hop that takes three connections at once and tells more of them 421: with the cap in connection_limits none is told so, though each connection
carries ten mails only; with nobody having told us it is found, and no mail is put off, deferred or tried again for it."""
import smtplib
import threading
import time

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

CAP = 3
MAILS = 150


class Capped(NextHop):
    """Takes a moment for each mail, and three connections; `turned` counts those it turned away."""

    def __init__(self):
        super().__init__(answer=self.decide)
        self.admitted, self.turned, self.most = set(), 0, 0

    def decide(self, verb, line, session):
        if verb == "CONNECT":
            with self.lock:
                self.admitted &= self.open
                if len(self.admitted) >= CAP:
                    self.turned += 1
                    return "421 4.3.2 Too many connections"
                self.admitted.add(session.connection)
                self.most = max(self.most, len(self.admitted))
        if verb == "END":
            time.sleep(0.02)
        return None


def submit(server, domain):
    """From ten clients at once."""
    def send(numbers):
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
            for number in numbers:
                client.sendmail(HANAKO, [f"r{number:03}@{domain}"], "Subject: x\r\n\r\nHello\r\n")

    threads = [threading.Thread(target=send, args=(range(first, MAILS, 10),)) for first in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@scenario
def run(folder):
    # Whoever is put off comes back after this scenario's end only.
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "2h", "retry_growth": "constant", "messages_per_connection": 10, "connection_limits": [f"told.example {CAP}"]}}
    with Server(folder, settings=settings) as server, Capped() as told, Capped() as untold:
        server.start()
        server.cli("route", "add", f"told.example,127.0.0.1,{told.port}")
        server.cli("route", "add", f"untold.example,127.0.0.1,{untold.port}")
        for domain, hop in (("told.example", told), ("untold.example", untold)):
            wanted = sorted(f"r{number:03}@{domain}" for number in range(MAILS))
            submit(server, domain)
            eventually(lambda: sorted(hop.recipients) == wanted, f"all mails to {domain}, each once", 120)
            expect(hop.most <= CAP, f"at most {CAP} connections: {hop.most}")
            expect(hop.connections - hop.turned >= MAILS // 10, f"ten mails over each: {hop.connections}")
        expect(told.turned == 0, f"with the cap told no connection is one too many: {told.turned} of {told.connections}")
        expect(0 < untold.turned < 60, f"the cap was met and found: {untold.turned} of {untold.connections}")

