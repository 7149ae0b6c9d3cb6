"""`service stop deliver` while a next hop thinks about a mail whose sender wants to hear of its arrival: what it takes is written
down with the report, and nothing goes to it twice."""
import json
import smtplib
import threading
import time

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

THINKS = 3


@scenario
def run(folder):
    reached = threading.Event()

    def answer(verb, line, session):
        if verb == "END":
            reached.set()
            time.sleep(THINKS)

    settings = {"smtp": {"relay_networks": ["127.0.0.0/8"]}}
    with Server(folder, settings=settings).start() as server, NextHop(answer=answer) as hop:
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
            client.ehlo()
            client.mail(HANAKO)
            client.rcpt("one@far.example", ["NOTIFY=SUCCESS"])
            client.rcpt("two@far.example")
            client.data("Subject: hello\r\n\r\nhello\r\n")
        expect(reached.wait(30), "the next hop has the mail")
        server.cli("service", "stop", "deliver")
        eventually(lambda: len(hop.transactions) == 1, "it takes it")
        server.cli("service", "start", "deliver")
        counts = lambda: json.loads(server.cli("queue", "count", "--json"))
        eventually(lambda: counts()["incoming"]["messages"] == counts()["domains"]["recipients"] == 0, "all is done", seconds=60)
        time.sleep(2)
        expect(hop.recipients == ["one@far.example", "two@far.example"], f"each recipient was sent once: {hop.recipients}")
        eventually(lambda: len(server.subjects(HANAKO)) == 1, "its sender hears of it, once")
