"""What a stranger wrote and an account forwards has an ARC set of ours, which dkimpy finds whole: with what we found out when it came. A chain that
passed goes on with one set more, one that was broken is called so; mail that leaves under its own sender, and mail of ours, is not sealed."""
import json
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from harness import DOMAIN, HANAKO, TARO, Server, Skip, eventually, expect, need, scenario  # noqa: E402
from peers import dkim_verifier  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.next_hop import NextHop  # noqa: E402

CLIENT, STRANGER = "44.0.0.1", "zoe@far.example"


def keys(server):
    return json.loads(server.cli("dkim", "key", "list", "--json"))


def send(server, text, recipient):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(CLIENT, 0), local_hostname="mx.far.example") as client:
        client.sendmail(STRANGER, [recipient], text)


def letter(subject):
    return f"From: {STRANGER}\r\nTo: {HANAKO}\r\nSubject: {subject}\r\nDate: Sun, 22 Nov 2026 00:00:00 +0000\r\nMessage-ID: <{subject}@far>\r\n\r\nHow are you?\r\n".encode()


def arrived(hop, subject):
    return eventually(lambda: next((one.text for one in hop.transactions if f"Subject: {subject}\r\n".encode() in one.text), None), f"{subject} at the next hop", 60)


@scenario
def run(folder):
    need("nsd")
    if not dkim_verifier.available():
        raise Skip("dkimpy is not installed")
    subprocess.run(["ip", "address", "add", f"{CLIENT}/32", "dev", "lo"], check=True)
    zone = f"1.0.0.44.in-addr.arpa. PTR mx.far.example.\nmx.far.example. A {CLIENT}\nfar.example. TXT \"v=spf1 ip4:{CLIENT} -all\"\nfar.example. MX 10 mx.far.example.\n"
    with NameServer(folder / "dns", zone) as dns, NextHop() as hop:
        settings = {"delivery": {"hosts_file": "", "resolvers": [dns.address]}, "signing": {"check_interval": "1s", "settle_time": "0s"}}
        with Server(folder, name=f"mail.{DOMAIN}", settings=settings).start() as server:
            server.cli("route", "add", f"*,127.0.0.1,{hop.port}")
            server.cli("account", "forward", "set", HANAKO, "her@elsewhere.example")
            send(server, letter("before any key"), HANAKO)
            expect(b"ARC-Seal" not in arrived(hop, "before any key"), "without a key nothing is sealed")
            server.cli("dkim", "key", "add", DOMAIN)
            dns.publish(zone + server.cli("dkim", "key", "show", DOMAIN))
            eventually(lambda: {key["state"] for key in keys(server)} == {"active"}, "the keys sign when DNS shows them", 60)
            chains(server, hop)


def chains(server, hop):
    zone = {key["record_name"]: key["record"] for key in keys(server)}
    send(server, letter("once"), HANAKO)
    once = arrived(hop, "once")
    found = dkim_verifier.chain(once, zone)
    expect(found[:2] == ("pass", 1), f"dkimpy on the first set: {found}\n{once.decode()}")
    expect(b"ARC-Authentication-Results: i=1; mail." + DOMAIN.encode() in once and b"spf=pass" in once.split(b"\r\nARC-Authentication-Results", 1)[1], f"what we found out: {once.decode()}")
    expect(b"DKIM-Signature:" not in once, "their words are not signed as ours")
    spoilt = dkim_verifier.chain(once.replace(b"How are you?", b"How are they?"), zone)
    expect(spoilt[0] == "fail", f"another text does not pass: {spoilt}")

    # It comes again, through somebody else's server: our seal is judged, and one more is set.
    send(server, once.replace(b"Subject: once", b"X-Was: once\r\nSubject: broken").replace(b"Delivered-To", b"X-Delivered-To"), HANAKO)
    send(server, once.replace(b"Delivered-To", b"X-Delivered-To").replace(b"Message-ID: <once@far>", b"Message-ID: <once@far>\r\nX-Way: twice"), HANAKO)
    twice = eventually(lambda: next((one.text for one in hop.transactions if b"X-Way: twice" in one.text), None), "the second round", 60)
    found = dkim_verifier.chain(twice, zone)
    expect(found[:2] == ("pass", 2), f"dkimpy on both sets: {found}\n{twice.decode()}")
    broken = arrived(hop, "broken")
    found = dkim_verifier.chain(broken, zone)
    expect(b"cv=fail" in broken and found[0] == "ended", f"a chain that failed is called so: {found}\n{broken.decode()}")

    eventually(lambda: 'hikyaku_signatures_total{algorithm="rsa-sha256",field="ARC-Seal"} 3\n' in server.cli("metrics"), "the seals are counted", 60)

    # Under its own sender nothing is changed for the next hop, and nothing sealed.
    server.change_settings(delivery={"rewrite_senders": False})
    eventually(lambda: unsealed(server, hop), "without rewritten senders nothing is sealed", 60)
    server.send(recipient="friend@outside.example", subject="ours", port=server.submission_port, tls=True, user=TARO)
    ours = arrived(hop, "ours")
    expect(b"ARC-Seal" not in ours and b"DKIM-Signature" in ours, f"mail of ours is signed: {ours.decode()}")


rounds = iter(range(1_000_000))


def unsealed(server, hop):
    subject = f"own sender {next(rounds)}"
    send(server, letter(subject), HANAKO)
    return b"ARC-Seal" not in arrived(hop, subject)
