"""An alarm's webhook over https: a server whose certificate the authorities of the settings vouch for gets the notice, whole and
once; one with another certificate, or with a certificate of another name, gets nothing, and the log says why."""
import http.server
import json
import smtplib
import ssl
import subprocess
import threading

from harness import HANAKO, Server, eventually, expect, scenario
from peers.net import free_port
from peers.next_hop import NextHop

LOCAL = ("127.0.0.5", 0)


def certificate(folder, name, alternative):
    files = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={alternative}", "-keyout", files[1], "-out", files[0]], check=True, capture_output=True)
    files[0].chmod(0o644)
    return files


class Receiver:
    """A real HTTPS server that keeps what is posted."""

    def __init__(self, port, files):
        self.notices, self.refused = [], 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.notices.append((self.path, self.headers["Host"], json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            def get_request(self):
                connection, peer = super().get_request()
                try:
                    return context.wrap_socket(connection, server_side=True), peer
                except OSError:
                    receiver.refused += 1
                    raise

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self.server = Listener(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def mail(server, number):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(HANAKO, [f"r{number}@dead.example"], f"Subject: number {number}\r\n\r\nHello\r\n")


@scenario
def run(folder):
    port = free_port()
    good, stranger = certificate(folder, "hook", "IP:127.0.0.1"), certificate(folder, "stranger", "IP:127.0.0.1")
    misnamed = certificate(folder, "misnamed", "DNS:other.example")
    authorities = folder / "authorities.pem"
    authorities.write_text(good[0].read_text() + misnamed[0].read_text())
    authorities.chmod(0o644)
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "history": {"sample_interval": "1s"},
                "delivery": {"retry_interval": "1h", "authorities_file": str(authorities)},
                "alarm": {"messages": 1, "silence": "0s", "incoming_age": "0s", "growth": 0, "check_interval": "1s", "webhook": f"https://127.0.0.1:{port}/hook?key=1"}}
    with Server(folder, settings=settings) as server, NextHop() as dead:
        server.start()
        dead.stop()
        server.cli("route", "add", f"dead.example,127.0.0.1,{dead.port}")
        for files in (stranger, misnamed):
            receiver = Receiver(port, files)
            mail(server, 1), mail(server, 2)
            eventually(lambda: receiver.refused > 0, "the server is not believed", 120)
            receiver.stop()
            expect(receiver.notices == [], receiver.notices)
        receiver = Receiver(port, good)
        eventually(lambda: receiver.notices, "the right one is told", 180)
        path, host, notice = receiver.notices[0]
        expect((path, host) == ("/hook?key=1", f"127.0.0.1:{port}"), (path, host))
        expect((notice["alarm"], notice["change"]) == ("messages", "raised"), notice)
        server.cli("queue", "delete", "--domain", "dead.example", "--yes")
        eventually(lambda: len(receiver.notices) == 2, "and of the end", 120)
        expect(receiver.notices[1][2]["change"] == "cleared", receiver.notices)
        receiver.stop()
