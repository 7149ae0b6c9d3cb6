"""What the benchmarks of long queues share: filling a spool, what the logs tell, and what deliver costs."""
import json
import os
import pathlib
import smtplib
import subprocess
import time

import compare


def deliver_pid(server):
    return next(iter(server.pids("deliver").values()))


def make(server, messages, octets, *more):
    """Fills the spool of a server that is stopped (bench/load/make_backlog.cc)."""
    run = subprocess.run([str(compare.BUILD / "bench/make_backlog"), "--spool", str(server.data / "spool"), "--messages", str(messages),
                          "--octets", str(octets), *map(str, more)], capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(run.stderr)
    owner = server.data.stat()
    for folder, _, names in os.walk(server.data / "spool"):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            os.chown(path, owner.st_uid, owner.st_gid)
    return json.loads(run.stdout)


def events(server, name):
    """The lines of all logs that tell of the event."""
    return [line for log in (server.data / "log").rglob("*.jsonl") for line in log.read_text().splitlines() if f'"{name}"' in line]


def wait_for_event(server, name, known, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(events(server, name)) > known:
            return time.monotonic()
        time.sleep(0.02)
    raise RuntimeError(f"no {name} within {seconds} s: {server.log_text()}")


def send(server, to="taro@here.example"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.sendmail("a@sender.example", [to], "Subject: fresh\r\n\r\nhello\r\n")


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
