"""Domains with an MTA-STS policy get their mail under verified TLS at listed hosts, or not at all; a policy in testing, a policy
that cannot be had, or none, stops nothing; TLSA records go before policies; what is known outlives a restart and the
policy's host. MX hosts that are aliases have their TLSA records looked for where the alias leads."""
import json
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.certificates import Authority, key_digest  # noqa: E402
from peers.https_host import HttpsHost  # noqa: E402
from peers.name_server import SignedNameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402
from peers.postfix import Postfix  # noqa: E402

TLS, CLEAR, POLICIES, STRANGER = "127.0.1.1", "127.0.1.2", "127.0.2.1", "127.0.2.2"
# Where mail for the domain ends, what the policy says of the MX host, and the log's word for the TLS of what was sent.
DOMAINS = {
    "good": (TLS, "enforce", "mta-sts"), "star": (TLS, "enforce", "mta-sts"), "danefirst": (TLS, "enforce", "dane"),
    "alias": (TLS, None, "dane"), "oldname": (TLS, None, "dane"),
    "testing": (CLEAR, "testing", ""), "none": (CLEAR, "none", ""), "missing": (CLEAR, 404, ""), "moved": (CLEAR, 301, ""),
    "page": (CLEAR, "html", ""), "stranger": (CLEAR, "stranger", ""), "nopolicy": (CLEAR, None, ""),
    "wrongname": (TLS, "enforce", None), "unlisted": (TLS, "other", None), "clear": (CLEAR, "enforce", None),
    "wrongdane": (TLS, "enforce", None), "wrongalias": (TLS, None, None)}
SENT = {name for name, row in DOMAINS.items() if row[2] is not None}


def policy_of(name):
    kind = DOMAINS[name][1]
    mode = kind if kind in ("enforce", "testing", "none") else "enforce"
    host = {"star": "*.star.example", "unlisted": "other.example", "danefirst": "other.example"}.get(name, f"mx.{name}.example")
    text = f"version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: 86400\r\n"
    if kind == 301:
        return 301, "text/plain", "https://mta-sts.good.example/.well-known/mta-sts.txt"
    return (404, "text/plain", "") if kind == 404 else (200, "text/html" if kind == "html" else "text/plain", text)


def zone(digest):
    lines = []
    for name, (address, kind, _) in DOMAINS.items():
        lines.append(f"{name}.example. MX 10 mx.{name}.example.")
        alias = name in ("alias", "oldname", "wrongalias")
        lines.append(f"mx.{name}.example. CNAME real.{name}.example." if alias else f"mx.{name}.example. A {address}")
        if alias:
            lines.append(f"real.{name}.example. A {address}")
        if kind is not None:
            lines.append(f'_mta-sts.{name}.example. TXT "v=STSv1; id=20261122;"')
            lines.append(f"mta-sts.{name}.example. A {STRANGER if kind == 'stranger' else POLICIES}")
    for name, fits in (("mx.danefirst", True), ("mx.wrongdane", False), ("real.alias", True), ("mx.oldname", True), ("real.wrongalias", False)):
        lines.append(f"_25._tcp.{name}.example. TLSA 3 1 1 {digest if fits else '0' * 64}")
    return "\n".join(lines)


@scenario
def run(folder):
    for program in ("postfix", "dnssec-signzone", "nsd", "openssl"):
        need(program)
    authority, other = Authority(folder / "tls"), Authority(folder / "stranger", "A stranger")
    certificate, key = authority.issue("mx", ["mx.good.example", "mx.star.example", "mx.unlisted.example", "mx.wrongdane.example"])
    policies = HttpsHost(POLICIES, 443, *authority.issue("policies", [f"mta-sts.{name}.example" for name in DOMAINS]))
    stranger = HttpsHost(STRANGER, 443, *other.issue("policies", ["mta-sts.stranger.example"]))
    for name, (_, kind, _) in DOMAINS.items():
        if kind is not None:
            (stranger if kind == "stranger" else policies).pages[f"mta-sts.{name}.example", "/.well-known/mta-sts.txt"] = policy_of(name)
    postfix = Postfix(folder / "postfix", hold=True, host=TLS, port=25, settings={
        "smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key, "smtpd_tls_security_level": "may", "smtpd_tls_received_header": "yes"})
    with NextHop(CLEAR, 25) as clear, SignedNameServer(folder / "dns", zone(key_digest(certificate))) as dns:
        server = Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]},
                                          "delivery": {"retry_interval": "1s", "retry_growth": "constant", "resolvers": [dns.address],
                                                       "trust_anchors": str(dns.anchor), "authorities_file": str(authority.file)}})
        postfix.start()
        try:
            with server:
                with policies, stranger:
                    server.start()
                    first_day(server, postfix, clear, policies)
                server.stop()
                server.start()
                without_the_policy_host(server, postfix, clear)
        finally:
            postfix.stop()


def submit(server, names, who="x"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"{who}@{name}.example" for name in names], "Subject: tls\r\n\r\nHello\r\n")


def arrived(postfix, clear):
    held = [recipient["address"] for line in postfix.queue_ids() for recipient in json.loads(line)["recipients"]]
    return {TLS: set(held), CLEAR: set(clear.recipients)}


def events(server, recipient):
    return [e for log in ("senderlog", "faillog", "outlog") for e in server.events(log) if e.get("recipient") == recipient]


def first_day(server, postfix, clear, policies):
    submit(server, DOMAINS)
    for name in SENT:
        eventually(lambda n=name: f"x@{n}.example" in arrived(postfix, clear)[DOMAINS[n][0]], f"mail for {name}")
    for name in set(DOMAINS) - SENT:
        eventually(lambda n=name: len(events(server, f"x@{n}.example")) >= 3 or None, f"{name} was tried several times")
        expect(not any(f"x@{name}.example" in there for there in arrived(postfix, clear).values()), f"no retry is weaker: {name}")
    for name in SENT:
        sent = eventually(lambda n=name: [e for e in server.events("outlog") if e.get("recipient") == f"x@{n}.example"], f"{name} in the log")[0]
        want = DOMAINS[name][2]
        expect(sent.get("tls", "").endswith(want) and bool(sent.get("tls")) == bool(want), f"{name} was sent by {want or 'the clear'}: {sent}")
    asked = [host for _, host, path, _ in policies.requests if path == "/.well-known/mta-sts.txt"]
    expect(len(asked) == len(set(asked)), f"each policy was fetched once, redirects were not followed: {asked}")
    listing = server.cli("queue", "list", "--json")
    expect("does not list mx.unlisted.example" in listing, f"the reason is told: {listing}")
    waived(server, postfix, clear)
    words = server.cli("route", "explain", "x@unlisted.example")
    expect("MTA-STS" in words and "enforce" in words and "other.example" in words, f"route explain tells the policy: {words}")


def waived(server, postfix, clear):
    """The header field "TLS-Required: No" (RFC 8689): it arrives rather, whatever is published."""
    names = ("wrongname", "unlisted", "clear", "wrongdane")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"z@{name}.example" for name in names], "Subject: tls\r\nTLS-Required: No\r\n\r\nHello\r\n")
    for name in names:
        eventually(lambda n=name: f"z@{n}.example" in arrived(postfix, clear)[DOMAINS[n][0]], f"mail for {name} that waives TLS")
        expect(not any(f"x@{name}.example" in there for there in arrived(postfix, clear).values()), f"its connection served no other mail: {name}")


def without_the_policy_host(server, postfix, clear):
    submit(server, ("good", "clear", "unlisted", "testing"), "y")
    for name in ("good", "testing"):
        eventually(lambda n=name: f"y@{n}.example" in arrived(postfix, clear)[DOMAINS[n][0]], f"mail for {name} after a restart")
    for name in ("clear", "unlisted"):
        eventually(lambda n=name: len(events(server, f"y@{n}.example")) >= 2 or None, f"{name} was tried")
        expect(not any(f"y@{name}.example" in there for there in arrived(postfix, clear).values()), f"a policy outlives a restart: {name}")
    sent = eventually(lambda: [e for e in server.events("outlog") if e.get("recipient") == "y@good.example"], "the log tells of it")[0]
    expect(sent["tls"].endswith("mta-sts"), f"verified as before: {sent}")
    for line in subprocess.run(["ls", str(server.data / "spool" / "mta-sts")], capture_output=True, text=True).stdout.split():
        expect(line.endswith(".policy"), f"no other files: {line}")
