"""An account sends as it never did, to many who do not exist: it is suspended before the message that shows it is taken, what it had queued is held,
the administrator is told once, by webhook and by mail. Reading goes on. `account contain` shows what was done and, with --yes, ends sessions and the
password; `account release` lets it send again."""
import http.server
import json
import threading

from harness import HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario
from peers.net import free_port
from peers.next_hop import NextHop


class Receiver:
    def __init__(self, port):
        self.notices = notices = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                notices.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, change):
        return [notice for notice in self.notices if notice["alarm"] == "account-suspended" and notice["change"] == change]


def queued(server):
    return json.loads(server.cli("queue", "list", "--account", TARO, "--json"))


def items(server):
    listing = queued(server)
    return listing["items"] if isinstance(listing, dict) else listing


def logs_in(server, password):
    try:
        client = server.imap_with(TARO, password)
        client.logout()
        return True
    except Exception:
        return False


class Hijacked(Server):
    def imap_with(self, user, password):
        import imaplib
        client = imaplib.IMAP4_SSL("127.0.0.1", self.imaps_port, ssl_context=self.context(), timeout=60)
        client.login(user, password)
        return client


def suspended(server, receiver):
    code, words, _ = server.submit(TARO, [HANAKO], "ordinary")
    expect(code == 250, f"{code} {words}")
    server.wait_for_subjects(["ordinary"])
    expect(server.submit(TARO, ["someone@dead.example"], "queued")[0] == 250, "one for a host that is down")
    eventually(lambda: len(items(server)) == 1, "it waits", 60)
    code, words, taken = server.submit(TARO, [HANAKO] + [f"nobody{n}@a.example" for n in range(6)] + [f"r{n}@dead.example" for n in range(8)], "spam")
    expect(code == 550 and "suspended" in words and taken == 9, f"the message that shows it: {code} {words} {taken}")
    code, words, _ = server.submit(TARO, [HANAKO], "more")
    expect(code == 550 and "suspended" in words, f"and no more: {code} {words}")
    expect("ordinary" in server.subjects() and "spam" not in server.subjects(), "nobody got it")
    told = eventually(lambda: [event for event in server.events("servicelog") if event["event"] == "account.suspended"], "it is in the log")
    expect(len(told) == 1 and told[0]["account"] == TARO and "recipients" in told[0]["reason"], f"{told}")
    eventually(lambda: receiver.of("raised"), "the administrator is told", 60)
    expect(receiver.of("raised")[0]["account"] == TARO, f"{receiver.notices}")
    expect("suspended" in server.cli("account", "list") and "recipients" in server.cli("account", "show", TARO), "and shown")
    expect(json.loads(server.cli("account", "show", TARO, "--json"))["suspended"]["by"] == "auth", "to programs too")
    expect(f"account contain {TARO}" in server.cli("account", "show", TARO), "what is to be done first")
    told = eventually(lambda: [subject for subject in server.subjects() if "Account suspended" in subject], "by mail", 60)
    expect(len(told) == 1 and TARO in told[0], f"{told}")


def reading_goes_on(server):
    server.send(recipient=TARO, sender=HANAKO, subject="to the owner", user=HANAKO, tls="inside")
    eventually(lambda: "to the owner" in server.subjects(TARO), "reading goes on", 60)
    holds = json.loads(server.cli("hold", "list", "--json"))["holds"]
    expect([hold["scope"] for hold in holds] == ["sent-by"] and holds[0]["pattern"] == TARO, f"{holds}")


def contained(server):
    shown = server.cli("account", "contain", TARO)
    expect("Nothing was changed" in shown and HANAKO in shown, shown)
    plan = json.loads(server.cli("account", "contain", TARO, "--json"))
    expect(plan["dry_run"] and plan["suspended"] and plan["reached"] == [HANAKO] and plan["clients"], f"{plan}")
    expect(logs_in(server, PASSWORD), "a look changes nothing")
    session = server.imap_with(TARO, PASSWORD)
    maildrop = server.pop3(TARO)
    submission = server.smtp(tls="inside", user=TARO)
    done = json.loads(server.cli("account", "contain", TARO, "--yes", "--json"))
    expect(not done["dry_run"] and len(done["password"]) > 15, f"{done}")

    def over():
        try:
            session.noop()
            return False
        except Exception:
            return True

    eventually(over, "the session ends", 60)
    maildrop.sock.settimeout(60)
    expect(maildrop.file.read() == b"", "and that by POP3, whose client says nothing")
    expect(not logs_in(server, PASSWORD) and logs_in(server, done["password"]), "only the new password")
    expect(len(items(server)) == 1, "held, not deleted")
    asked = server.cli("account", "release", TARO, "--json", check=False)
    expect(json.loads(asked) == {"dry_run": True, "held": 1}, f"what becomes of it must be said: {asked}")
    expect("suspended" in server.cli("account", "list"), "nothing was released")
    again = json.loads(server.cli("account", "contain", TARO, "--yes", "--keep-password", "--queued", "delete", "--json"))
    expect(again["deleted"] == 1 and "password" not in again, f"{again}")
    eventually(lambda: items(server) == [], "deleted by choice", 60)
    told, shown = json.loads(server.cli("account", "contain", TARO, "--json")), server.cli("account", "contain", TARO)
    expect((told["recipients_waiting"], told["recipients_failed"], told["recipients_taken_out"]) == (0, 0, 1), f"what an operator took out did not fail: {told}")
    expect("0 failed, 1 were taken out of the queue by operators" in shown, shown)
    expect(f"account release {TARO}" in server.cli("account", "show", TARO), "what is left to do behind the containment")
    return done["password"], submission


def a_session_of_before_is_over(submission):
    """It logged in with the old password, and its account may send again: it may not."""
    code, words = submission.docmd(f"MAIL FROM:<{TARO}>")
    expect(code == 530, f"{code} {words}")
    submission.close()


@scenario
def run(folder):
    port = free_port()
    settings = {"abuse": {"recipients": 6, "times_usual": 1, "refused": 5}, "delivery": {"retry_interval": "1h"},
                "refusals": {"administrators": [HANAKO]},
                "alarm": {"silence": "0s", "check_interval": "1s", "webhook": f"http://127.0.0.1:{port}/hook"}}
    receiver = Receiver(port)
    with Hijacked(folder, settings=settings) as server, NextHop() as dead:
        server.start()
        dead.stop()
        server.cli("route", "add", f"dead.example,127.0.0.1,{dead.port}")
        suspended(server, receiver)
        reading_goes_on(server)
        password, submission = contained(server)
        expect(server.submit(TARO, [HANAKO], "not yet", password)[0] == 550, "still suspended")
        server.cli("account", "release", TARO)
        a_session_of_before_is_over(submission)
        code, words, _ = server.submit(TARO, [HANAKO], "again", password)
        expect(code == 250, f"released: {code} {words}")
        server.wait_for_subjects(["ordinary", "again"])
        eventually(lambda: receiver.of("cleared"), "and told of", 60)
        expect(len(receiver.of("raised")) == 1 and len(receiver.of("cleared")) == 1, f"exactly once: {receiver.notices}")
        try:
            server.cli("account", "release", TARO)
            expect(False, "a second release")
        except RuntimeError as said:
            expect("not suspended" in str(said), str(said))
