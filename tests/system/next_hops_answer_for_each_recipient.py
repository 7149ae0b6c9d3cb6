"""A next hop that offers PRDR is asked for it where a mail has more than one recipient: it refuses one and has another tried again, each alone; a line cut before its last reply
gives everybody taken another try, nobody refused; one that answers for all at once, or is asked about one recipient, is understood as ever."""
import smtplib

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import DROP, EXTENSIONS, NextHop

MAILS = ("each", "cut", "plain")


class Peer(NextHop):
    """Replies at the end of the text by what the first recipient is called and how many there are."""

    def __init__(self):
        super().__init__(answer=self.decide, extensions=(*EXTENSIONS, "PRDR"))
        self.asked, self.taken = [], []

    def decide(self, verb, line, session):
        if verb == "MAIL":
            session.named, session.prdr = [], line.upper().endswith(" PRDR")
        if verb == "RCPT":
            session.named.append(line[9:].split("@")[0])
        if verb != "END":
            return None
        self.asked.append((tuple(session.named), session.prdr))
        cut = session.named[0].startswith("cut") and sum(named[0].startswith("cut") for named, _ in self.asked) == 1
        if not session.prdr or session.named[0].startswith("plain"):
            self.taken += session.named
            return None
        replies = {"a": "250 2.0.0 taken", "b": "550 5.7.1 not wanted", "c": "451 4.2.1 later"}
        said = ["353 one for each", *(replies[name[-1]] for name in session.named)]
        if cut:
            session.wfile.write(("\r\n".join(said) + "\r\n").encode())
            return DROP
        self.taken += [name for name in session.named if name[-1] == "a"]
        return "\r\n".join([*said, "250 2.0.0 some have it"])


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1s", "retry_growth": "constant"}}
    with Server(folder, settings=settings) as server, Peer() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        for mail in MAILS:
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
                client.sendmail(HANAKO, [f"{mail}-{who}@far.example" for who in "abc"], f"Subject: {mail}\r\n\r\nHello\r\n")
        eventually(lambda: server.cli("queue", "list", "--json").find("@") < 0, "every recipient has an outcome", 120)
        for mail in MAILS:
            expect(hop.taken.count(f"{mail}-a") == 1 and hop.taken.count(f"{mail}-c") == 1, f"once, and once after a second try: {sorted(hop.taken)}")
            expect(hop.taken.count(f"{mail}-b") == (mail == "plain"), f"refused for good: {sorted(hop.taken)}")
        expect(all(prdr == (len(named) > 1) for named, prdr in hop.asked), f"asked for where it says something: {hop.asked}")
        expect([named for named, _ in hop.asked if "each-b" in named] == [("each-a", "each-b", "each-c")] and [named for named, _ in hop.asked if "cut-b" in named] == [("cut-a", "cut-b", "cut-c")],
               f"who was refused is not tried again: {hop.asked}")
        bounces = eventually(lambda: (lambda all_of: all_of if len(all_of) == 2 else None)([one for one in server.subjects() if one]), "a report on each of the two refused")
        expect(len(bounces) == 2, f"{bounces}")
