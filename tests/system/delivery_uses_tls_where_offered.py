"""STARTTLS is used with a next hop that offers it (Postfix, which takes mail under TLS only); a self-signed certificate
is no obstacle; a hop whose TLS is broken still gets its mail in the clear (RFC 7435)."""
import json
import smtplib
import subprocess

from harness import HANAKO, Server, eventually, expect, need, scenario
from peers.next_hop import EXTENSIONS, NextHop
from peers.postfix import Postfix


class Broken(NextHop):
    """Offers STARTTLS and then talks nonsense."""

    def __init__(self):
        super().__init__(answer=self.decide, extensions=("STARTTLS", *EXTENSIONS))
        self.asked = 0

    def decide(self, verb, line, session):
        if verb == "STARTTLS":
            self.asked += 1
            session.wfile.write(b"220 2.0.0 Go ahead\r\n")
            session.connection.recv(1000)
            session.wfile.write(b"this is no TLS at all\r\n")
            raise ConnectionResetError


@scenario
def run(folder):
    need("postfix")
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1s", "retry_growth": "constant"}}
    server = Server(folder, settings=settings)
    tls = folder / "server/tls"
    # Every client must use TLS.
    postfix = Postfix(folder / "postfix", hold=True, settings={
        "smtpd_tls_cert_file": tls / "certificate.pem", "smtpd_tls_key_file": tls / "key.pem",
        "smtpd_tls_security_level": "encrypt", "smtpd_tls_received_header": "yes"})
    with server.start(), Broken() as broken:
        postfix.start()
        try:
            server.cli("route", "add", f"far.example,127.0.0.1,{postfix.port}")
            server.cli("route", "add", f"broken.example,127.0.0.1,{broken.port}")
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
                client.sendmail(HANAKO, ["x@far.example", "y@far.example", "z@broken.example"], "Subject: secret\r\n\r\nHello\r\n")
            held = eventually(postfix.queue_ids, "mail in Postfix")
            text = subprocess.run(["postcat", "-c", str(postfix.config), "-bhq", json.loads(held[0])["queue_id"]],
                                  capture_output=True, text=True).stdout
            expect("using TLSv1.3" in text, f"by TLS 1.3: {text}")
            eventually(lambda: broken.recipients == ["z@broken.example"], "in the clear where TLS is broken")
            expect(broken.asked >= 1, "after TLS was tried")
            sent = eventually(lambda: [e for e in server.events("senderlog") + server.events("outlog") if e.get("recipient") == "x@far.example"], "logged")
            expect(sent, "the log tells of it")
        finally:
            postfix.stop()
