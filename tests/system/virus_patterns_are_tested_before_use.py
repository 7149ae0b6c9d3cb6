"""Service virusdb: without a source it is not configured and nothing waits; with one, new patterns are fetched, tested, put in force and
clamd is told. A bad update (truncated, cut short, a wrong signature, one without the test virus, one that finds something in an
ordinary mail, an unreadable mirror) never becomes active: the old ones go on and the operator is told. Rolling back holds."""
import http.server
import json
import smtplib
import threading
import time

from harness import HANAKO, TARO, Server, Skip, eventually, expect, need, scenario
from peers.clamd import EICAR, Clamd, installed, ndb

GOOD = ndb("Eicar-Test-Signature", EICAR)


def refused(server, text):
    """The virus's name, or nothing."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
        try:
            client.sendmail(TARO, [HANAKO], f"Subject: x\r\n\r\n{text}\r\n")
        except smtplib.SMTPDataError as no:
            if no.smtp_code != 550:
                raise
            return no.smtp_error.decode()
    return None


class Source:
    """The folder that new patterns come from."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def put(self, **files):
        """Written aside, then all at once: a half-written set would be another bad update."""
        for old in self.folder.iterdir():
            old.unlink()
        for name, content in files.items():
            (self.folder / name.replace("__", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())


def history(server):
    return json.loads(server.cli("virusdb", "history", "--json"))


def status(server):
    return json.loads(server.cli("virusdb", "status", "--json", check=False))


FILLER = "".join(ndb(f"Filler-{n}", f"no mail ever says number {n} like this") for n in range(20))


def bad_updates():
    """Each beside what is in force but for what makes it bad, and why it is refused."""
    fake = "ClamAV-VDB:22 Nov 2026 09-00 +0000:27999:10:90:0123456789abcdef0123456789abcdef:WRONGsignatureWRONGsignature:builder:1795338000".ljust(512).encode()
    bad = {"cut short": ({"test__ndb": GOOD + "Second:0:*:6162636"}, "clamscan"),
           "truncated": ({"test__ndb": GOOD, "daily__cvd": fake[:300]}, "head of a pattern file"),
           "empty": ({"test__ndb": GOOD, "more__hdb": ""}, "is empty"),
           "wrong signature": ({"test__ndb": GOOD, "daily__cvd": fake + b"\x1f\x8b" + bytes(range(256)) * 40}, "verify"),
           "without the test virus": ({"test__ndb": ndb("Other", "something else")}, "EICAR"),
           "finds something in any mail": ({"test__ndb": GOOD + ndb("All", "Subject: ")}, "ordinary mail")}
    bad = {what: ({**files, "filler__ndb": FILLER}, reason) for what, (files, reason) in bad.items()}
    return {**bad, "shrunk": ({"test__hdb": "44d88612fea8a8f36de82e1278abb02f:68:Eicar\n"}, "shrunk"), "nothing": ({}, "no pattern files")}


def bad_ones_stay_out(server, source, clamd):
    source.put(test__ndb=GOOD, filler__ndb=FILLER)
    before = eventually(lambda: status(server)["generation"] >= 2 and status(server), "the larger set is in force")
    for what, (files, reason) in bad_updates().items():
        source.put(**files)
        told = eventually(lambda r=reason: (last := history(server)[-1])["what"] == "refused" and r in last["why"] and last, f"{what}: refused because of {reason!r}", 60)
        now = status(server)
        expect(now["generation"] == before["generation"] and now["patterns"] == before["patterns"], f"{what}: {told}; {now}")
        expect(now["trouble"]["why"] == told["why"], "status tells it")
        expect(refused(server, EICAR) is not None, f"{what}: the old patterns go on")
    eventually(lambda: len([e for e in server.events("servicelog") if e["event"] == "patterns.refused"]) >= len(bad_updates()), "each is in the log")
    count = len(history(server))
    time.sleep(3)
    expect(len(history(server)) == count, "what was refused is not told of again and again")
    source.put(test__ndb=GOOD + ndb("Second", "the second virus"), filler__ndb=FILLER)
    eventually(lambda: status(server)["generation"] > before["generation"], "a good one comes through after them")
    eventually(lambda: "Second" in (refused(server, "the second virus") or ""), "clamd was told")
    expect(status(server)["trouble"] == {}, "the trouble is over")


def rolled_back(server):
    after = status(server)["generation"]
    server.cli("virusdb", "rollback")
    expect(status(server)["generation"] == after - 1, "back")
    eventually(lambda: refused(server, "the second virus") is None, "clamd reads the earlier ones")
    expect(refused(server, EICAR) is not None, "they are patterns all the same")
    time.sleep(3)
    expect(status(server)["generation"] == after - 1, "what was left is not taken again by itself")
    server.cli("virusdb", "update", "--force")
    expect(status(server)["patterns"] and "Second" in (eventually(lambda: refused(server, "the second virus"), "forced") or ""), "but by command")


def stale(server):
    """The operator is told once of patterns that are too old."""
    def told():
        return [e for e in server.events("servicelog") if e["event"] == "patterns.stale"]
    expect(told() == [], "patterns of today are not stale")
    server.change_settings(virusdb={"stale": "1s"})
    eventually(lambda: len(told()) == 1 and told()[0]["since"], "told, with their age")
    time.sleep(3)
    expect(len(told()) == 1, f"once: {told()}")
    server.change_settings(virusdb={"stale": "72h"})


class Mirror(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"ClamAV-VDB: this is no pattern file" * 100
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def by_freshclam(server):
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    before = status(server)
    server.settings["virusdb"] = {"private_mirrors": [f"http://127.0.0.1:{web.server_port}"], "interval": "1h"}
    server.change_settings()
    server.cli("service", "restart", "virusdb")
    server.cli("virusdb", "update", check=False)
    told = history(server)[-1]
    expect(told["what"] == "failed" and "freshclam" in told["why"], f"a mirror that gives nonsense: {told}")
    expect(status(server)["generation"] == before["generation"] and refused(server, EICAR), "the old patterns go on")


@scenario
def run(folder):
    if not installed():
        raise Skip("clamd is not installed")
    for program in ("clamscan", "freshclam"):
        need(program)
    with Server(folder) as server:
        server.start()
        expect(server.states()["virusdb"] == "not configured", f"without a source: {server.states()['virusdb']}")
        source = Source(folder / "source")
        source.put(test__ndb=GOOD)
        active = server.data / "virusdb" / "active"
        clamd = Clamd(folder / "clamd", DatabaseDirectory=active)
        server.change_settings(scanning={"clamd": clamd.socket}, virusdb={"source_folder": str(source.folder), "interval": "1s"})
        server.cli("service", "start", "virusdb", check=False)
        eventually(lambda: server.states()["virusdb"] == "running", "it runs")
        eventually(lambda: status(server)["generation"] == 1, "the first patterns are in force")
        with clamd:
            expect(refused(server, EICAR) is not None, "clamd reads them")
            bad_ones_stay_out(server, source, clamd)
            rolled_back(server)
            stale(server)
            by_freshclam(server)
        expect("CLAMD" in server.cli("virusdb", "history").upper(), "that clamd was not told at first is in the history")
