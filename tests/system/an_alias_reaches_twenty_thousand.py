"""An alias of aliases with 20,000 targets: each gets one copy, though deliver is killed again and again meanwhile; what is
in flight at a kill is all that may come twice."""
import collections
import time

from _killing import kill_service
from harness import DOMAIN, LONG, Server, eventually, expect, scenario
from peers.next_hop import NextHop

TARGETS, KILLS = 20_000, 6 if LONG else 2
IN_FLIGHT = 100 * 20  # recipients of a transaction, connections to one destination


def recipients(hop):
    return [to for mail in list(hop.transactions) for to in mail.recipients]


@scenario
def run(folder):
    with Server(folder) as server, NextHop() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        parts = [f"part{part}@{DOMAIN}" for part in range(TARGETS // 1000)]
        for part, name in enumerate(parts):
            server.cli("alias", "add", name, *(f"u{part * 1000 + i}@far.example" for i in range(1000)))
        server.cli("alias", "add", f"all@{DOMAIN}", *parts)
        server.send(recipient=f"all@{DOMAIN}", subject="to all")
        for kill in range(KILLS):
            eventually(lambda: len(recipients(hop)) > kill * TARGETS // (KILLS + 2), "copies go out", 120)
            kill_service(server, "deliver")
            time.sleep(0.3)
        eventually(lambda: len(set(recipients(hop))) == TARGETS, "everybody has it", 120)
        eventually(lambda: server.cli("queue", "list", "--json").find("@") < 0, "the queue is empty", 60)
        counts = collections.Counter(recipients(hop))
        expect(set(counts) == {f"u{i}@far.example" for i in range(TARGETS)}, "nobody else")
        twice = sum(count - 1 for count in counts.values())
        expect(twice <= KILLS * IN_FLIGHT, f"only what was in flight comes twice: {twice}")
