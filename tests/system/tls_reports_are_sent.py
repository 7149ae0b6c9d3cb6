"""How TLS with a domain went is told its owner once, when the day is over (RFC 8460): by mail and by HTTPS, as gzipped JSON,
with the failures of hosts without TLS; a domain that does not ask is told nothing. The counts outlive restarts."""
import base64
import datetime
import email
import gzip
import json
import smtplib

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.certificates import Authority  # noqa: E402
from peers.https_host import HttpsHost  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402
from peers.postfix import Postfix  # noqa: E402

ZONE = """\
good.example. MX 10 mx.good.example.
mx.good.example. A 127.0.1.1
_smtp._tls.good.example. TXT "v=TLSRPTv1; rua=mailto:tls@reports.example"
clear.example. MX 10 mx.clear.example.
mx.clear.example. A 127.0.1.2
_smtp._tls.clear.example. TXT "v=TLSRPTv1; rua=https://r.example/tls,mailto:tls@reports.example"
quiet.example. MX 10 mx.clear.example.
reports.example. MX 10 mx.reports.example.
mx.reports.example. A 127.0.1.3
r.example. A 127.0.2.1
"""


def submit(server, *domains):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"x@{domain}" for domain in domains], "Subject: mail\r\n\r\nHello\r\n")


@scenario
def run(folder):
    for program in ("postfix", "nsd", "openssl"):
        need(program)
    authority = Authority(folder / "tls")
    certificate, key = authority.issue("mx", ["mx.good.example"])
    postfix = Postfix(folder / "postfix", hold=True, host="127.0.1.1", port=25, settings={
        "smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key, "smtpd_tls_security_level": "may"})
    with NextHop("127.0.1.2", 25) as clear, NextHop("127.0.1.3", 25) as reports, NameServer(folder / "dns", ZONE) as dns, \
            HttpsHost("127.0.2.1", 443, *authority.issue("r", ["r.example"])) as web:
        web.pages["r.example", "/tls"] = (201, "text/plain", "")
        server = Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]},
                                          "delivery": {"resolvers": [dns.address], "authorities_file": str(authority.file),
                                                       "tls_report_contact": "tls-admin@a.example"}})
        postfix.start()
        try:
            with server:
                server.start()
                check(server, postfix, clear, reports, web)
        finally:
            postfix.stop()


def counts(server):
    return {row["domain"]: row for row in json.loads(server.cli("tls", "counts", "--json"))}


def check(server, postfix, clear, reports, web):
    submit(server, "good.example", "clear.example", "quiet.example")
    eventually(lambda: postfix.queue_ids() and len(clear.transactions) >= 2, "the mail arrived")
    eventually(lambda: {"good.example", "clear.example", "quiet.example"} <= set(counts(server)), "the counts are kept")
    found = counts(server)
    expect(found["good.example"]["successful"] >= 1 and found["good.example"]["failed"] == 0, f"TLS was good: {found}")
    expect(found["clear.example"]["failures"][0]["result"] == "starttls-not-supported", f"no TLS was offered: {found}")
    expect("starttls-not-supported" in server.cli("tls", "counts", "--domain", "clear.example"), "shown as a table too")
    server.stop()
    expect(not reports.transactions, "nothing is told while the day lasts")
    book = server.data / "spool" / "tls-counts"
    text = book.read_text()
    today = next(line.split("\t")[1] for line in text.splitlines() if line.startswith("day"))
    yesterday = str(datetime.date.fromisoformat(today) - datetime.timedelta(days=1))
    book.write_text(text.replace(today, yesterday))
    server.start()
    eventually(lambda: len(reports.transactions) >= 2 and web.requests, "the reports")
    eventually(lambda: yesterday not in server.cli("tls", "counts"), "what was told is not kept")
    server.stop()
    server.start()
    submit(server, "reports.example")
    eventually(lambda: "x@reports.example" in reports.recipients, "mail that comes after them")
    told = [email.message_from_bytes(one.text) for one in reports.transactions if one.recipients == ["tls@reports.example"]]
    expect(sorted(one["TLS-Report-Domain"] for one in told) == ["clear.example", "good.example"], f"each once, and nobody else: {told}")
    for one in told:
        expect(one["From"] == "tls-admin@a.example" and one["TLS-Required"] == "No" and one.get_content_type() == "multipart/report", f"{one.items()}")
        part = one.get_payload()[1]
        expect(part.get_content_type() == "application/tlsrpt+gzip", part.get_content_type())
        report = json.loads(gzip.decompress(base64.b64decode(part.get_payload())))
        domain = one["TLS-Report-Domain"]
        expect(report["date-range"]["start-datetime"] == yesterday + "T00:00:00Z" and report["policies"][0]["policy"]["policy-domain"] == domain, f"{report}")
        summary = report["policies"][0]["summary"]
        good = domain == "good.example"
        expect((summary["total-successful-session-count"] >= 1) == good and (summary["total-failure-session-count"] >= 1) == (not good), f"{report}")
    posted = [(method, path, json.loads(gzip.decompress(body))["report-id"]) for method, _, path, body in web.requests]
    expect(posted == [("POST", "/tls", f"{yesterday}.clear.example@mail.test.example")], f"by HTTPS where it is wanted: {posted}")
