"""A mailing list with 20,000 members at one slow site: each gets one copy, though deliver is killed again and again; and
mail from one person to another at the same site does not wait until the list is through."""
import collections
import threading
import time

from _killing import kill_service
from harness import DOMAIN, LONG, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

MEMBERS, KILLS = 20_000, 6 if LONG else 2
IN_FLIGHT = 100 * 20  # recipients of a transaction, connections to one destination
LIST = f"everybody@{DOMAIN}"


def recipients(hop):
    return [to for mail in list(hop.transactions) for to in mail.recipients]


@scenario
def run(folder):
    friend_is_here = threading.Event()

    def slow(verb, line, session):  # 10 rounds of all connections, until the friend has mail
        if verb == "RCPT" and "friend@" in line:
            friend_is_here.set()
        if verb == "DATA":
            friend_is_here.wait(4)

    with Server(folder) as server, NextHop(answer=slow) as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        server.cli("list", "add", LIST, "--posting", "anyone")
        everybody = {f"u{i}@far.example" for i in range(MEMBERS)}
        server.cli("list", "import", LIST, "-", input="\n".join(sorted(everybody)) + "\n")
        server.send(recipient=LIST, subject="to all")
        eventually(lambda: len(recipients(hop)) > 0, "copies go out", 120)
        server.send(recipient="friend@far.example", subject="to you", port=server.submission_port, tls=True, user=TARO)
        eventually(lambda: "friend@far.example" in recipients(hop), "one-to-one mail arrives", 120)
        behind = MEMBERS - len(set(recipients(hop)) & everybody)
        expect(behind > MEMBERS // 4, f"before the list was through: {behind} members were to come")
        for kill in range(KILLS):
            eventually(lambda: len(recipients(hop)) > (kill + 1) * MEMBERS // (KILLS + 3), "copies go on", 120)
            kill_service(server, "deliver")
            time.sleep(0.3)
        eventually(lambda: everybody <= set(recipients(hop)), "everybody has it", 240)
        eventually(lambda: "@" not in server.cli("queue", "list", "--json"), "the queue is empty", 60)
        counts = collections.Counter(to for to in recipients(hop) if to != "friend@far.example")
        expect(set(counts) == everybody, "nobody else")
        twice = sum(count - 1 for count in counts.values())
        expect(twice <= KILLS * IN_FLIGHT, f"only what was in flight comes twice: {twice}")
        senders = {mail.sender.split(">")[0] for mail in hop.transactions if "friend@far.example" not in mail.recipients}
        expect(senders == {f"<everybody-bounces@{DOMAIN}"}, f"all with the list's reverse-path: {senders}")
