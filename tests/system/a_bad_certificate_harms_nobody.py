"""A certificate that cannot be used - half written, of another key, gone - is refused by `config reload` with the file's name, and by no way switches TLS off: SMTP, IMAP and
POP3 go on with the former one, a service that crashes or is restarted meanwhile too. A new one that is good is shown at once; a server that never had one says so."""
import imaplib
import os
import signal
import smtplib
import ssl
import subprocess

from harness import TARO, Server, eventually, expect, scenario


def make(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return (folder / f"{name}.pem").read_text(), (folder / f"{name}.key").read_text()


def shown(server):
    """The common names of the certificates that STARTTLS of SMTP and IMAP inside TLS show."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    names = set()
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30) as client:
        client.starttls(context=context)
        names.add(subject(client.sock.getpeercert(True)))
    client = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=context)
    names.add(subject(client.sock.getpeercert(True)))
    client.logout()
    return names


def subject(der):
    said = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der, capture_output=True, check=True).stdout.decode()
    return said.strip().rsplit("=", 1)[1].strip()


def refusals(server):
    return len([event for event in server.events("servicelog") if event["event"] == "tls.refused"])


def running(server):
    return all(service["state"] == "running" for service in server.status()["services"] if service["name"] in ("receive", "imap"))


def command(server, *words):
    return subprocess.run([server.program, "--config", server.config, *words], capture_output=True, text=True)


@scenario
def run(folder):
    with Server(folder).start() as server:
        certificate, key = server.certificate, server.certificate.parent / "key.pem"
        first, other = make(folder, "first"), make(folder, "other")
        certificate.write_text(first[0]), key.write_text(first[1])
        expect("" == command(server, "config", "reload").stderr, "a good one is taken")
        eventually(lambda: shown(server) == {"first"}, "and shown")
        for what, pair in (("empty", ("", "")), ("half written", (first[0][:200], first[1])), ("of another key", (other[0], first[1])), ("no key", (other[0], "hello"))):
            certificate.write_text(pair[0]), key.write_text(pair[1])
            done = command(server, "config", "reload")
            expect(done.returncode != 0 and str(server.certificate.parent) in done.stderr and "Remedy" in done.stderr, f"{what}: {done.stderr}")
            check = command(server, "config", "check")
            expect(check.returncode != 0 and str(server.certificate.parent) in check.stderr, f"{what}: {check.stdout}{check.stderr}")
            # By a signal, past the command: the former one stays, and the log says why.
            before = refusals(server)
            os.kill(server.pid, signal.SIGHUP)
            eventually(lambda: refusals(server) > before, f"{what}: told in the log")
            expect(shown(server) == {"first"}, f"{what}: the former one stays")
            if what == "half written":
                fronts = {name: server.pids(name.split("-")[0])[name] for name in ("receive", "imap-front")}
                for name, pid in fronts.items():
                    os.kill(pid, signal.SIGKILL)
                    eventually(lambda: server.pids(name.split("-")[0]).get(name) not in (None, pid), f"{name} has a successor")
                eventually(lambda: running(server), "the successors are up")
                expect(shown(server) == {"first"}, "after a crash the former one is shown")
            if what == "of another key":
                before = refusals(server)
                for service in ("receive", "imap"):
                    expect(command(server, "service", "restart", service).returncode == 0, f"{service} is restarted")
                expect(shown(server) == {"first"}, "after a restart the former one is shown")
                eventually(lambda: refusals(server) > before, "and the log tells again why")
        certificate.write_text(other[0]), key.write_text(other[1])
        expect(command(server, "config", "reload").returncode == 0, "the new one")
        eventually(lambda: shown(server) == {"other"}, "is shown")
        make(certificate.parent, "moved")
        server.change_settings(tls={"certificate": str(certificate.parent / "moved.pem"), "key": str(certificate.parent / "moved.key")})
        eventually(lambda: shown(server) == {"moved"}, "files that the settings name anew are shown")
        server.change_settings(tls={"certificate": str(certificate), "key": str(key)})
        eventually(lambda: shown(server) == {"other"}, "and those that they name again")
        server.send(recipient=TARO, subject="after all", port=server.submission_port, tls=True, user=TARO)
        server.wait_for_subjects(["after all"], TARO)
        # A start that finds none tells so.
        certificate.write_text("")
        before = refusals(server)
        server.stop(), server.start()
        eventually(lambda: refusals(server) > before, "told at the start")
