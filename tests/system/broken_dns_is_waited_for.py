"""While no DNS server answers, mail for other domains waits and nothing bounces; it goes when one of them answers again,
though the first of the list stays dead."""
import smtplib

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers import net  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402


@scenario
def run(folder):
    need("nsd")
    dns = NameServer(folder / "dns", "far.example. MX 10 mx.far.example.\nmx.far.example. A 127.0.1.1")
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"resolvers": [f"127.0.0.1@{net.free_port()}", dns.address], "hosts_file": "", "retry_interval": "1s", "retry_growth": "constant"}}
    with Server(folder, settings=settings) as server, NextHop("127.0.1.1", 25) as hop:
        server.start()
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
            client.sendmail(HANAKO, ["x@far.example"], "Subject: waits\r\n\r\nHello\r\n")
        eventually(lambda: "DNS" in server.cli("queue", "list", "--json"), "deferred, with DNS as the reason", 60)
        expect(server.subjects(HANAKO) == [], "no bounce")
        with dns:
            eventually(lambda: hop.recipients == ["x@far.example"], "delivered once DNS answers", 60)
