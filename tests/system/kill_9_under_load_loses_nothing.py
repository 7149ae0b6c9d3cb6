"""Rounds of kill -9 of any service or the supervisor under load: every mail answered 250 arrives, once or more."""
import json
import os
import random
import signal
import smtplib
import threading
import time

from harness import HANAKO, Server, eventually, expect, scenario

ROUNDS = int(os.environ.get("HIKYAKU_KILL_ROUNDS", "20"))  # tests/long has 300


class Load(threading.Thread):
    """Sends without end and remembers what was acknowledged."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.server, self.number, self.acknowledged, self.over, self.sent = server, number, [], False, 0

    def run(self):
        while not self.over:
            try:
                with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=10) as client:
                    while not self.over:
                        self.sent += 1
                        subject = f"load-{self.number}-{self.sent}"
                        client.sendmail("stranger@b.example", [HANAKO], f"Subject: {subject}\r\n\r\nHello\r\n")
                        self.acknowledged.append(subject)
                        time.sleep(0.02)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)


def owners(server):
    """How many locks are held on each journal, by the kernel's own list."""
    by_inode = {os.stat(path).st_ino: str(path.relative_to(server.data)) for path in server.data.glob("spool/**/lock")}
    held = {name: 0 for name in by_inode.values()}
    for line in open("/proc/locks"):
        fields = line.split()
        inode = int(fields[-3].split(":")[2])
        if "->" not in fields and inode in by_inode:
            held[by_inode[inode]] += 1
    return held


def restart(server):
    """The old services finish and give their journals back before the new ones can have them."""
    for _ in range(20):
        try:
            server.start(40)
            return
        except RuntimeError:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
            time.sleep(1)
    raise AssertionError("the server does not start again")


@scenario
def run(folder):
    chance = random.Random(int(os.environ.get("HIKYAKU_SEED", "1")))
    with Server(folder).start() as server:
        loads = [Load(server, number) for number in range(4)]
        for load in loads:
            load.start()
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.1, 0.8))
            victim = chance.choice(["receive", "deliver", "imap", "auth", "serve"])
            if victim == "serve":
                server.process.kill()
                server.process.wait()
                restart(server)
                continue
            pids = [pid for pid in eventually(lambda: server.pids(victim), "pids").values() if pid]
            if pids:
                os.kill(chance.choice(pids), signal.SIGKILL)
            for journal, held in owners(server).items():
                expect(held <= 1, f"{journal} has one owner at most, not {held}")
        for load in loads:
            load.over = True
        for load in loads:
            load.join(30)
        acknowledged = {subject for load in loads for subject in load.acknowledged}
        expect(len(acknowledged) > ROUNDS, f"there was load: {len(acknowledged)}")
        server.wait_for_subjects(acknowledged, seconds=120)
        subjects = server.subjects()
        eventually(lambda: all(held == 1 for held in owners(server).values()), "every journal has its owner again")
        counts = json.loads(server.cli("queue", "count", "--json"))
        expect(counts["damaged_records"] == 0, f"no record is corrupt: {counts}")
        print(f"{ROUNDS} rounds, {len(acknowledged)} acknowledged, {len(subjects)} found")
        client = server.imap()
        client.select("INBOX", readonly=True)
        uids = client.uid("SEARCH", "ALL")[1][0].split()
        expect(len(uids) == len(set(uids)), "no UID twice")
        client.logout()
