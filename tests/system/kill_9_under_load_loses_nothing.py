"""Rounds of kill -9 of any service or the supervisor under load: every mail answered 250 arrives, once or more."""
import json
import os
import random

from _killing import SETTINGS, every_journal_has_its_owner, kill_rounds, under_load
from harness import HANAKO, Server, expect, scenario

ROUNDS = int(os.environ.get("HIKYAKU_KILL_ROUNDS", "20"))  # tests/long has 300


def hello(subject):
    return "stranger@b.example", [HANAKO], f"Subject: {subject}\r\n\r\nHello\r\n"


@scenario
def run(folder):
    chance = random.Random(int(os.environ.get("HIKYAKU_SEED", "1")))
    with Server(folder, settings=SETTINGS).start() as server:
        killed = {}
        acknowledged, _ = under_load(server, hello, lambda: killed.update(
            kill_rounds(server, chance, ROUNDS, ["receive", "deliver", "imap", "auth", "serve"])))
        expect(len(acknowledged) > ROUNDS, f"there was load: {len(acknowledged)}")
        server.wait_for_subjects(acknowledged, seconds=120)
        subjects = server.subjects()
        every_journal_has_its_owner(server)
        counts = json.loads(server.cli("queue", "count", "--json"))
        expect(counts["damaged_records"] == 0, f"no record is corrupt: {counts}")
        print(f"{ROUNDS} rounds {killed}, {len(acknowledged)} acknowledged, {len(subjects)} found")
        client = server.imap()
        client.select("INBOX", readonly=True)
        uids = client.uid("SEARCH", "ALL")[1][0].split()
        expect(len(uids) == len(set(uids)), "no UID twice")
        client.logout()
