"""A relay domain whose mail goes by MX asks for it by ETRN (RFC 1985) when its hosts are long forgotten: the backlog stands
under their names, and goes at once, hours before its time."""
import json
import smtplib

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

ZONE = """\
inner.example. MX 10 shared.host.example.
sub.inner.example. MX 10 below.host.example.
shared.host.example. A 127.0.1.1
below.host.example. A 127.0.2.1
"""


def client_of(server):
    return smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0))


def waiting(server):
    listed = json.loads(server.cli("queue", "list", "--json"))
    return listed["items"] if isinstance(listed, dict) else listed


def ask(server, wish):
    with client_of(server) as client:
        client.ehlo()
        expect(client.docmd("ETRN", wish)[0] == 250, f"{wish} is taken")


@scenario
def run(folder):
    need("nsd")
    with NameServer(folder / "dns", ZONE) as dns:
        settings = {"smtp": {"relay_networks": ["127.0.0.5"], "etrn_networks": ["127.0.0.5"]},
                    "delivery": {"resolvers": [dns.address], "retry_interval": "4h", "unanswered_period": "48h"}}
        with Server(folder, settings=settings) as server:
            server.start()
            for domain in ("inner.example", "sub.inner.example"):
                server.cli("domain", "add", domain, "--relay")
                with client_of(server) as client:
                    client.sendmail(HANAKO, [f"x@{domain}"], f"Subject: to {domain}\r\n\r\nHello\r\n")
            items = eventually(lambda: len(found := [i for i in waiting(server) if i.get("state") == "deferred"]) == 2 and found, "both deferred")
            expect({item["destination"] for item in items} == {"mx:shared.host.example", "mx:below.host.example"}, f"by their hosts: {items}")
            restored = lambda: sum(event["event"] == "schedule.restored" for event in server.events("servicelog"))
            server.cli("service", "stop", "deliver")
            before = restored()
            server.cli("service", "start", "deliver")  # it knows no domain's hosts
            eventually(lambda: restored() > before, "it has its timers", 60)
            with NextHop("127.0.1.1", 25) as shared:
                ask(server, "inner.example")
                eventually(lambda: shared.recipients == ["x@inner.example"], "it goes at once", 60)
