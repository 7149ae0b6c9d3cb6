"""Next hops that cut the line, answer garbage or end the session, each once at every stage: all mail arrives, and twice only
where the peer had taken it and we could not know."""
import json
import smtplib

from harness import Server, eventually, expect, scenario
from peers.next_hop import DROP, NextHop

STAGES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END")
TROUBLES = {
    "cut": DROP,
    "garbage": "\x00\xff\x1b[2J banana",
    "no-code": "Hello there",
    "endless": "450-" + "x" * 200_000,
    "wrong-code": "999 What",
    "closing": "421 4.3.2 Closing",
}


class Once:
    """Trouble at the first time that a stage is reached, the usual reply ever after."""

    def __init__(self, stage, trouble):
        self.stage, self.trouble, self.done = stage, trouble, False

    def __call__(self, verb, line, session):
        if verb != self.stage or self.done:
            return None
        self.done = True
        return self.trouble


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.0/8"], "recipients": 200},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "delay_notice": "0s", "refused_attempts": 50}}
    hops = {f"{stage.lower()}-{name}.example": NextHop(answer=Once(stage, trouble)).start() for stage in STAGES for name, trouble in TROUBLES.items()}
    cut, taken_first = Once("END", DROP), []

    def take_and_cut(verb, line, session):
        if verb == "END" and not cut.done:
            taken_first.append(line)  # it took the mail, and its answer did not reach us
        return cut(verb, line, session)
    hops["taken.example"] = NextHop(answer=take_and_cut).start()
    try:
        with Server(folder, accounts=False, settings=settings, listen=("smtp",)).start() as server:
            table = folder / "gateway.dat"
            table.write_text("".join(f"{domain},127.0.0.1,{hop.port}\n" for domain, hop in hops.items()))
            server.cli("route", "import", table)
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
                client.sendmail("", [f"user@{domain}" for domain in hops], "Subject: hello\r\n\r\nhello\r\n")
            missing = lambda: [domain for domain, hop in hops.items() if not hop.transactions]
            eventually(lambda: not missing(), "every mail arrives", seconds=180)
            counts = lambda: json.loads(server.cli("queue", "count", "--json"))
            eventually(lambda: counts()["incoming"]["messages"] == counts()["domains"]["recipients"] == 0, "the queue empties", seconds=60)
            for domain, hop in hops.items():
                expect(len(hop.transactions) == 1, f"{domain} has it once, not {len(hop.transactions)} times, after its trouble")
                expect(domain == "taken.example" or hop.answer.done, f"{domain} made its trouble")
            expect(len(taken_first) == 1, "what was taken without an answer came again")
    finally:
        for hop in hops.values():
            hop.stop()
