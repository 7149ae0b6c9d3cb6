"""Mail sent with REQUIRETLS goes only under verified TLS to hosts that say they go on so (RFC 8689): through two servers to a
mailbox; returned, header only, where a host has no TLS, another name or no REQUIRETLS, also from the second server; kept
through a restart and out of an export to E-Post. The same mail without the option goes everywhere."""
import email
import json
import smtplib

from harness import HANAKO, Server, eventually, expect, need, scenario
from peers import net
from peers.next_hop import NextHop
from peers.postfix import Postfix

SECRET = "a line of the body that must not come back"


@scenario
def run(folder):
    need("postfix")
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 inner.test.example other.test.example\n")
    inner = Server(folder / "second", accounts=False, name="inner.test.example", settings={
        "smtp": {"relay_networks": ["127.0.0.1"]}, "delivery": {"hosts_file": str(hosts)}})
    inner.settings["delivery"]["authorities_file"] = str(inner.certificate)
    inner._write_settings()
    edge = Server(folder / "first", settings={
        "smtp": {"relay_networks": ["127.0.0.5"]},
        "delivery": {"hosts_file": str(hosts), "authorities_file": str(inner.certificate), "retry_interval": "1s", "retry_growth": "constant"}})
    postfix = Postfix(folder / "postfix", hold=True, settings={
        "smtpd_tls_cert_file": inner.certificate, "smtpd_tls_key_file": inner.folder / "tls/key.pem", "smtpd_tls_security_level": "may"})
    later = net.free_port()
    with NextHop() as clear, inner, edge:
        inner.start(), edge.start(), postfix.start()
        try:
            inner.add_domain("b.example")
            inner.add_account("jiro@b.example", "correct horse 1")
            for row in (f"a.example,127.0.0.1,{edge.smtp_port}", f"d.example,inner.test.example,{postfix.port}"):
                inner.cli("route", "add", row)
            for row in (f"b.example,inner.test.example,{inner.smtp_port}", f"d.example,inner.test.example,{inner.smtp_port}",
                        f"p.example,inner.test.example,{postfix.port}", f"w.example,other.test.example,{inner.smtp_port}",
                        f"c.example,127.0.0.1,{clear.port}", f"l.example,127.0.0.1,{later}"):
                edge.cli("route", "add", row)
            check(edge, inner, postfix, clear, later, folder)
        finally:
            postfix.stop()


def submit(server, recipients, *options):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.ehlo()
        expect(not client.has_extn("requiretls"), "it is not offered in the clear")
        client.starttls(context=server.context())
        client.ehlo()
        expect(client.has_extn("requiretls"), "it is offered under TLS")
        for recipient in recipients:
            client.sendmail(HANAKO, [recipient], f"Subject: {' '.join(options) or 'plain'}\r\n\r\n{SECRET}\r\n", mail_options=options)


def returned(server):
    client = server.imap()
    client.select("INBOX", readonly=True)
    parts = client.fetch("1:*", "(BODY.PEEK[])")[1] if client.search(None, "ALL")[1][0] else []
    client.logout()
    found = {}
    for part in parts:
        if isinstance(part, tuple):
            report = email.message_from_bytes(part[1])
            status = report.get_payload()[1].get_payload()[1]
            found[status["Final-Recipient"].split(";")[1].strip()] = (status["Status"], part[1])
    return found


def check(edge, inner, postfix, clear, later, folder):
    submit(edge, ["jiro@b.example", "x@d.example", "x@p.example", "x@w.example", "x@c.example", "x@l.example"], "REQUIRETLS", "RET=FULL")
    eventually(lambda: inner.subjects("jiro@b.example") == ["REQUIRETLS RET=FULL"], "through two servers to the mailbox")
    want = {"x@d.example": "5.7.30", "x@p.example": "5.7.30", "x@w.example": "5.7.10", "x@c.example": "5.7.10"}
    eventually(lambda: set(want) <= set(returned(edge)), "what cannot be kept to is returned", 60)
    for recipient, (status, text) in returned(edge).items():
        expect(want[recipient] == status, f"{recipient}: {status}")
        expect(SECRET.encode() not in text, f"only the header of {recipient} comes back")
    expect(not postfix.queue_ids() and not clear.transactions, "nothing was sent in another way")
    sent = eventually(lambda: [e for e in edge.events("outlog") if e.get("recipient") == "jiro@b.example"], "the log tells of it")
    expect(len(sent) == 1 and sent[0]["tls"].endswith("verified"), f"under verified TLS: {sent}")

    eventually(lambda: "x@l.example" in edge.cli("queue", "list"), "what nobody answers for waits")
    edge.cli("service", "stop", "deliver")
    told = edge.cli("spool", "export", str(folder / "epost"), "--dry-run", "--json", check=False)
    expect("REQUIRETLS" in told and json.loads(told)["messages"] == 0, f"E-Post does not get it: {told}")
    edge.cli("service", "start", "deliver")
    with NextHop(port=later) as late:
        eventually(lambda: "x@l.example" in returned(edge), "the demand outlives a restart", 60)
        expect(returned(edge)["x@l.example"][0] == "5.7.10" and not late.transactions, "and is kept to")

    submit(edge, ["x@d.example", "x@p.example", "x@w.example", "x@c.example"])
    eventually(lambda: len(postfix.queue_ids()) == 2 and len(clear.transactions) == 1, "without the option it goes")
    eventually(lambda: {"x@w.example"} <= {e.get("recipient") for e in inner.events("receivelog") + inner.events("acceptlog") + inner.events("inlog")} or
               "x@w.example" in returned(edge), "to whoever answers there")
