"""Mail whose retry is due and waits for the one connection its destination bears is nobody's yet: what is deleted there never leaves,
what is sent to another host goes there at once and nowhere else, what is held stays, while the retry before them takes its time."""
import json
import smtplib
import threading
import time

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

LOCAL = ("127.0.0.5", 0)
NAMES = ("r1", "r2", "r3", "r4")


def mail(server, name):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(HANAKO, [f"{name}@inner.example"], f"Subject: to {name}\r\n\r\nHello\r\n")


def waiting(server):
    return {item["recipient"].split("@")[0]: item for item in json.loads(server.cli("queue", "list", "--json"))["items"]}


def got(hop):
    return {address.split("@")[0] for address in hop.recipients}


class Inner:
    """Puts everybody off at first; then keeps the next one waiting; then takes all."""

    def __init__(self):
        self.keep, self.go_on, self.kept = threading.Event(), threading.Event(), []

    def answer(self, verb, line, _):
        if verb != "RCPT" or self.go_on.is_set():
            return None
        if self.keep.is_set():
            self.kept.append(line[9:].split("@")[0])
            self.go_on.wait(100)
        return "452 4.2.2 Full"


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "connections_per_destination": 1, "propose_hold_after": "0s"}}
    story = Inner()
    with Server(folder, settings=settings) as server, NextHop(answer=story.answer) as inner, NextHop() as other:
        server.start()
        server.cli("route", "add", f"inner.example,127.0.0.1,{inner.port}")
        for name in NAMES:
            mail(server, name)
        eventually(lambda: all(waiting(server).get(name, {}).get("attempts", 0) > 0 for name in NAMES), "each was tried", 30)
        try:
            story.keep.set()
            eventually(lambda: story.kept, "a retry takes its time", 30)
            time.sleep(3)  # the others are due by now, and wait behind it
            expect(len(story.kept) == 1, story.kept)
            deleted, sent_on, held = [name for name in NAMES if name != story.kept[0]]
            server.cli("queue", "delete", "--recipient", f"{deleted}@inner.example", "--yes")
            server.cli("queue", "redirect", "--recipient", f"{sent_on}@inner.example", "--to-host", f"127.0.0.1:{other.port}", "--yes")
            server.cli("queue", "hold", "--reason", "x", "--recipient", f"{held}@inner.example")
            eventually(lambda: got(other) == {sent_on}, "sent on while the retry before it is under way", 30)
        finally:
            story.go_on.set()
        eventually(lambda: story.kept[0] in got(inner), "the kept one goes when it is taken", 30)
        mail(server, "r9")
        eventually(lambda: "r9" in got(inner), "what comes behind them goes", 30)
        expect(got(inner) == {story.kept[0], "r9"}, got(inner))
        eventually(lambda: set(waiting(server)) == {held}, "and is waited for no more")  # a moment after the next hop took it
        expect("hold" in waiting(server)[held], waiting(server))
        server.cli("hold", "release", waiting(server)[held]["hold"])
        eventually(lambda: held in got(inner) and not waiting(server), "and goes when it is released", 30)
        expect(got(inner) == {story.kept[0], "r9", held} and got(other) == {sent_on}, (got(inner), got(other)))
        expect(server.subjects(HANAKO) == [], "no bounce was sent")
