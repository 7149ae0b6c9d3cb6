"""MT-PRIORITY (RFC 6710): counted from who logged in or is listed, 0 from others; written into the trace line, passed on to
next hops that offer it, kept with the queue and through a restart, and first in line when a next hop is back."""
import json
import smtplib

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers import net
from peers.next_hop import EXTENSIONS, NextHop


def send(server, recipient, priority):
    with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
        client.sendmail(TARO, [recipient], f"Subject: {priority}\r\n\r\nurgent\r\n", mail_options=[f"MT-PRIORITY={priority}"])


def asked(server, source, wanted):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=(source, 0)) as client:
        client.ehlo()
        expect(client.esmtp_features["mt-priority"] == "MIXER", "announced with its policy")
        return client.docmd("MAIL", f"FROM:<x@c.example> MT-PRIORITY={wanted}")


@scenario
def run(folder):
    server = Server(folder, settings={"smtp": {"priority_most": 7, "priority_networks": ["127.0.0.9"]},
                                      "delivery": {"retry_interval": "3s", "retry_growth": "constant", "connections_per_destination": 1}})
    later = net.free_port()
    with NextHop(extensions=(*EXTENSIONS, "MT-PRIORITY MIXER")) as knows, NextHop() as plain, server:
        server.start()
        for domain, port in (("knows.example", knows.port), ("plain.example", plain.port), ("late.example", later)):
            server.cli("route", "add", f"{domain},127.0.0.1,{port}")
        expect(asked(server, "127.0.0.1", 3) == (250, b"2.3.6 0 is the priority of the message"), "a stranger is not urgent")
        expect(asked(server, "127.0.0.1", -3) == (250, b"2.1.0 Sender ok"), "but may be less so")
        expect(asked(server, "127.0.0.9", 3)[1].startswith(b"2.1.0"), "who is listed is")
        expect(asked(server, "127.0.0.9", 9)[1].startswith(b"2.3.6 7 "), "up to the limit")
        for wrong in ("10", "-10", "+3", "x", "03", "-0"):
            expect(asked(server, "127.0.0.1", wrong)[0] == 501, f"{wrong} is no priority")

        send(server, "a@knows.example", 5)
        send(server, "b@plain.example", -4)
        eventually(lambda: len(knows.transactions) == 1 and len(plain.transactions) == 1, "both arrive")
        expect(any(" MT-PRIORITY=5" in line for _, line in knows.commands), "it is passed on")
        expect(b"\r\n\tPRIORITY 5;" in knows.transactions[0].text, "and in the trace line")
        expect(not any("MT-PRIORITY" in line for _, line in plain.commands), "not to who does not offer it")

        backlog(server, later)
        backlog(server, later, "restart")


def backlog(server, port, restarted=None):
    for recipient, priority in (("first", 0), ("low", -5), ("second", 0), ("high", 6), ("higher", 7)):
        send(server, f"{recipient}@late.example", priority)
    queue = lambda: [one for one in json.loads(server.cli("queue", "list", "--json"))["items"] if one["state"] == "deferred"]
    eventually(lambda: len(queue()) == 5, "they wait")
    expect({one["recipient"]: one.get("priority") for one in queue()}["higher@late.example"] == "7", "the listing tells it")
    if restarted:
        server.cli("service", "restart", "deliver")
        eventually(lambda: "down" in server.cli("queue", "destinations", "--json"), "nothing answers there")
    with NextHop(port=port) as late:
        eventually(lambda: len(late.transactions) == 5, "they come when it is back", 60)
        came = [mail.recipients[0].split("@")[0] for mail in late.transactions]
        urgent_first = [one for one in ("higher", "high", "first", "second", "low") if one != came[0]]
        expect(came[1:] == urgent_first, f"the urgent first, after the probe: {came}")
