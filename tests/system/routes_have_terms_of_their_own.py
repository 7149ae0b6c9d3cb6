"""How a row's hosts are spoken to: a login with its secret, TLS demanded and verified (and never weaker than demanded), LMTP,
our source address, and a fallback relay after some failures."""
import json
import smtplib
import socketserver

from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario
from peers import net
from peers.next_hop import NextHop


class Watching(NextHop):
    """Remembers where its clients come from."""

    def __init__(self):
        super().__init__(answer=self.note)
        self.clients = set()

    def note(self, verb, line, session):
        self.clients.add(session.client_address[0])


@scenario
def run(folder):
    server = Server(folder / "outer", name="outer.example",
                    settings={"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1s", "retry_growth": "constant"}})
    inner = Server(folder / "inner", name="inner.example", listen=("smtp", "submission", "submissions", "lmtp", "imap", "imaps", "pop3", "pop3s"))
    with inner.start(), server.start(), Watching() as plain:
        login_and_tls(server, inner, plain)
        source_and_lmtp(server, inner, plain)
        fallback(server, plain)


def send(server, recipients, subject):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        return client.sendmail(HANAKO, recipients, f"Subject: {subject}\r\n\r\nHello\r\n")


def row(server, text):
    server.cli("route", "import", "-", "--yes", input=text)


def login_and_tls(server, inner, plain):
    """The inner server's submission port takes mail only from those who log in, under TLS."""
    inner.cli("domain", "add", "far.example", "--relay")
    inner.cli("route", "add", f"far.example,127.0.0.1,{plain.port}")
    row(server, f"far.example,127.0.0.1,{inner.submission_port},tls=required,login={HANAKO},auth=scram-sha-256\n")
    send(server, ["a@far.example"], "by login")
    told = eventually(lambda: [e for e in server.events("faillog") + server.events("senderlog") + server.events("outlog")
                               if "is not set" in json.dumps(e)] or None, "the log says that the secret is missing")
    expect("route secret" in json.dumps(told), f"with the remedy: {told}")
    server.cli("route", "secret", HANAKO, "--password-stdin", input=PASSWORD + "\n")
    eventually(lambda: "a@far.example" in plain.recipients, "the login works")
    expect(PASSWORD not in server.cli("route", "secret") and HANAKO in server.cli("route", "secret"), "names are listed, secrets are not")
    for mechanism in ("plain", "login"):
        row(server, f"far.example,127.0.0.1,{inner.submission_port},tls=required,login={HANAKO},auth={mechanism}\n")
        send(server, [f"{mechanism}@far.example"], "by login")
        eventually(lambda: f"{mechanism}@far.example" in plain.recipients, f"by {mechanism}")
    # TLS demanded of a host that has none, or whose certificate nobody vouches for: the mail waits, it never goes in the clear.
    row(server, f"clear.example,127.0.0.1,{plain.port},tls=required\nunknown.example,127.0.0.1,{inner.smtp_port},tls=verified\n")
    send(server, ["b@clear.example", "c@unknown.example"], "demanding")
    eventually(lambda: len([e for e in server.events("senderlog") + server.events("faillog") + server.events("outlog")
                            if "TLS" in json.dumps(e) and e.get("recipient") in ("b@clear.example", "c@unknown.example")]) >= 4 or None,
               "both were tried twice")
    expect("b@clear.example" not in plain.recipients, "nothing in the clear")


def source_and_lmtp(server, inner, plain):
    plain.clients.clear()
    row(server, f"source.example,127.0.0.1,{plain.port},source=127.0.0.9\n{TARO},127.0.0.1,{inner.lmtp_port},lmtp\n")
    send(server, ["d@source.example"], "from another address")
    eventually(lambda: "d@source.example" in plain.recipients, "delivered")
    expect(plain.clients == {"127.0.0.9"}, f"from the row's address: {plain.clients}")
    server.cli("route", "forward-all", "on")
    send(server, [TARO], "by LMTP")
    inner.wait_for_subjects(["by LMTP"], TARO)
    server.cli("route", "forward-all", "off")


def fallback(server, plain):
    dead = net.free_port()
    row(server, f"b.example,127.0.0.1,{dead},fallback=127.0.0.1:{plain.port},after=2\n")
    send(server, ["e@b.example"], "to the fallback")
    eventually(lambda: "e@b.example" in plain.recipients, "the fallback took over after two failures")
    with NextHop(port=dead) as own:
        # A minute later the own host is tried again; a new destination finds it at once.
        row(server, f"b.example,127.0.0.1,{dead},fallback=127.0.0.1:{plain.port},after=3\n")
        send(server, ["f@b.example"], "to its own host")
        eventually(lambda: own.recipients == ["f@b.example"], "its own host is preferred")
