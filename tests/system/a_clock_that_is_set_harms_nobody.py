"""The machine's clock is set an hour and three days forward and back again under load: nothing is given up, nothing sleeps,
every mail acknowledged arrives once, ids and UIDs stay unique, logins work, logs and history go on."""
import json
import time

import _namespaces

_namespaces.enter("mount")

from _killing import under_load  # noqa: E402
from harness import HANAKO, TARO, Server, eventually, expect, scenario  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402
from peers.troubled_machine import TroubledMachine  # noqa: E402

HOUR = 3600
STEPS = (HOUR, 72 * HOUR, -HOUR, -72 * HOUR)
RETRY = 5  # seconds


class Door:
    """Puts off what is for late-...; everybody else is let in."""

    def __init__(self):
        self.open, self.attempts = False, 0

    def __call__(self, verb, line, session):
        if verb != "RCPT" or "late-" not in line:
            return None
        self.attempts += 1
        return None if self.open else "452 4.3.1 No room just now"


def hello(subject):
    return "stranger@b.example", [HANAKO, f"to-{subject}@far.example"], f"Subject: {subject}\r\n\r\nHello\r\n"


def lives(server):
    return len([event for event in server.events("servicelog") if event["event"] == "schedule.restored"])


def set_clock(server, machine, door, seconds):
    """Until the life of delivery that has the new time is there and tries again, by the steady clock."""
    before, began = lives(server), time.monotonic()
    machine.set_clock_by(seconds)
    eventually(lambda: lives(server) > before, f"delivery begins anew after a step of {seconds} s", 60)
    tried = door.attempts
    eventually(lambda: door.attempts >= tried + 5, f"what is deferred is tried again after a step of {seconds} s", 60)
    subject = f"after {seconds} at {began}"
    server.send(subject=subject)
    server.wait_for_subjects([subject], seconds=60)  # and the login, with its ticket, works
    # Two attempts of each in one retry interval at most: a step makes no storm.
    tried, began = door.attempts, time.monotonic()
    time.sleep(RETRY)
    expect(door.attempts - tried <= 5 * (2 + (time.monotonic() - began) / RETRY), f"{door.attempts - tried} attempts in {RETRY} s after a step of {seconds} s")


def uids_ascend(server):
    client = server.imap()
    client.select("INBOX", readonly=True)
    uids = [int(one) for one in client.uid("SEARCH", "ALL")[1][0].split()]
    client.logout()
    expect(uids == sorted(set(uids)), "UIDs ascend and none is there twice")


@scenario
def run(folder):
    machine, door = TroubledMachine(folder), Door()
    settings = {"smtp": {"relay_networks": ["127.0.0.0/8"]}, "history": {"sample_interval": "1s"},
                "delivery": {"retry_interval": f"{RETRY}s", "retry_growth": "constant", "transient_period": "30m", "delay_notice": "0s"}}
    with NextHop(answer=door) as hop, Server(folder, settings=settings) as server:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        for number in range(5):
            server.send(recipient=f"late-{number}@far.example", subject=f"late {number}")
        eventually(lambda: door.attempts >= 5, "they were tried")

        def steps():
            for seconds in STEPS:
                set_clock(server, machine, door, seconds)
        acknowledged, _ = under_load(server, hello, steps, threads=2, pause=0.1)
        door.open = True
        eventually(lambda: len([one for one in hop.recipients if one.startswith("late-")]) == 5, "the late ones arrive", 60)
        server.wait_for_subjects(acknowledged, seconds=60)
        counts = lambda: json.loads(server.cli("queue", "count", "--json"))
        eventually(lambda: counts()["incoming"]["messages"] == counts()["domains"]["recipients"] == 0, "the queue empties", 60)

        subjects = [subject for subject in server.subjects() if subject.startswith("load-")]
        expect(len(subjects) == len(set(subjects)), "no mail came twice")
        expect(len(hop.recipients) == len(set(hop.recipients)), "nor to the next hop")
        expect(not server.subjects(TARO), f"nobody was given up: {server.subjects(TARO)}")
        accepted = [event["message"] for event in server.events("inlog") if event["event"] == "mail.accepted"]
        expect(len(accepted) == len(set(accepted)) and len(accepted) >= len(acknowledged), "each mail has an id of its own")
        uids_ascend(server)
        told = [event["reason"] for event in server.events("servicelog") if event["event"] == "clock.set"]
        expect(len(told) == len(STEPS) and sum("back" in one for one in told) == 2, f"each step is told once: {told}")
        days = {path.name.split(".")[0] for path in (server.data / "log").glob("deliver/outlog/*.jsonl")}
        expect(len(days) >= 2, f"logs are by the day they were written on: {days}")
        expect(json.loads(server.cli("queue", "history", "--json")), "the history goes on")
        print(f"{len(STEPS)} steps, {len(acknowledged)} acknowledged, 0 lost, 0 twice, 0 given up")
