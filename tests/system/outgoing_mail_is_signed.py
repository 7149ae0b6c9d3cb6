"""From no key to signed mail: the service signer begins with the first key, the key signs once DNS shows its record, and what
leaves verifies by dkimpy: submitted mail and bounces, by RSA and Ed25519. What a stranger wrote in our name is forwarded unsigned.
A key that is changed takes over without one mail unsigned between."""
import json
import smtplib

from harness import DOMAIN, HANAKO, TARO, Server, Skip, eventually, expect, need, scenario
from peers import dkim_verifier
from peers.name_server import NameServer
from peers.next_hop import NextHop

STRANGER = "stranger@outside.example"


def keys(server):
    return json.loads(server.cli("dkim", "key", "list", "--json"))


def zone(server):
    return {key["record_name"]: key["record"] for key in keys(server)}


def publish(server, dns):
    shown = server.cli("dkim", "key", "show", DOMAIN)
    expect(all(len(part) <= 255 for line in shown.splitlines() for part in line.split('"')[1::2]), f"strings that a zone takes: {shown}")
    dns.publish(shown)


def arrived(hop, subject):
    found = [one for one in hop.transactions if f"Subject: {subject}\r\n".encode() in one.text]
    return found[0] if found else None


def submit(server, hop, subject, recipient="friend@outside.example"):
    server.send(recipient=recipient, subject=subject, port=server.submission_port, tls=True, user=TARO)
    return eventually(lambda: arrived(hop, subject), f"the mail {subject} at the next hop")


def judged(server, mail):
    return dkim_verifier.verified(mail.text, zone(server))


def refuses(verb, line, session):
    return "550 5.1.1 Nobody" if verb == "RCPT" and "nobody@" in line else None


@scenario
def run(folder):
    need("nsd")
    if not dkim_verifier.available():
        raise Skip("dkimpy is not installed")
    with NameServer(folder / "dns", "") as dns, NextHop(answer=refuses) as hop:
        settings = {"delivery": {"resolvers": [dns.address]}, "signing": {"check_interval": "1s", "settle_time": "0s"}}
        with Server(folder, name=f"mail.{DOMAIN}", settings=settings).start() as server:
            server.cli("route", "add", f"*,127.0.0.1,{hop.port}")
            first_keys(server, dns, hop)
            what_is_signed(server, hop)
            a_change_of_keys(server, dns, hop)


def first_keys(server, dns, hop):
    expect(server.states()["signer"] == "not configured", "nothing to do without a key")
    mail = submit(server, hop, "before any key")
    expect(judged(server, mail) == [], "unsigned")
    server.cli("dkim", "key", "add", DOMAIN)
    eventually(lambda: server.states()["signer"] == "running", "signer begins with the first key")
    expect({key["state"] for key in keys(server)} == {"prepared"}, f"not in DNS yet: {keys(server)}")
    mail = submit(server, hop, "before the record")
    expect(judged(server, mail) == [], "a key nobody can look up signs nothing")
    publish(server, dns)
    eventually(lambda: {key["state"] for key in keys(server)} == {"active"}, "the keys sign when DNS shows them", 60)


def what_is_signed(server, hop):
    mail = submit(server, hop, "signed")
    results = judged(server, mail)
    expect(sorted(one[1] for one in results) == ["ed25519-sha256", "rsa-sha256"] and all(one[2] is True for one in results), f"both verify: {results}\n{mail.text.decode()}")
    expect(mail.text.startswith(b"DKIM-Signature:"), "above everything")
    spoilt = dkim_verifier.verified(mail.text.replace(b"How are you?", b"How are they?"), zone(server))
    expect(all(one[2] is not True for one in spoilt), f"another text does not: {spoilt}")
    added = dkim_verifier.verified(b"From: other@a.example\r\n" + mail.text, zone(server))
    expect(all(one[2] is not True for one in added), f"nor a second From: {added}")

    for algorithm in ("ed25519-sha256", "rsa-sha256"):
        sample = f'hikyaku_signatures_total{{algorithm="{algorithm}",field="DKIM-Signature"}} '
        eventually(lambda: f"{sample}1\n" in server.cli("metrics"), f"it is counted: {sample}", 60)

    # A bounce of ours, to a sender elsewhere; and what was forwarded on the way there.
    server.cli("alias", "add", f"gone@{DOMAIN}", "nobody@outside.example")
    server.cli("alias", "add", f"on@{DOMAIN}", "somebody@outside.example")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.sendmail(STRANGER, [f"gone@{DOMAIN}"], f"From: {STRANGER}\r\nSubject: will bounce\r\n\r\nHello\r\n")
        client.sendmail(STRANGER, [f"on@{DOMAIN}"], f"From: {TARO}\r\nSubject: forged\r\n\r\nHello\r\n")
    bounce = eventually(lambda: next((one for one in hop.transactions if one.sender.startswith("<>") and one.recipients == [STRANGER]), None), "a bounce")
    results = judged(server, bounce)
    expect(len(results) == 2 and all(one[2] is True for one in results), f"the bounce verifies: {results}\n{bounce.text.decode()}")
    forged = eventually(lambda: arrived(hop, "forged"), "the forwarded mail")
    expect(judged(server, forged) == [], f"a stranger's mail is not made ours by forwarding: {forged.text.decode()}")


def a_change_of_keys(server, dns, hop):
    before = {key["selector"] for key in keys(server)}
    server.cli("dkim", "rotate", DOMAIN)
    expect({key["selector"] for key in keys(server) if key["state"] == "active"} == before, "the old ones go on signing")
    publish(server, dns)
    n = 0
    while {key["selector"] for key in keys(server) if key["state"] == "active"} & before:
        n += 1
        expect(n < 200, f"the new keys take over: {keys(server)}")
        results = judged(server, submit(server, hop, f"meanwhile {n}"))
        expect(len(results) == 2 and all(one[2] is True for one in results), f"no mail is unsigned between: {results}")
    results = judged(server, submit(server, hop, "after"))
    expect(len(results) == 2 and all(one[2] is True for one in results) and not {one[0] for one in results} & before, f"the new keys sign: {results}")
    retired = [key for key in keys(server) if key["state"] == "retired"]
    expect({key["selector"] for key in retired} == before and all(key["record_needed_until"] for key in retired), f"the old ones are retired: {retired}")
    for key in retired:
        server.cli("dkim", "key", "remove", DOMAIN, key["selector"])
    names = {path.name for path in (server.data / "dkim-keys").iterdir()}
    expect(names == {key["private_key"] for key in keys(server)}, f"no private key stays behind: {names}")
    expect(all(path.stat().st_mode & 0o777 == 0o600 for path in (server.data / "dkim-keys").iterdir()), "only for the services' user")
