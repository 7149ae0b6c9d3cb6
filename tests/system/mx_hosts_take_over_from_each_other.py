"""By DNS: MX in order of preference, failover over hosts and over the addresses of one host, 4xx greetings included; a
null MX and a missing domain bounce at once; without MX the A record; broken DNS waits; the hosts file goes first. We are
known by our name and by our addresses, whatever they are called."""
import email
import smtplib

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import DROP, NextHop  # noqa: E402

ZONE = """\
order.example. MX 20 second.order.example.
order.example. MX 10 first.order.example.
first.order.example. A 127.0.1.1
second.order.example. A 127.0.1.2
down.example. MX 10 down.down.example.
down.example. MX 20 up.down.example.
down.down.example. A 127.0.2.1
up.down.example. A 127.0.2.2
several.example. MX 10 host.several.example.
host.several.example. A 127.0.3.1
host.several.example. A 127.0.3.2
host.several.example. A 127.0.3.3
busy.example. MX 10 busy.busy.example.
busy.example. MX 20 idle.busy.example.
busy.busy.example. A 127.0.4.1
idle.busy.example. A 127.0.4.2
cut.example. MX 10 cut.cut.example.
cut.example. MX 20 good.cut.example.
cut.cut.example. A 127.0.5.1
good.cut.example. A 127.0.5.2
null.example. MX 0 .
plain.example. A 127.0.6.1
empty.example. TXT "neither MX nor address"
gone.example. MX 10 gone.gone.example.
half.example. MX 10 missing.half.example.
half.example. MX 20 there.half.example.
there.half.example. A 127.0.7.1
loop.example. MX 10 mail.test.example.
mail.test.example. A 127.0.0.1
backup.example. MX 10 first.backup.example.
backup.example. MX 20 mail.test.example.
first.backup.example. A 127.0.8.1
alias.example. CNAME plain.example.
mirror.example. MX 10 mirror.mirror.example.
mirror.mirror.example. A 127.0.20.1
direct.example. A 127.0.20.1
pair.example. MX 10 other.pair.example.
pair.example. MX 10 mirror.mirror.example.
other.pair.example. A 127.0.22.1
behind.example. MX 10 first.behind.example.
behind.example. MX 20 other.pair.example.
behind.example. MX 20 mirror.mirror.example.
behind.example. MX 30 after.behind.example.
first.behind.example. A 127.0.21.1
after.behind.example. A 127.0.23.1
"""


def submit(server, domain):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"x@{domain}"], f"Subject: to {domain}\r\n\r\nHello\r\n")


def bounces(server):
    client = server.imap()
    _, count = client.select("INBOX", readonly=True)
    parts = client.fetch("1:*", "(BODY.PEEK[])")[1] if int(count[0]) else []
    client.logout()
    found = {}
    for part in parts:
        if isinstance(part, tuple):
            fields = email.message_from_bytes(part[1]).get_payload()[1].get_payload()[1]
            found[fields["Final-Recipient"].split("@")[1]] = fields["Status"]
    return found


@scenario
def run(folder):
    need("nsd")
    hosts = folder / "hosts"
    hosts.write_text("127.0.9.1 fixed.example\n")
    here = {name: NextHop(host, 25).start() for name, host in
            (("first", "127.0.1.1"), ("second", "127.0.1.2"), ("up", "127.0.2.2"), ("address", "127.0.3.2"), ("idle", "127.0.4.2"),
             ("good", "127.0.5.2"), ("plain", "127.0.6.1"), ("there", "127.0.7.1"), ("fixed", "127.0.9.1"))}
    busy = NextHop("127.0.4.1", 25, lambda verb, line, session: "421 4.3.2 busy" if verb == "CONNECT" else None).start()
    cut = NextHop("127.0.5.1", 25, lambda verb, line, session: DROP if verb == "CONNECT" else None).start()
    with NameServer(folder / "dns", ZONE) as dns:
        settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                    "delivery": {"resolvers": [dns.address], "hosts_file": str(hosts), "retry_interval": "1s",
                                 "retry_growth": "constant", "unanswered_period": "1h"}}
        with Server(folder, settings=settings) as server:
            server.listen_also("127.0.20.1:25")
            server.start()
            check(server, here)
            never_ourselves_by_any_name(server)
            by_dns_on_terms(server, here, dns.address.split("@")[0])
            expect(busy.connections and cut.connections, "the hosts in trouble were asked first")


def by_dns_on_terms(server, here, dns):
    """A row whose target is the DNS server says how the hosts that DNS names are spoken to: none of these has TLS."""
    server.cli("route", "import", "-", input=f"plain.example,{dns},25,tls=required\nup.down.example,{dns},25\n")
    submit(server, "plain.example")
    submit(server, "up.down.example")
    eventually(lambda: "x@up.down.example" in here["up"].recipients, "no terms, no demands", 60)
    waits = eventually(lambda: [line for line in server.cli("queue", "destinations").splitlines() if "tls=required" in line] or None, "it waits", 60)
    expect("mx:plain.example" in waits[0] or "plain.example" in waits[0], f"by MX, and by name: {waits}")
    expect(here["plain"].recipients.count("x@plain.example") == 1, "nothing in the clear")
    server.cli("route", "import", "-", "--yes", input=f"plain.example,{dns},25\n")
    eventually(lambda: here["plain"].recipients.count("x@plain.example") == 2, "queued mail goes by the new row", 60)


def check(server, here):
    arrives = {"order.example": "first", "down.example": "up", "several.example": "address", "busy.example": "idle", "cut.example": "good",
               "plain.example": "plain", "half.example": "there", "alias.example": "plain", "fixed.example": "fixed"}
    refused = {"null.example": "5.1.10", "nowhere.example": "5.1.2", "empty.example": "5.1.2", "gone.example": "5.1.2", "loop.example": "5.4.6",
               "mirror.example": "5.4.6", "direct.example": "5.4.6", "pair.example": "5.4.6"}
    for domain in (*arrives, *refused):
        submit(server, domain)
    for domain, name in arrives.items():
        eventually(lambda: f"x@{domain}" in here[name].recipients, f"mail to {domain} at {name}", 60)
    expect(here["second"].connections == 0, "the second MX is not used while the first answers")
    eventually(lambda: set(refused) <= set(bounces(server)), f"bounces of {set(refused)}", 60)
    found = bounces(server)
    expect(set(found) == set(refused), f"no others: {found}")
    for domain, status in refused.items():
        expect(found[domain] == status, f"{domain}: {found[domain]}, not {status}")

    # A failed probe of the first host is no reason to stay with the second for ever.
    here["first"].stop()
    submit(server, "order.example")
    eventually(lambda: here["second"].recipients == ["x@order.example"], "the second takes over", 60)
    # We are a backup ourselves: never sent to us or to those after us, so it waits for the first.
    submit(server, "backup.example")
    eventually(lambda: "x@backup.example" in server.cli("queue", "list"), "waits for the first MX")
    with NextHop("127.0.8.1", 25) as first:
        eventually(lambda: first.recipients == ["x@backup.example"], "which takes it", 60)
    submit(server, "[127.0.6.1]")
    eventually(lambda: "x@[127.0.6.1]" in here["plain"].recipients, "an address literal", 60)


def never_ourselves_by_any_name(server):
    """RFC 5321 section 5.1: an MX at an address of ours is us, and nobody as far from the domain as we are, or farther, gets its mail."""
    equal, farther = NextHop("127.0.22.1", 25).start(), NextHop("127.0.23.1", 25).start()
    submit(server, "behind.example")
    eventually(lambda: "x@behind.example" in server.cli("queue", "list"), "waits for the first MX")
    with NextHop("127.0.21.1", 25) as first:
        eventually(lambda: first.recipients == ["x@behind.example"], "which takes it", 60)
    expect(equal.connections == 0 and farther.connections == 0, "nobody of our preference or behind us was asked")
