"""A hold: mail for a destination waits without an attempt, through a restart and kill -9, while other mail goes; the queue
names the hold; new mail is kept, refused or sent elsewhere as ordered; nothing expires under it; a release drains it,
oldest first. A dry run and the listing tell what it is about."""
import json
import smtplib
import time

from _killing import restart
from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

LOCAL = ("127.0.0.5", 0)


def mail(server, number, to="inner.example", sender=HANAKO):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(sender, [f"r{number}@{to}"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


def waiting(server, **filters):
    arguments = [part for name, value in filters.items() for part in (f"--{name}", value)]
    return json.loads(server.cli("queue", "list", "--json", *arguments))["items"]


def hold(server, *arguments):
    return json.loads(server.cli("hold", "add", "--json", "--reason", "disk exchange", *arguments))


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "unanswered_period": "40s", "propose_hold_after": "1s"}}
    with Server(folder, settings=settings) as server, NextHop() as inner, NextHop() as other:
        server.start()
        server.cli("route", "add", f"inner.example,127.0.0.1,{inner.port}")
        server.cli("route", "add", f"other.example,127.0.0.1,{other.port}")
        kept_and_released(server, inner, other)
        refused(server, inner)
        sent_elsewhere(server, inner, other)
        by_sender(server, other)
        the_clock_stands_still(server, inner)
        begins_by_itself(server, other)
        expect(server.subjects(HANAKO) == [], "no bounce was sent")


def kept_and_released(server, inner, other):
    first = hold(server, "--destination", "inner.example", "--owner", "suzuki")
    expect(first["id"] == 1 and first["stage"] == "running" and first["owner"] == "suzuki", first)
    for number in range(6):
        mail(server, number)
    mail(server, 100, "other.example")
    eventually(lambda: other.recipients == ["r100@other.example"], "another destination goes on")
    items = eventually(lambda: len(found := [i for i in waiting(server) if i["state"] == "deferred"]) == 6 and found, "six in holding")
    expect(all(i["hold"] == 1 and i["attempts"] == 0 and i["hold_reason"] == "disk exchange" for i in items), items)
    expect("held by 1" in server.cli("queue", "list"), "the table names the hold")
    said = server.cli("status")
    expect("Mail on hold" in said and "destination inner.example" in said and "disk exchange" in said, f"status says so: {said}")
    told = server.status()["holds"]
    expect([(one["id"], one["scope"], one["pattern"], one["stage"]) for one in told] == [(1, "destination", "inner.example", "running")], f"and to programs: {told}")
    counted = json.loads(server.cli("hold", "add", "--destination", "inner.example", "--reason", "x", "--dry-run", "--json"))
    expect(counted["deferred"] == 6 and counted["complete"], counted)
    expect(len(json.loads(server.cli("hold", "list", "--json"))["holds"]) == 1, "a dry run adds none")
    expect(inner.connections == 0, "nothing was tried")
    server.stop()
    server.start()
    server.process.kill()
    server.process.wait()
    restart(server)
    time.sleep(42)  # longer than the period
    expect(inner.connections == 0 and len(waiting(server)) == 6, "kept over a restart, kill -9, and longer than the period")
    server.cli("service", "stop", "deliver")
    expect(all(i.get("hold") == 1 for i in waiting(server)), "named while deliver is stopped")
    server.cli("service", "start", "deliver")
    server.cli("hold", "release", "1")
    eventually(lambda: sorted(inner.recipients) == [f"r{n}@inner.example" for n in range(6)], "delivered after the release", 20)
    eventually(lambda: waiting(server) == [], "the queue is empty")
    ended = json.loads(server.cli("hold", "list", "--ended", "--json"))["holds"]
    expect([one["stage"] for one in ended] == ["ended"], ended)


def refused(server, inner):
    before = inner.connections
    planned = hold(server, "--destination", "inner.example", "--start", "+1h", "--end", "+2h")
    expect(planned["stage"] == "planned", planned)
    server.cli("hold", "remove", planned["id"])
    running = hold(server, "--destination", "inner.example", "--action", "refuse")
    try:
        mail(server, 20)
        expect(False, "RCPT is refused")
    except smtplib.SMTPRecipientsRefused as refusal:
        code, words = refusal.recipients["r20@inner.example"]
        expect(code == 451 and b"disk exchange" in words and words.startswith(b"4.3.2"), (code, words))
    mail(server, 21, "other.example")
    expect(inner.connections == before, "nothing came")
    server.cli("hold", "release", running["id"])
    mail(server, 22)
    eventually(lambda: "r22@inner.example" in inner.recipients, "taken again")


def sent_elsewhere(server, inner, other):
    running = hold(server, "--destination", "inner.example", "--other-route", f"127.0.0.1:{other.port}")
    mail(server, 30)
    eventually(lambda: "r30@inner.example" in other.recipients, "new mail takes the other route")
    expect("r30@inner.example" not in inner.recipients, "and not the usual one")
    server.cli("hold", "release", running["id"])


def by_sender(server, other):
    running = hold(server, "--sender", TARO)
    mail(server, 40, "other.example", TARO)
    mail(server, 41, "other.example")
    eventually(lambda: "r41@other.example" in other.recipients, "another sender's mail goes")
    kept = eventually(lambda: [i for i in waiting(server) if i.get("hold") == running["id"]], "the sender's mail is held")
    expect(len(kept) == 1 and "r40@other.example" not in other.recipients, kept)
    server.cli("hold", "release", running["id"])
    eventually(lambda: "r40@other.example" in other.recipients, "released")


def the_clock_stands_still(server, inner):
    inner.stop()
    mail(server, 50)
    eventually(lambda: any(i.get("attempts", 0) >= 1 for i in waiting(server)), "one attempt failed")
    proposed = eventually(lambda: json.loads(server.cli("hold", "list", "--json"))["proposed"], "a hold is proposed", 30)
    expect(str(inner.port) in proposed[0]["destination"], proposed)
    expect("hikyaku hold add --route 127.0.0.1" in server.cli("hold", "list"), "with the command to give")
    running = hold(server, "--route", "127.0.0.1")
    tried = waiting(server)[0]["attempts"]
    time.sleep(41)  # the period is 40 s
    left = waiting(server)
    expect(len(left) == 1 and left[0]["attempts"] <= tried + 1 and left[0]["hold"] == running["id"], left)
    inner.start()
    server.cli("hold", "release", running["id"])
    eventually(lambda: "r50@inner.example" in inner.recipients, "delivered after the release")


def begins_by_itself(server, other):
    """As planned, with deliver running and with deliver stopped; the log says so each time, and who planned it."""
    def told():
        return [(e["text"], e["by"], e["reason"]) for e in server.events("servicelog") if e["event"] == "queue.changed"]
    expect(told() == [], f"no command changed the queue, and none of the holds began or ended by itself: {told()}")
    planned = hold(server, "--destination", "other.example", "--start", "+2s", "--end", "+15s", "--owner", "suzuki")
    wanted = [(f"hold {planned['id']} {turn}: destination other.example", "suzuki", "disk exchange") for turn in ("begins", "ends")]
    eventually(lambda: told() == wanted, f"{wanted}, each once", 60)
    server.cli("service", "stop", "deliver")
    second = hold(server, "--destination", "other.example", "--start", "+1s", "--owner", "suzuki")
    eventually(lambda: [one["stage"] for one in json.loads(server.cli("hold", "list", "--json"))["holds"]] == ["running"], "it is time for it")
    expect(told() == wanted, f"while nobody looks nothing is told: {told()}")
    server.cli("service", "start", "deliver")
    wanted.append((f"hold {second['id']} begins: destination other.example", "suzuki", "disk exchange"))
    eventually(lambda: told() == wanted, "told when deliver is back")
    mail(server, 60, "other.example")
    eventually(lambda: any(i.get("hold") == second["id"] for i in waiting(server)), "it is in force")
    server.cli("hold", "release", second["id"])
    eventually(lambda: "r60@other.example" in other.recipients, "released")
    expect(told() == wanted, f"which is the command's: {told()}")
