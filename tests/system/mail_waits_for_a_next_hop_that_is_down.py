"""Mail for a next hop that is down waits, is listed with its reason, survives a restart and kill -9, and goes when the
hop is back: by itself after the interval, or at once by `hikyaku queue retry`. Other destinations do not wait."""
import json
import smtplib

from _killing import restart
from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def waiting(server, **filters):
    arguments = [part for name, value in filters.items() for part in (f"--{name}", value)]
    listed = json.loads(server.cli("queue", "list", "--json", *arguments))
    return listed["items"] if isinstance(listed, dict) else listed


def mail(server, number, to="far.example"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"r{number}@{to}"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "2s", "retry_growth": "constant"}}
    with Server(folder, settings=settings) as server, NextHop() as up:
        server.start()
        hop = NextHop().start()
        hop.stop()  # its port is known now, and refuses
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        server.cli("route", "add", f"near.example,127.0.0.1,{up.port}")
        for number in range(5):
            mail(server, number)
        items = eventually(lambda: len(found := [i for i in waiting(server) if i.get("state") == "deferred"]) == 5 and found, "five deferred")
        text = json.dumps(items)
        expect(str(hop.port) in text and "refused" in text.lower(), f"the reason is told: {items[0]}")
        expect("r3@far.example" in server.cli("queue", "list"), "the text form lists them")
        expect(len(waiting(server, recipient="r3@far.example")) == 1, "by recipient")
        expect(len(waiting(server, domain="near.example")) == 0, "by another domain")
        expect(len(waiting(server, sender=HANAKO)) == 5, "by sender")
        mail(server, 100, "near.example")
        eventually(lambda: up.recipients == ["r100@near.example"], "another destination goes on")

        server.stop()
        server.start()
        expect(len(waiting(server)) == 5, "kept over a restart")
        server.process.kill()
        server.process.wait()
        restart(server)
        expect(len(waiting(server)) == 5, "kept over kill -9")
        server.cli("service", "stop", "deliver")
        expect(len(waiting(server)) == 5, "listed while deliver is stopped")
        server.cli("service", "start", "deliver")

        hop.start()
        eventually(lambda: hop.recipients == [f"r{n}@far.example" for n in range(5)], "delivered when the hop is back", 20)
        eventually(lambda: waiting(server) == [], "the queue is empty")
        by_command(server, hop)
        hop.stop()
        expect(server.subjects(HANAKO) == [], "no bounce was sent")


def by_command(server, hop):
    server.change_settings(delivery={"retry_interval": "1h"})
    hop.stop()
    for number in range(10, 13):
        mail(server, number)
    eventually(lambda: len([i for i in waiting(server) if i.get("state") == "deferred"]) == 3, "three deferred")
    hop.start()
    before = hop.connections
    expect("3" in server.cli("queue", "retry", "--all", "--dry-run"), "a dry run tells how many")
    expect(hop.connections == before, "a dry run tries nothing")
    server.cli("queue", "retry", "--recipient", "r11@far.example")
    eventually(lambda: "r11@far.example" in hop.recipients, "the one asked for goes at once", 60)
    server.cli("queue", "retry", "--all")
    eventually(lambda: {f"r{n}@far.example" for n in range(10, 13)} <= set(hop.recipients), "all go at once", 60)
    eventually(lambda: waiting(server) == [], "the queue is empty")
    expect(len(hop.transactions) == 8, f"each exactly once: {hop.recipients}")
