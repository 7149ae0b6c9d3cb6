"""Hosts whose TLSA records are proved by DNSSEC get their mail under a TLS that fits them, or not at all: Postfix with the
right key; the same with a wrong record; a host without TLS; a forged address. A host without records is spoken to as ever."""
import json
import smtplib
import subprocess

from harness import HANAKO, Server, eventually, expect, need, scenario
from peers.certificates import key_digest
from peers.name_server import SignedNameServer
from peers.next_hop import NextHop
from peers.postfix import Postfix


@scenario
def run(folder):
    for program in ("postfix", "dnssec-signzone", "nsd"):
        need(program)
    tls = folder / "tls"
    tls.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=whoever",
                    "-keyout", tls / "key.pem", "-out", tls / "certificate.pem"], check=True, capture_output=True)
    postfix = Postfix(folder / "postfix", hold=True, settings={
        "smtpd_tls_cert_file": tls / "certificate.pem", "smtpd_tls_key_file": tls / "key.pem",
        "smtpd_tls_security_level": "may", "smtpd_tls_received_header": "yes"})
    with NextHop() as plain:
        digest = key_digest(tls / "certificate.pem")
        records = "\n".join([
            *(f"{name}.dane. A 127.0.0.1" for name in ("right", "wrong", "without", "none", "forged")),
            f"_{postfix.port}._tcp.right.dane. TLSA 3 1 1 {digest}",
            f"_{postfix.port}._tcp.wrong.dane. TLSA 3 1 1 {'0' * 64}",
            f"_{plain.port}._tcp.without.dane. TLSA 3 1 1 {digest}"])
        forged = "forged.dane.\t\t60\tIN A\t127.0.0.1"

        def forge(zone):
            lines = [("forged.dane. 60 IN A 127.0.0.2" if line.startswith("forged.dane.") and "\tA\t" in line.replace(" ", "\t") else line)
                     for line in zone.splitlines()]
            expect(any("127.0.0.2" in line for line in lines), f"the zone was changed: {forged}")
            return "\n".join(lines) + "\n"

        with SignedNameServer(folder / "dns", records, forge) as dns:
            server = Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]},
                                              "delivery": {"retry_interval": "1s", "retry_growth": "constant", "resolvers": [dns.address],
                                                           "trust_anchors": str(dns.anchor)}})
            postfix.start()
            try:
                with server.start():
                    check(server, postfix, plain)
            finally:
                postfix.stop()


def check(server, postfix, plain):
    for name, port in (("right", postfix.port), ("wrong", postfix.port), ("without", plain.port), ("none", plain.port), ("forged", plain.port)):
        server.cli("route", "add", f"{name}.example,{name}.dane,{port}")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"x@{name}.example" for name in ("right", "wrong", "without", "none", "forged")], "Subject: dane\r\n\r\nHello\r\n")
    held = eventually(postfix.queue_ids, "mail in Postfix")
    text = subprocess.run(["postcat", "-c", str(postfix.config), "-bhq", json.loads(held[0])["queue_id"]], capture_output=True, text=True).stdout
    expect("using TLSv1.3" in text, f"under TLS: {text}")
    eventually(lambda: plain.recipients == ["x@none.example"], "a host without records is spoken to as ever")

    def tried(name):
        return [e for e in server.events("senderlog") + server.events("faillog") + server.events("outlog") if e.get("recipient") == f"x@{name}.example"]

    for name in ("wrong", "without", "forged"):
        eventually(lambda n=name: len(tried(n)) >= 3 or None, f"{name} was tried several times")
    expect(plain.recipients == ["x@none.example"], f"no retry is weaker: {plain.recipients}")
    recipients = [r["address"] for line in postfix.queue_ids() for r in json.loads(line)["recipients"]]
    expect(recipients == ["x@right.example"], f"only the right one: {recipients}")
    listing = server.cli("queue", "list", "--json")
    expect(all(f"x@{name}.example" in listing for name in ("wrong", "without", "forged")), f"the others wait: {listing}")
