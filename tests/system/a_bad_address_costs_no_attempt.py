"""IPv6 that is broken, an address that refuses, one that is silent: the next address is tried in the same attempt, first of the
same host, then of the next one. Nothing is deferred."""
import smtplib
import threading

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

ZONE = """\
refused6.example. MX 10 mx.refused6.example.
mx.refused6.example. AAAA ::1
mx.refused6.example. A 127.0.1.1
noroute6.example. MX 10 mx.noroute6.example.
mx.noroute6.example. AAAA 2001:db8::1
mx.noroute6.example. AAAA 2001:db8::2
mx.noroute6.example. A 127.0.1.1
badfirst.example. MX 10 bad.badfirst.example.
badfirst.example. MX 20 mx.badfirst.example.
bad.badfirst.example. A 127.0.9.9
mx.badfirst.example. A 127.0.1.1
silent.example. MX 10 silent.silent.example.
silent.example. MX 20 mx.silent.example.
silent.silent.example. A 127.0.1.2
mx.silent.example. A 127.0.1.1
nomx6.example. AAAA 2001:db8::1
nomx6.example. A 127.0.1.1
"""
DOMAINS = ("refused6", "noroute6", "badfirst", "silent", "nomx6")


@scenario
def run(folder):
    need("nsd")
    wait = threading.Event()
    silent = NextHop("127.0.1.2", 25, lambda verb, line, session: wait.wait(60) and None if verb == "CONNECT" else None)
    with NextHop("127.0.1.1", 25) as good, silent, NameServer(folder / "dns", ZONE) as dns:
        settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                    "delivery": {"resolvers": [dns.address], "reply_time": "2s", "connect_time": "5s", "retry_interval": "1h"}}
        with Server(folder, settings=settings) as server:
            server.start()
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
                client.sendmail(HANAKO, [f"x@{name}.example" for name in DOMAINS], "Subject: address\r\n\r\nHello\r\n")
            eventually(lambda: set(good.recipients) == {f"x@{name}.example" for name in DOMAINS}, "all mail at the address that works", 60)
            expect(silent.connections, "the silent host was asked first")
            expect(not [e for e in server.events("senderlog") if e["event"] == "delivery.deferred"], "no attempt failed")
        wait.set()
