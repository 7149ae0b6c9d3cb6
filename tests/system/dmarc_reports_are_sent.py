"""What came in a domain's name is told it once, when the day is over (RFC 7489 §7.2): reception counts, delivery sends, gzipped, to the address its record
names; another organization's host takes reports only with its consent; who does not ask is told nothing. The XML is as RFC 7489's schema wants it."""
import datetime
import email
import email.policy
import gzip
import pathlib
import shutil
import smtplib
import subprocess
import xml.etree.ElementTree

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

ZONE = """\
1.0.0.44.in-addr.arpa. PTR mail.good.example.
mail.good.example. A 44.0.0.1
good.example. MX 10 mx.reports.example.
good.example. TXT "v=spf1 ip4:44.0.0.1 -all"
_dmarc.good.example. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@good.example"
forged.example. MX 10 mx.reports.example.
_dmarc.forged.example. TXT "v=DMARC1; p=quarantine; pct=100; rua=mailto:x@reports.example,mailto:y@others.example"
forged.example._report._dmarc.reports.example. TXT "v=DMARC1"
quiet.example. MX 10 mx.reports.example.
_dmarc.quiet.example. TXT "v=DMARC1; p=none"
reports.example. MX 10 mx.reports.example.
others.example. MX 10 mx.reports.example.
mx.reports.example. A 127.0.1.3
"""

SCHEMA = pathlib.Path(__file__).resolve().parent.parent.parent / "protocol/dmarc/schema/aggregate_report.xsd"


def send(server, domain, times=1):
    for _ in range(times):
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("44.0.0.1", 0), local_hostname="mail.good.example") as client:
            client.sendmail(f"a@{domain}", [HANAKO], f"From: a@{domain}\r\nTo: {HANAKO}\r\nSubject: x\r\n\r\nHello\r\n")


def xml_of(mail):
    for part in mail.walk():
        if part.get_content_type() == "application/gzip":
            return part.get_filename(), gzip.decompress(part.get_payload(decode=True))
    raise AssertionError(f"no report: {mail.items()}")


def check_report(mail, domain, day):
    name, text = xml_of(mail)
    begin = int(datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc).timestamp())
    expect(name == f"mail.test.example!{domain}!{begin}!{begin + 86399}.xml.gz", name)
    expect(mail["Subject"].replace("\r\n", "") == f"Report Domain: {domain} Submitter: mail.test.example Report-ID: <{day}.{domain}@mail.test.example>" or
           " ".join(mail["Subject"].split()) == f"Report Domain: {domain} Submitter: mail.test.example Report-ID: <{day}.{domain}@mail.test.example>", mail["Subject"])
    if shutil.which("xmllint"):
        run = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, "-"], input=text, capture_output=True)
        expect(run.returncode == 0, run.stderr.decode())
    root = xml.etree.ElementTree.fromstring(text)
    expect([child.tag for child in root][:3] == ["version", "report_metadata", "policy_published"], f"{[child.tag for child in root]}")
    expect([child.tag for child in root.find("report_metadata")] == ["org_name", "email", "report_id", "date_range"], "metadata")
    expect(root.findtext("policy_published/domain") == domain, "the domain")
    return root


@scenario
def run(folder):
    need("nsd")
    for address in ("44.0.0.1",):
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
    with NextHop("127.0.1.3", 25) as reports, NameServer(folder / "dns", ZONE) as dns:
        server = Server(folder, settings={"delivery": {"resolvers": [dns.address]}, "rules": {"spf": "off", "s25r": "off"}, "policy": {"dmarc_report_contact": "dmarc-admin@a.example"}})
        with server:
            server.start()
            send(server, "good.example", 3)
            send(server, "forged.example")
            send(server, "quiet.example")
            seen = server.data / "policy/dmarc"
            eventually(lambda: sum(len(path.read_text().splitlines()) for path in seen.glob("*")) >= 4, "it is written down")
            files = list(seen.glob("*"))  # of two hours, at the turn of one
            expect(not any("quiet.example" in file.read_text() for file in files), "nobody wants to know")
            expect(not reports.transactions, "nothing is told while the day lasts")
            server.stop()
            yesterday = str(datetime.date.fromisoformat(files[0].name[:10]) - datetime.timedelta(days=1))
            for file in files:
                file.rename(seen / (yesterday + file.name[10:]))
            server.start()
            eventually(lambda: len(reports.transactions) >= 2, "the reports", 120)
            server.stop()
            server.start()
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
                client.sendmail(HANAKO, [TARO], "Subject: after it\r\n\r\nHello\r\n")
            server.wait_for_subjects(["after it"], user=TARO)
            check(reports, yesterday)


def check(reports, yesterday):
    told = {recipient: email.message_from_bytes(one.text, policy=email.policy.default) for one in reports.transactions for recipient in one.recipients}
    expect(sorted(told) == ["dmarc@good.example", "x@reports.example"] and len(reports.transactions) == 2, f"each once, and nobody without consent: {sorted(told)}")
    expect(all(mail["From"] == "dmarc-admin@a.example" and mail["Auto-Submitted"] == "auto-generated" for mail in told.values()), "by whom")
    good = check_report(told["dmarc@good.example"], "good.example", yesterday)
    expect(good.findtext("record/row/count") == "3" and good.findtext("record/row/source_ip") == "44.0.0.1", "counted together")
    expect(good.findtext("record/row/policy_evaluated/spf") == "pass" and good.findtext("record/row/policy_evaluated/disposition") == "none", "what was proved")
    forged = check_report(told["x@reports.example"], "forged.example", yesterday)
    expect(forged.findtext("record/row/policy_evaluated/dkim") == "fail" and forged.findtext("record/row/policy_evaluated/spf") == "fail", "what was not")
    expect(forged.findtext("record/row/policy_evaluated/reason/type") == "local_policy" and forged.findtext("policy_published/p") == "quarantine", "milder than asked")
