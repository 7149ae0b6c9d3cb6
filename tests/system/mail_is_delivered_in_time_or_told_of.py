"""DELIVERBY (RFC 2852): what is not delivered in time is returned with 5.4.7, or its sender is told with 4.4.7 and it goes on;
a next hop is told what is left of the time, and gets nothing that it cannot keep to; time in which deliver is stopped counts."""
import email
import re
import time

from harness import TARO, Server, eventually, expect, scenario
from peers import net
from peers.next_hop import EXTENSIONS, NextHop


def send(server, recipient, by, *options):
    with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
        client.sendmail(TARO, [recipient], f"Subject: {by}\r\n\r\nin time\r\n", mail_options=[f"BY={by}", *options])


def reports(server):
    client = server.imap(TARO)
    client.select("INBOX", readonly=True)
    parts = client.fetch("1:*", "(BODY.PEEK[])")[1] if client.search(None, "ALL")[1][0] else []
    client.logout()
    found = {}
    for part in parts:
        if isinstance(part, tuple):
            status = email.message_from_bytes(part[1]).get_payload()[1].get_payload()
            found.setdefault(status[1]["Final-Recipient"].split(";")[1].strip(), []).append((status[1]["Action"], status[1]["Status"], status[0]["Deliver-By-Date"]))
    return found


def wait_for(server, recipient, action, code):
    found = eventually(lambda: [one for one in reports(server).get(recipient, []) if one[:2] == (action, code)],
                       f"{recipient} is told of: {action} {code}", 60)
    expect(found[0][2] and len(found) == 1, f"once, with the time: {found}")


def said(hop, recipient):
    """The MAIL command of the transaction with this recipient."""
    lines = [line for _, line in hop.commands]
    at = next((n for n, line in enumerate(lines) if line.startswith(f"RCPT TO:<{recipient}>")), None)
    return at and next(line for line in reversed(lines[:at]) if line.startswith("MAIL"))


@scenario
def run(folder):
    server = Server(folder, settings={"smtp": {"deliver_by_least": "2s"}, "delivery": {"retry_interval": "1h"}})
    with NextHop(extensions=(*EXTENSIONS, "DELIVERBY 60")) as knows, NextHop(extensions=(*EXTENSIONS, "DSN")) as plain, server:
        server.start()
        for domain, port in (("knows.example", knows.port), ("plain.example", plain.port), ("dead.example", net.free_port())):
            server.cli("route", "add", f"{domain},127.0.0.1,{port}")
        with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
            client.ehlo()
            expect(client.esmtp_features["deliverby"] == "2", "the shortest time is announced")
            for wrong, code in (("1;R", 555), ("0;R", 501), ("-5;R", 501), ("5", 501), ("5;X", 501), ("5;RX", 501), ("1234567890;N", 501), (";N", 501)):
                got = client.docmd("MAIL", f"FROM:<{TARO}> BY={wrong}")
                expect(got[0] == code, f"BY={wrong}: {got}")

        send(server, "returned@dead.example", "4;R")
        send(server, "told@dead.example", "4;N")
        wait_for(server, "returned@dead.example", "failed", "5.4.7")
        wait_for(server, "told@dead.example", "delayed", "4.4.7")
        expect("told@dead.example" in server.cli("queue", "list") and "returned@dead.example" not in server.cli("queue", "list"), "the one goes on, the other has ended")

        send(server, "a@knows.example", "200;RT")
        send(server, "b@knows.example", "30;R")
        send(server, "c@plain.example", "200;R")
        send(server, "d@plain.example", "200;N")
        send(server, "e@plain.example", "-7;N")
        eventually(lambda: said(knows, "a@knows.example"), "the next hop that knows it gets it")
        left = int(re.search(r"BY=(\d+);RT", said(knows, "a@knows.example"))[1])
        expect(100 < left <= 200, f"with what is left: {left}")
        wait_for(server, "a@knows.example", "relayed", "2.0.0")
        wait_for(server, "b@knows.example", "failed", "5.4.7")
        wait_for(server, "c@plain.example", "failed", "5.3.3")
        wait_for(server, "d@plain.example", "relayed", "2.0.0")
        expect("BY=" not in said(plain, "d@plain.example"), "who does not know it is not told")
        expect(any(line.startswith("RCPT TO:<d@plain.example> NOTIFY=FAILURE,DELAY") for _, line in plain.commands), "but asked to tell of delays")
        eventually(lambda: said(plain, "e@plain.example"), "what was late before goes on")
        expect(not said(plain, "c@plain.example") and not said(knows, "b@knows.example"), "what cannot be in time is not tried")

        send(server, "before@dead.example", "-7;N")
        eventually(lambda: "before@dead.example" in server.cli("queue", "list"), "what was late before waits")
        send(server, "later@dead.example", "6;R")
        # On a slow machine its time may be over before anybody looks.
        eventually(lambda: "later@dead.example" in server.cli("queue", "list") or "later@dead.example" in reports(server), "it waits")
        server.cli("service", "stop", "deliver")
        send(server, "stopped@plain.example", "3;R")
        time.sleep(6)  # the time itself: it runs while deliver does not
        server.cli("service", "start", "deliver")
        wait_for(server, "later@dead.example", "failed", "5.4.7")
        wait_for(server, "stopped@plain.example", "failed", "5.4.7")
        expect(not {"e@plain.example", "before@dead.example"} & set(reports(server)), "nobody is told again of what was late before")
