"""What a next hop refuses for good (5xx, at any command) comes back to the sender as an RFC 3464 report with the reply
in it; 4xx is tried again; the period's end is a report too; a null sender is never answered; NOTIFY is obeyed."""
import email
import json
import smtplib

from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario
from peers.next_hop import DROP, NextHop

SENDER = HANAKO


class Peer(NextHop):
    """Replies by the local part of the recipient: what the mail's name asks for."""

    def __init__(self):
        super().__init__(answer=self.decide)
        self.tries = {}

    def decide(self, verb, line, session):
        if verb == "MAIL":
            session.named = None
        if verb == "RCPT":
            session.named = line[9:].split("@")[0]
            self.tries[session.named] = self.tries.get(session.named, 0) + 1
        named = getattr(session, "named", None)
        tries = self.tries.get(named, 0)
        return {
            ("RCPT", "unknown"): "550 5.1.1 <unknown@far.example>: we never heard of them",
            ("RCPT", "plain"): "550 no enhanced code here",
            ("RCPT", "lines"): "551-5.7.1 first line\r\n551 5.7.1 second line",
            ("DATA", "data"): "554 5.7.0 not with us",
            ("END", "content"): "554 5.6.0 we do not like this text",
            ("RCPT", "later"): None if tries > 2 else "451 4.3.0 not just now",
            ("END", "endlater"): None if tries > 2 else "452 4.3.1 full just now",
            ("END", "cut"): None if tries > 1 else DROP,
            ("RCPT", "never"): "450 4.2.0 never today",
            ("RCPT", "null"): "550 5.1.1 nobody",
            ("RCPT", "quiet"): "550 5.1.1 nobody",
        }.get((verb, named))


def submit(server, sender, recipient, options=(), rcpt_options=()):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(sender, [recipient], f"Subject: to {recipient}\r\nX-Mark: mark of {recipient}\r\n\r\nthe text\r\n", options, rcpt_options)


def reports(server, user=SENDER):
    """The reports in INBOX: by the final recipient's local part, its fields."""
    found = {}
    client = server.imap(user)
    _, count = client.select("INBOX", readonly=True)
    parts = client.fetch("1:*", "(BODY.PEEK[])")[1] if int(count[0]) else []
    client.logout()
    for part in parts:
        if not isinstance(part, tuple):
            continue
        report = email.message_from_bytes(part[1])
        expect(report.get_content_type() == "multipart/report" and report.get_param("report-type") == "delivery-status", f"a report: {part[1]}")
        text, status, original = report.get_payload()
        expect(status.get_content_type() == "message/delivery-status", status.get_content_type())
        fields = status.get_payload()
        expect(fields[0]["Reporting-MTA"].replace(" ", "") == "dns;mail.test.example", f"{fields[0]}")
        for recipient in fields[1:]:
            name = recipient["Final-Recipient"].split(";")[1].strip().split("@")[0]
            expect(name not in found, f"one report for {name}")
            found[name] = (recipient, report, text.get_payload(decode=True).decode(), original.as_string())
    return found


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1s", "retry_growth": "constant", "transient_period": "20s"}}
    with Server(folder, settings=settings) as server, Peer() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        for name in ("unknown", "plain", "lines", "data", "content", "later", "endlater", "cut", "never"):
            submit(server, SENDER, f"{name}@far.example")
        submit(server, "", "null@far.example")
        submit(server, SENDER, "quiet@far.example", (), ["NOTIFY=NEVER"])
        submit(server, SENDER, "success@far.example", ["RET=HDRS", "ENVID=QQ314159"], ["NOTIFY=SUCCESS", "ORCPT=rfc822;written@far.example"])
        submit(server, SENDER, "silent@far.example")
        submit(server, SENDER, HANAKO.replace("hanako", "taro"), (), ["NOTIFY=SUCCESS,FAILURE"])

        eventually(lambda: {"later@far.example", "endlater@far.example", "cut@far.example"} <= set(hop.recipients), "4xx and a cut line are tried again")
        want = {"unknown", "plain", "lines", "data", "content", "never", "success", "taro"}
        found = eventually(lambda: (lambda r: r if want <= set(r) else None)(reports(server)), f"reports on {want}", 90)
        expect(set(found) == want, f"no others: {set(found)}")
        expect(hop.tries["unknown"] == 1 and hop.tries["later"] == 3, f"attempts: {hop.tries}")
        expect(hop.tries["never"] in range(5, 26), f"tried until its period was over: {hop.tries['never']}")
        expect(hop.recipients.count("later@far.example") == 1, "delivered once")

        for name, status, words in (("unknown", "5.1.1", "we never heard of them"), ("plain", "5.", "no enhanced code here"),
                                    ("lines", "5.7.1", "second line"), ("data", "5.7.0", "not with us"),
                                    ("content", "5.6.0", "we do not like this text"), ("never", "", "never today")):
            fields, report, text, original = found[name]
            expect(fields["Action"] == "failed" and fields["Status"].startswith(status or "5."), f"{name}: {fields}")
            expect("smtp" in fields["Diagnostic-Code"] and words in fields["Diagnostic-Code"].replace("\r\n", ""), f"{name}: {fields}")
            expect(words in text, f"{name}: the human part: {text}")
            expect(f"mark of {name}@far.example" in original, f"{name}: the original's header: {original}")
            expect(report["To"] and report["Auto-Submitted"].startswith("auto-"), f"{name}: {report.items()}")
            expect("Return-Path: <>" in report.as_string()[:200], f"{name}: the null reverse-path: {report.as_string()[:200]}")
        fields, report, text, original = found["success"]
        expect(fields["Action"] == "relayed" and fields["Status"].startswith("2."), f"{fields}")
        expect(fields["Original-Recipient"].replace(" ", "") == "rfc822;written@far.example", f"{fields}")
        expect(report.get_payload()[1].get_payload()[0]["Original-Envelope-Id"] == "QQ314159", "the envelope id")
        expect("the text" not in original, "RET=HDRS: only the header comes back")
        expect(found["taro"][0]["Action"] == "delivered", f"{found['taro'][0]}")
        eventually(lambda: server.cli("queue", "list", "--json").find("@") < 0, "the queue is empty")
        each_report_is_followed(server)
        unknown_inside(server)
        alias_is_expanded(server)


def each_report_is_followed(server):
    """From a mail to the report about it, and back: by trace, and by why."""
    for mail in [e["message"] for e in server.events("faillog") if e["recipient"] in ("unknown@far.example", "never@far.example")]:
        told = eventually(lambda mail=mail: json.loads(server.cli("trace", mail, "--json"))["told_by"], "its report is in the log")
        expect(len(told) == 1 and told[0]["kind"] == "report" and told[0]["parent"] == mail, f"one report: {told}")
        report = told[0]["message"]
        expect(any(f"message={report}" in line and "mailbox" in line for line in server.cli("trace", mail).splitlines()), "with its own delivery")
        expect(json.loads(server.cli("trace", report, "--json"))["parent"] == mail, "it names its mail")
        expect(f"hikyaku why {report}" in server.cli("why", mail) and mail in server.cli("why", report), "and why does both")


def unknown_inside(server):
    """A bounce of mail to our own users that vanished after RCPT, and a bounce nobody takes: it never bounces itself."""
    submit(server, "gone@far.example", "unknown@far.example")
    eventually(lambda: server.cli("queue", "list", "--json").find("@") < 0, "the queue is empty")
    expect(len([name for name in reports(server) if name == "gone"]) == 0, "no report on a report")


def alias_is_expanded(server):
    """RFC 3461 §5.2.7.2: of an alias with several targets the alias is what SUCCESS is told of, once."""
    server.add_account(f"jiro@{DOMAIN}", PASSWORD)
    server.cli("alias", "add", f"all@{DOMAIN}", TARO, f"jiro@{DOMAIN}")
    submit(server, SENDER, f"all@{DOMAIN}", (), ["NOTIFY=SUCCESS,FAILURE"])
    found = eventually(lambda: (lambda r: r if "all" in r else None)(reports(server)), "the report of the expansion")
    expect(found["all"][0]["Action"] == "expanded" and "別名" in found["all"][2], f"{found['all'][0]}")
    server.wait_for_subjects([f"to all@{DOMAIN}"], TARO)
