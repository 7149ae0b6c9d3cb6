"""Mail chosen from the queue is held: by recipient, by error text, by id; before its first attempt and after it; with deliver running
and stopped. It waits longer than its period, through kill -9, is named by the queue, and goes when it is released, one by
one or all at once; new mail is not concerned; the log names who gave the commands."""
import json
import os
import pwd
import re
import smtplib
import threading
import time

from _killing import restart
from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

LOCAL = ("127.0.0.5", 0)


def mail(server, number, sender=HANAKO):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(sender, [f"r{number}@inner.example"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


def waiting(server, *filters):
    return {item["recipient"].split("@")[0]: item for item in json.loads(server.cli("queue", "list", "--json", *filters))["items"]}


def hold(server, *arguments):
    return json.loads(server.cli("queue", "hold", "--json", "--reason", "asked the sender", *arguments))


def got(inner):
    return {address.split("@")[0] for address in inner.recipients}


def tried(server, *names):
    def all_were():
        now = waiting(server)
        return all(name in now and now[name].get("attempts", 0) > 0 for name in names)
    eventually(all_were, "each was tried", 20)


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "unanswered_period": "40s", "propose_hold_after": "0s"}}
    with Server(folder, settings=settings) as server, NextHop() as inner:
        if os.getuid() == 0:  # `queue hold` takes their user on while it writes the directory
            os.chown(server.data, 65_533, 65_533)
        server.start()
        server.cli("route", "add", f"inner.example,127.0.0.1,{inner.port}")
        inner.stop()
        for number in (1, 2):
            mail(server, number)
        mail(server, 3, TARO)
        tried(server, "r1", "r2", "r3")
        dry = json.loads(server.cli("queue", "hold", "--json", "--reason", "x", "--sender", HANAKO, "--dry-run"))
        expect(dry["recipients"] == 2 and json.loads(server.cli("hold", "list", "--json"))["holds"] == [], f"a dry run makes no hold: {dry}")
        none = hold(server, "--recipient", "nobody@inner.example")
        expect(none["recipients"] == 0 and json.loads(server.cli("hold", "list", "--json"))["holds"] == [], f"nor does what chooses nothing: {none}")
        first = hold(server, "--sender", HANAKO)
        expect(first["recipients"] == 2 and first["hold"] == 1, first)
        [row] = json.loads(server.cli("hold", "list", "--json"))["holds"]
        expect(row["scope"] == "chosen" and row["pattern"] == f"--sender {HANAKO}" and row["reason"] == "asked the sender", row)
        held = eventually(lambda: (w := waiting(server)) and w["r1"].get("hold") == 1 and w["r2"].get("hold") == 1 and w, "named by the queue")
        expect("hold" not in held["r3"], held)
        shown, told = server.cli("hold", "show", "1"), json.loads(server.cli("hold", "show", "1", "--json"))
        expect("It keeps 2 recipients" in shown and "running" in shown and (told["stage"], told["recipients"]) == ("running", 2), f"{shown} {told}")
        [row] = json.loads(server.cli("hold", "list", "--json"))["holds"]
        expect(row["recipients"] == 2 and "running" in server.cli("hold", "list"), row)
        inner.start()
        eventually(lambda: "r3" in got(inner), "other mail goes", 20)
        mail(server, 4)
        eventually(lambda: "r4" in got(inner), "new mail of the same sender too", 20)
        server.process.kill()
        server.process.wait()
        restart(server)
        time.sleep(42)  # longer than the period
        expect(set(waiting(server)) == {"r1", "r2"} and not {"r1", "r2"} & got(inner), f"kept over kill -9 and longer than the period: {waiting(server)}")
        released = json.loads(server.cli("queue", "release", "--json", "--recipient", "r1@inner.example"))
        expect(released["recipients"] == 1, released)
        eventually(lambda: "r1" in got(inner), "the one goes", 20)
        expect(waiting(server)["r2"].get("hold") == 1 and "r2" not in got(inner), "the other stays")
        server.cli("hold", "release", "1")
        eventually(lambda: "r2" in got(inner) and not waiting(server), "and goes when the hold is over", 20)
        while_stopped(server, inner)
        a_hold_whose_mail_is_gone(server, inner)
        another_hold_keeps_it(server, inner)
        by_error_with_an_end(server, inner)
        under_an_attempt(server, inner)
        expect(server.subjects(HANAKO) == [] and server.subjects(TARO) == [], "no bounce was sent")
        changed = [e for e in server.events("servicelog") if e["event"] == "queue.changed"]
        by_itself = [e["text"] for e in changed if re.match(r"hold \d", e["text"])]
        expect(len(by_itself) == 1 and by_itself[0].endswith(" ends: chosen --error refused"), f"the one that ended by itself: {changed}")
        told = [e for e in changed if not re.match(r"hold \d", e["text"])]
        expect(any(e["text"].startswith("hold ") for e in told) and {e["by"] for e in told} == {caller()}, f"who gave the command, not whom it ran as: {told}")


def caller():
    name = pwd.getpwuid(os.getuid()).pw_name
    return f"{os.environ['SUDO_USER']} (sudo)" if os.getuid() == 0 and os.environ.get("SUDO_USER") else name


# Before its first attempt.
def while_stopped(server, inner):
    server.cli("service", "stop", "deliver")
    for number in (11, 12):
        mail(server, number)
    chosen = hold(server, "--id", waiting(server)["r11"]["message"])
    expect(chosen["recipients"] == 1, chosen)
    expect(waiting(server)["r11"].get("hold") == chosen["hold"], waiting(server))
    server.cli("service", "start", "deliver")
    eventually(lambda: "r12" in got(inner), "what was not chosen goes", 20)
    eventually(lambda: set(waiting(server)) == {"r11"}, "and is waited for no more")  # a moment after the next hop took it
    never_tried = waiting(server)["r11"]
    expect(never_tried["attempts"] == 0 and "first_failed" not in never_tried and "r11" not in got(inner), never_tried)
    expect("oldest" not in json.loads(server.cli("queue", "count", "--json"))["domains"], "no failed attempt is the oldest one")
    destinations = json.loads(server.cli("queue", "destinations", "--json"))["destinations"]
    expect([one for one in destinations if "first_failed" not in one and "oldest" in one], destinations)
    server.cli("hold", "release", chosen["hold"])
    eventually(lambda: "r11" in got(inner), "released", 20)


def a_hold_whose_mail_is_gone(server, inner):
    """Nothing can come to it any more, and the list says so; while deliver is stopped it is not known, since a look would take the spool's lock."""
    inner.stop()
    mail(server, 15)
    tried(server, "r15")
    chosen = hold(server, "--recipient", "r15@inner.example")["hold"]
    server.cli("queue", "delete", "--recipient", "r15@inner.example", "--yes")
    for verb in (None, "stop", "start"):
        if verb:
            server.cli("service", verb, "deliver")
        text = server.cli("hold", "list")
        [row] = json.loads(server.cli("hold", "list", "--json"))["holds"]
        if verb == "stop":
            expect("empty" not in text and "recipients" not in row, f"not known: {text} {row}")
        else:
            expect("empty" in text.splitlines()[1] and f"hold release {chosen}" in text and row["recipients"] == 0, f"{verb}: {text}")
        expect("accept and keep" not in text and row["action"] == "none", f"it takes no new mail: {text} {row}")
        shown, told = server.cli("hold", "show", chosen), json.loads(server.cli("hold", "show", chosen, "--json"))
        expect("empty" in shown and "running" not in shown and "accept and keep" not in shown, f"{verb}: the one alone says so too: {shown}")
        expect((told["stage"], told["recipients"], told["action"]) == ("empty", 0, "none"), f"{verb}: to programs too: {told}")
    server.cli("hold", "release", chosen)
    expect("empty" not in server.cli("hold", "list"), "it is over")
    inner.start()


def another_hold_keeps_it(server, inner):
    """What is released and kept by another hold still is told as such, with that hold."""
    inner.stop()
    mail(server, 16)
    mail(server, 17, TARO)
    tried(server, "r16", "r17")
    expect(hold(server, "--domain", "inner.example")["recipients"] == 2, "both are chosen")
    other = json.loads(server.cli("hold", "add", "--sender", HANAKO, "--reason", "asked the sender", "--json"))["id"]
    told = server.cli("queue", "release", "--domain", "inner.example")
    expect("1 recipients were released and go" in told and f"1 recipient is kept still by hold {other}" in told and f"hold release {other}" in told, f"one goes, one does not: {told}")
    told = server.cli("queue", "release", "--sender", HANAKO)
    expect("Nothing was changed" in told and f"1 recipient is kept still by hold {other}" in told, f"which hold it is that keeps it: {told}")
    expect(hold(server, "--sender", HANAKO)["recipients"] == 1, "chosen once more")
    told = server.cli("queue", "release", "--sender", HANAKO)
    expect("released and go" not in told and f"1 recipient is kept still by hold {other}" in told, f"none goes: {told}")
    expect(hold(server, "--sender", HANAKO)["recipients"] == 1, "and again")
    told = json.loads(server.cli("queue", "release", "--sender", HANAKO, "--json"))
    expect((told["recipients"], told["kept"]) == (1, [{"hold": other, "recipients": 1}]), f"to programs: {told}")
    inner.start()
    eventually(lambda: "r17" in got(inner), "the one goes", 20)
    expect("r16" not in got(inner), "the other is kept")
    server.cli("hold", "release", other)
    eventually(lambda: "r16" in got(inner) and not waiting(server), "until that hold is over", 20)


# The hold is over by itself.
def by_error_with_an_end(server, inner):
    inner.stop()
    mail(server, 21)
    tried(server, "r21")
    chosen = hold(server, "--error", "refused", "--end", "+5s")
    expect(chosen["recipients"] == 1, (chosen, waiting(server)))
    inner.start()
    eventually(lambda: "r21" in got(inner), "it goes at the end", 30)
    expect([one["stage"] for one in json.loads(server.cli("hold", "list", "--ended", "--json"))["holds"] if one["id"] == chosen["hold"]] == ["ended"], "the hold is over")


# The attempt goes on, fails, and its recipient is held nevertheless.
def under_an_attempt(server, inner):
    asked, go_on = [], threading.Event()

    def slow(verb, line, session):
        if verb != "RCPT":
            return None
        asked.append(line)
        if len(asked) == 2:
            go_on.wait(60)
        return "452 4.2.2 Full"
    inner.answer = slow
    try:
        mail(server, 31)
        eventually(lambda: len(asked) == 2, "the second attempt is under way", 20)
        chosen = hold(server, "--recipient", "r31@inner.example")
        expect(chosen["recipients"] == 1, chosen)
    finally:
        go_on.set()
    eventually(lambda: waiting(server)["r31"].get("attempts") == 2, "the attempt counts", 20)
    time.sleep(4)  # four intervals
    expect(len(asked) == 2 and waiting(server)["r31"].get("hold") == chosen["hold"], (asked, waiting(server)))
    inner.answer = None
    server.cli("hold", "release", chosen["hold"])
    eventually(lambda: "r31" in got(inner), "released", 20)
