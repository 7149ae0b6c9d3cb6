"""DELIVERBY (RFC 2852) with BY=...;N: mail that was never tried, because all connections to its next hop are in use, and mail
under its first attempt: the sender of each is told when the time is over, once, and both are delivered after that."""
import threading

from harness import TARO, Server, eventually, expect, scenario
from mail_is_delivered_in_time_or_told_of import reports, send
from peers.next_hop import NextHop


@scenario
def run(folder):
    go_on = threading.Event()

    def slow(verb, line, session):
        if verb == "END":
            go_on.wait(600)

    settings = {"smtp": {"deliver_by_least": "2s"}, "delivery": {"connections_per_destination": 1, "delay_notice": "0s"}}
    with NextHop(answer=slow) as hop, Server(folder, settings=settings) as server:
        server.start()
        server.cli("route", "add", f"slow.example,127.0.0.1,{hop.port}")
        try:
            send(server, "attempt@slow.example", "6;N")
            eventually(lambda: any(line.startswith("RCPT TO:<attempt@") for _, line in hop.commands), "its first attempt is under way")
            send(server, "lane@slow.example", "6;N")
            for who in ("attempt@slow.example", "lane@slow.example"):
                told = eventually(lambda who=who: reports(server).get(who), f"{who} is told of", 60)
                expect(told[0][:2] == ("delayed", "4.4.7") and told[0][2], f"that it is late: {told}")
            expect(not hop.transactions, "while nothing was delivered")
            accepted = {e["message"] for e in server.events("inlog") if e["event"] == "mail.accepted"}
            notices = eventually(lambda: len(found := [e for e in server.events("inlog") if e.get("text") == "notice"]) == 2 and found, "a line for each notice")
            expect({e["parent"] for e in notices} == accepted, f"which names the mail it is about: {notices}")
        finally:
            go_on.set()
        eventually(lambda: {one.recipients[0] for one in hop.transactions} == {"attempt@slow.example", "lane@slow.example"}, "both are delivered", 60)
        send(server, "after@slow.example", "300;N")
        eventually(lambda: "after@slow.example" in reports(server), "what is passed on in time to who cannot keep to it is told of, as ever", 60)
        found = reports(server)
        expect(all(len(found[who]) == 1 for who in ("attempt@slow.example", "lane@slow.example")), f"once: {found}")
