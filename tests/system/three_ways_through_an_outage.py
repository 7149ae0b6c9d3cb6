"""The inner server is down for longer than the retry period. The three practices of E-Post's operators, each of which loses
nothing: deliver stopped; receive and deliver stopped; both running with a longer period, changed during the outage."""
import json
import smtplib
import time

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

PERIOD, OUTAGE = 12, 15  # seconds; a command or two must fit into the first


def mail(server, number):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"r{number}@inner.example"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


def count(server):
    return len(json.loads(server.cli("queue", "list", "--json"))["items"])


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "unanswered_period": f"{PERIOD}s"}}
    with Server(folder, settings=settings) as server, NextHop() as inner:
        server.start()
        server.cli("route", "add", f"inner.example,127.0.0.1,{inner.port}")
        inner.stop()
        with_delivery_stopped(server, inner)
        with_both_stopped(server, inner)
        with_a_longer_period(server, inner)
        expect(server.subjects(HANAKO) == [], "no bounce was sent")
        without_any(server)


def with_delivery_stopped(server, inner):
    mail(server, 1)
    eventually(lambda: count(server) == 1, "one waits already")
    server.cli("service", "stop", "EPSTDS")
    for number in (2, 3):
        mail(server, number)
    time.sleep(OUTAGE)
    inner.start()
    server.cli("service", "start", "EPSTDS")
    eventually(lambda: sorted(inner.recipients) == [f"r{n}@inner.example" for n in (1, 2, 3)], "all delivered", 60)
    inner.stop()


def with_both_stopped(server, inner):
    mail(server, 4)
    eventually(lambda: count(server) == 1, "one waits already")
    server.cli("service", "stop", "EPSTRS")
    server.cli("service", "stop", "EPSTDS")
    expect(server.refuses(server.smtp_port), "clients see at once that the server is closed")
    time.sleep(OUTAGE)
    inner.start()
    server.cli("service", "start", "EPSTRS")
    server.cli("service", "start", "EPSTDS")
    eventually(lambda: "r4@inner.example" in inner.recipients, "delivered", 60)
    inner.stop()


def with_a_longer_period(server, inner):
    mail(server, 5)
    eventually(lambda: count(server) == 1, "one waits already")
    server.change_settings(delivery={"unanswered_period": "120s"})  # counts for what waits already
    mail(server, 6)
    time.sleep(OUTAGE)
    expect(count(server) == 2, "both wait still")
    inner.start()
    eventually(lambda: {"r5@inner.example", "r6@inner.example"} <= set(inner.recipients), "delivered", 60)
    inner.stop()


# The test can fail: without any of the three the mail comes back.
def without_any(server):
    server.change_settings(delivery={"unanswered_period": f"{PERIOD}s"})
    mail(server, 7)
    eventually(lambda: server.subjects(HANAKO), "a bounce after the period", 60)
