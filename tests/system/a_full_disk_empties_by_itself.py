"""A data folder on a file system of 400 MB, filled by reception while the next hop is down and mailboxes grow: clients
get 452 (never a lost connection or 5xx), everything acknowledged stays, and once delivery goes on the queue empties and
reception takes mail again, without help."""
import smtplib
import subprocess
import threading
import time

import _namespaces

_namespaces.enter("mount")

from harness import HANAKO, Server, Skip, eventually, expect, scenario  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

SIZE = "400m"
TEXT = "".join(f"line {n} of a message that fills the disk\r\n" for n in range(12000))  # about 500 KB


class Load(threading.Thread):
    """Sends until the server says 452 several times in a row; remembers what was acknowledged, and any other refusal."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.server, self.number, self.acknowledged, self.full, self.wrong = server, number, [], 0, []

    def run(self):
        for count in range(1000):
            mark = f"m-{self.number}-{count}"
            recipients = [f"{mark}@far.example"] if count % 3 else [f"{mark}@far.example", HANAKO]
            try:
                with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
                    client.sendmail("stranger@b.example", recipients, f"Subject: {mark}\r\n\r\n{TEXT}")
                self.acknowledged += recipients if HANAKO not in recipients else [recipients[0], mark]
            except smtplib.SMTPSenderRefused as refused:
                self.refuse(refused.smtp_code, refused.smtp_error)
            except smtplib.SMTPDataError as refused:
                self.refuse(refused.smtp_code, refused.smtp_error)
            except (OSError, smtplib.SMTPException) as problem:
                self.wrong.append(repr(problem))
            if self.full > 20 or len(self.wrong) > 5:
                return

    def refuse(self, code, words):
        if code == 452 and words.startswith(b"4.3.1"):
            self.full += 1
            time.sleep(0.05)
        else:
            self.wrong.append(f"{code} {words}")


@scenario
def run(folder):
    data = folder / "server/data"
    data.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", data], capture_output=True).returncode != 0:
        raise Skip("this user may not mount a file system")
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "spool": {"reserve": "32MiB"},
                "delivery": {"retry_interval": "2s", "retry_growth": "constant"}}
    try:
        with Server(folder, settings=settings) as server:
            server.start()
            fill_and_empty(server, data)
    finally:
        subprocess.run(["umount", "-l", data])


def fill_and_empty(server, data):
    hop = NextHop().start()
    hop.stop()
    server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
    loads = [Load(server, number) for number in range(4)]
    for load in loads:
        load.start()
    for load in loads:
        load.join(300)
    print(subprocess.run(["df", "-m", data], capture_output=True, text=True).stdout)
    expect(not [w for load in loads for w in load.wrong], f"only 452 is said: {[load.wrong for load in loads]}")
    expect(all(load.full > 20 for load in loads), f"the disk got full: {[load.full for load in loads]}")
    full = [one for one in server.status()["errors"] if one["event"] == "disk.low"]
    expect(len(full) == 1 and full[0]["count"] == 1, f"and the operator is told, once: {server.status()['errors']}")
    acknowledged = {mark for load in loads for mark in load.acknowledged}
    expect(len(acknowledged) > 50, f"and mail was taken before: {len(acknowledged)}")
    expect(set(server.states().values()) <= {"running", "not configured"}, f"all services live: {server.states()}")
    local = {mark for mark in acknowledged if "@" not in mark}
    server.wait_for_subjects(local, HANAKO, 60)

    hop.start()
    remote = {mark for mark in acknowledged if "@" in mark}
    eventually(lambda: remote <= set(hop.recipients), f"{len(remote)} mails go out", 240)
    eventually(lambda: "far.example" not in server.cli("queue", "list"), "the queue is empty", 30)
    print(subprocess.run(f"df -m {data}; du -am {data} | sort -rn | head -25", shell=True, capture_output=True, text=True).stdout)
    eventually(lambda: server.send(subject="after", sender="stranger@b.example"), "reception takes mail again", 60)
    server.wait_for_subjects(["after"], HANAKO)
    hop.stop()
