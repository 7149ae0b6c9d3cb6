"""The text of a large mail cannot be read in the moment its signature is made (EIO from its file, put in by strace), and can be a moment later: it waits, is told of in the log, and
leaves signed, once."""
import json
import signal
import subprocess

from harness import DOMAIN, TARO, Server, Skip, eventually, expect, need, scenario
from peers.next_hop import NextHop

LARGE = 3 << 20  # not part of a record: a file of its own
TO = "friend@outside.example"


@scenario
def run(folder):
    need("strace")
    disk = FailingReads()

    def well_again(verb, line, session):
        """Signatures are made before the next hop is spoken to."""
        if verb == "CONNECT":
            disk.heal()

    with NextHop(answer=well_again) as hop, Server(folder, name=f"mail.{DOMAIN}").start() as server:
        server.cli("route", "add", f"*,127.0.0.1,{hop.port}")
        for key in json.loads(server.cli("dkim", "key", "add", DOMAIN, "--manual", "--json")):
            server.cli("dkim", "key", "activate", DOMAIN, key["selector"], "--force")
        eventually(lambda: server.states()["signer"] == "running", "signer runs")
        held = json.loads(server.cli("hold", "add", "--json", "--reason", "a test", "--destination", "outside.example"))["id"]
        server.send(recipient=TO, sender=TARO, subject="large", text="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * (LARGE // 72), port=server.submission_port, tls=True, user=TARO)
        eventually(lambda: [one for one in waiting(server) if one["state"] == "deferred"], "it is held")
        disk.fail(server, texts_of(server))
        server.cli("hold", "release", str(held))
        eventually(lambda: [one for one in server.events("servicelog") if one["event"] == "storage.trouble" and "Input/output error" in one.get("reason", "")], "the log tells of it", 60)
        eventually(lambda: hop.transactions, "it leaves all the same", 60)
        (one,) = hop.transactions
        expect(one.text.startswith(b"DKIM-Signature:"), f"signed: {one.text[:80]}")
        eventually(lambda: not waiting(server), "once")


def waiting(server):
    return json.loads(server.cli("queue", "list", "--json"))["items"]


def texts_of(server):
    files = [file for file in (server.data / "spool").rglob("*") if file.is_file() and file.stat().st_size > LARGE * 0.9 and file.read_bytes().find(b"Subject: large") >= 0]
    expect(files, "the text has a file of its own")
    return files


class FailingReads:
    tracer = None

    def fail(self, server, files):
        """The first read of these files, by each thread of deliver."""
        paths = [part for file in files for part in ("-P", str(file))]
        (pid,) = server.pids("deliver").values()
        self.tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", *paths, "-e", "trace=pread64", "-e", "inject=pread64:error=EIO:when=1", "-p", str(pid)], stderr=subprocess.PIPE, text=True)
        said = self.tracer.stderr.readline()
        if "attached" not in said:
            raise Skip(f"strace may not attach here: {said.strip()}")

    def heal(self):
        if self.tracer.poll() is None:
            self.tracer.send_signal(signal.SIGINT)
            self.tracer.wait(30)
