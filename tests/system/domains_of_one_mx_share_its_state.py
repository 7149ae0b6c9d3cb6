"""Two domains with the same MX host are one destination: what is learned from one counts for the other, and both go when it is
back. A greylist that names its wait is visited after it, though the usual interval is an hour."""
import json
import smtplib
import time

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

ZONE = """\
one.example. MX 10 shared.host.example.
two.example. MX 10 shared.host.example.
shared.host.example. A 127.0.1.1
grey.example. MX 10 grey.host.example.
grey.host.example. A 127.0.2.1
"""


def submit(server, to):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [to], f"Subject: to {to}\r\n\r\nHello\r\n")


def waiting(server):
    listed = json.loads(server.cli("queue", "list", "--json"))
    return listed["items"] if isinstance(listed, dict) else listed


class Greylist:
    wait = 3

    def __init__(self):
        self.seen, self.early = {}, 0

    def __call__(self, verb, line, session):
        if verb != "RCPT":
            return None
        first = self.seen.setdefault(line, time.monotonic())
        if time.monotonic() - first >= self.wait:
            return None
        self.early += time.monotonic() - first > 0.5
        return f"451 4.7.1 Greylisted, please try again in {self.wait} seconds"


@scenario
def run(folder):
    need("nsd")
    with NameServer(folder / "dns", ZONE) as dns:
        settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                    "delivery": {"resolvers": [dns.address], "retry_interval": "2s", "retry_growth": "constant", "greylist_interval": "1h"}}
        with Server(folder, settings=settings) as server:
            server.start()
            submit(server, "x@one.example")
            eventually(lambda: any(i.get("state") == "deferred" for i in waiting(server)), "nobody listens: deferred")
            submit(server, "x@two.example")
            items = eventually(lambda: len(found := [i for i in waiting(server) if i.get("state") == "deferred"]) == 2 and found, "both deferred")
            expect({item["destination"] for item in items} == {"mx:shared.host.example"}, f"one destination: {items}")
            with NextHop("127.0.1.1", 25) as shared:
                eventually(lambda: sorted(shared.recipients) == ["x@one.example", "x@two.example"], "both go when it is back", 20)
            greylist = Greylist()
            with NextHop("127.0.2.1", 25, greylist) as grey:
                submit(server, "x@grey.example")
                eventually(lambda: grey.recipients == ["x@grey.example"], "back at the time it named", 20)
                expect(greylist.early == 0, "and not before")
            eventually(lambda: waiting(server) == [], "the queue is empty")
