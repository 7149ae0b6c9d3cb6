"""FUTURERELEASE (RFC 4865): offered to who submits alone; mail held by HOLDFOR or HOLDUNTIL waits through restarts, untried
and untold of, until its time or until the operator lets it go; a demand that cannot be met is refused at MAIL."""
import datetime
import json
import smtplib
import time

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def held(server, recipient, *options):
    with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
        client.sendmail(TARO, [recipient], f"Subject: {' '.join(options)}\r\n\r\nlater\r\n", mail_options=options)


def waiting(server):
    return {one["recipient"]: one for one in json.loads(server.cli("queue", "list", "--json"))["items"]}


@scenario
def run(folder):
    server = Server(folder, settings={"smtp": {"future_release": "2h"}, "delivery": {"delay_notice": "1s"}})
    with NextHop() as hop, server:
        server.start()
        server.cli("route", "add", f"b.example,127.0.0.1,{hop.port}")
        offers(server)
        refusals(server)
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=90)
        held(server, "released@b.example", "HOLDFOR=3600")
        held(server, "bounced@b.example", "HOLDUNTIL=" + until.strftime("%Y-%m-%dT%H:%M:%SZ"))
        held(server, "deleted@b.example", "HOLDFOR=3600")
        began = time.time()
        held(server, "soon@b.example", "HOLDFOR=4")
        held(server, HANAKO, "HOLDFOR=4")
        eventually(lambda: {"released@b.example", "bounced@b.example", "deleted@b.example"} <= set(waiting(server)), "they wait")
        one = eventually(lambda: (found := waiting(server)["released@b.example"]).get("release_at") and found["state"] == "deferred" and found, "the listing tells the time")
        expect(one["attempts"] == 0 and one["next_try"] == one["release_at"], f"untried: {one}")
        expect("released at" in server.cli("queue", "show", one["message"]), "and so does the message")
        eventually(lambda: [mail for mail in hop.transactions if mail.recipients == ["soon@b.example"]], "what is due comes")
        expect(time.time() - began >= 3.5, "and not before")
        server.wait_for_subjects(["HOLDFOR=4"])

        server.cli("service", "restart", "deliver")
        eventually(lambda: {"released@b.example", "bounced@b.example", "deleted@b.example"} <= set(waiting(server)), "they wait through a restart")
        eventually(lambda: explained(server, one), "why names the wait, its end and how to end it")
        server.cli("queue", "retry", "--id", one["message"])
        eventually(lambda: [mail for mail in hop.transactions if mail.recipients == ["released@b.example"]], "the operator lets it go")
        server.cli("queue", "bounce", "--id", waiting(server)["bounced@b.example"]["message"], "--yes")
        server.cli("queue", "delete", "--id", waiting(server)["deleted@b.example"]["message"], "--yes")
        eventually(lambda: not waiting(server), "nothing waits")
        eventually(lambda: [s for s in server.subjects(TARO)], "the bounce is there")
        expect(len(hop.transactions) == 2, "what was bounced or deleted was not sent")
        expect(len(server.subjects(TARO)) == 1, f"one bounce and no delay notice: {server.subjects(TARO)}")


def explained(server, one):
    """Nobody is to blame, and its time is all that is waited for."""
    found = json.loads(server.cli("why", one["message"], "--json"))
    advice, recipient = found["suggestions"][0], found["recipients"][0]
    names_the_wait = advice["advice"] == "wait" and "queue retry" in advice["text"] and found.get("next_try") == one["release_at"]
    spent = set(recipient["spent_us"])
    return names_the_wait and "class" not in found and recipient["place"] == "timer" and "schedule" in spent and spent <= {"intake", "schedule", "stopped"}


def offers(server):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.ehlo()
        expect(not client.has_extn("futurerelease"), "not on port 25 (section 4.2)")
        expect(client.docmd("MAIL", "FROM:<x@c.example> HOLDFOR=10")[0] == 555, "nor taken there")
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30) as client:
        client.ehlo()
        seconds, date = client.esmtp_features["futurerelease"].split()
        expect(seconds == "7200" and date.endswith("Z"), f"the two numbers: {seconds} {date}")
        expect(client.docmd("MAIL", f"FROM:<{TARO}> HOLDFOR=10")[0] == 530, "nobody without a login")


def refusals(server):
    far = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
        for demand in ("HOLDFOR=7201", "HOLDFOR=0", "HOLDFOR=x", "HOLDFOR=-1", f"HOLDUNTIL={far}", "HOLDUNTIL=2020-01-01T00:00:00Z",
                       "HOLDUNTIL=2026-02-30T00:00:00Z", "HOLDFOR=5 HOLDUNTIL=" + far, "HOLDFOR=100 BY=60;R"):
            code, words = client.docmd("MAIL", f"FROM:<{TARO}> {demand}")
            expect(code == 501 and words.startswith(b"5.5.4"), f"{demand}: {code} {words}")
