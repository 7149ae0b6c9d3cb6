"""Files of the store that something else on the machine takes away (a virus scanner): a large text in incoming and in holding goes back to its sender as damaged,
whoever it was for, with its trace id in the log; a segment of incoming is told of, and each mail that was in it
has its trace id named; what was not taken goes out, and the queue
empties; the segment's mail is delivered once it is put back."""
import json
import os
import shutil
import smtplib

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

LARGE = 1_500_000


def send(server, subject, to, octets=5_000):
    """The trace id of the mail."""
    text = f"Subject: {subject}\r\n\r\n" + "".join(f"line {n:07} of the text\r\n" for n in range(octets // 24))
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
        client.ehlo()
        client.mail(TARO)
        client.rcpt(to)
        return client.data(text)[1].split()[-1].decode().rstrip(".")


def told(server, log, **wanted):
    return [e for e in server.events(log) if all(e.get(name) == value for name, value in wanted.items())]


def lost_mail(server):
    return [mail["message"] for mail in json.loads(server.cli("log", "lost", "--json", check=False))]


def taken(server, folder, prefix):
    gone = list((server.data / "spool" / folder).glob(prefix + "*"))
    for path in gone:
        path.unlink()
    return len(gone)


def came_back(server, identity, recipient):
    failed = eventually(lambda: told(server, "faillog", event="mail.failed", message=identity), f"the end of {identity}")
    expect(failed[0]["recipient"] == recipient and "damaged on disk" in failed[0]["reason"], f"{failed}")
    expect(told(server, "servicelog", event="storage.trouble", message=identity) or "No such file" in failed[0]["reason"], "the log names the message and the file")
    eventually(lambda: f"Undelivered mail <{recipient}>" in server.subjects(TARO), f"its sender hears of it: {server.subjects(TARO)}")


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1s", "retry_growth": "constant", "propose_hold_after": "0s"}}
    with Server(folder, settings=settings) as server, NextHop() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        server.cli("service", "stop", "deliver")
        there, here = send(server, "large far", "one@far.example", LARGE), send(server, "large here", HANAKO, LARGE)
        send(server, "small here", HANAKO)
        expect(taken(server, "incoming-1", "blob-") == 2, "two files")
        server.cli("service", "start", "deliver")
        server.wait_for_subjects(["small here"])
        came_back(server, there, "one@far.example")
        came_back(server, here, HANAKO)

        hop.stop()
        held = send(server, "large held", "two@far.example", LARGE)
        eventually(lambda: '"state":"deferred"' in server.cli("queue", "list", "--json"), "in holding")
        server.cli("service", "stop", "deliver")
        expect(taken(server, "holding", "blob-") == 1, "one file")
        hop.start()
        server.cli("service", "start", "deliver")
        came_back(server, held, "two@far.example")
        eventually(lambda: "@" not in server.cli("queue", "list"), "the queue is empty")

        server.cli("service", "stop", "deliver")
        lost = send(server, "lost", HANAKO)
        server.cli("service", "stop", "receive")
        kept = next(path for path in (server.data / "spool/incoming-1").glob("segment-*") if b"Subject: lost" in path.read_bytes()).rename(folder / "kept")
        taken(server, "incoming-1", "segment-")
        server.cli("service", "start", "receive"), server.cli("service", "start", "deliver")
        eventually(lambda: [e for e in told(server, "servicelog", event="storage.trouble") if "file is gone" in e["reason"]], "told")
        eventually(lambda: lost_mail(server) == [lost], f"and the command that it points to names the mail: {lost_mail(server)}")
        send(server, "after it", HANAKO)
        server.wait_for_subjects(["after it"])
        put_back(server, kept)
        eventually(lambda: lost_mail(server) == [], f"nothing is lost any more: {lost_mail(server)}")


def put_back(server, file):
    """As the log says: its name is another file's by now, so a free one."""
    for service in ("receive", "deliver"):
        server.cli("service", "stop", service)
    journal = server.data / "spool/incoming-1"
    owner = next(journal.glob("segment-*")).stat()
    shutil.copyfile(file, journal / "segment-00090")
    os.chown(journal / "segment-00090", owner.st_uid, owner.st_gid)
    os.chmod(journal / "segment-00090", owner.st_mode & 0o777)
    for service in ("receive", "deliver"):
        server.cli("service", "start", service)
    server.wait_for_subjects(["lost"])
