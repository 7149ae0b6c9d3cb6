"""A clamd that listens on TCP, on 127.0.0.1 or on [::1], is named while the server runs, confined as ever, and mail is scanned by it from then on: EICAR is refused
with its name, clean mail is marked, and while that clamd is away mail is put off."""
import email
import smtplib
import socket

from harness import TARO, Server, Skip, eventually, expect, scenario
from peers.clamd import EICAR, NAME, Clamd, installed
from peers.net import free_port


def send(server, subject, text="Hello"):
    """What the text is answered."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
        answers = server.offer(f"From: {TARO}\r\nSubject: {subject}\r\n\r\n{text}\r\n", client=client)
    return answers[-1]


def scans(server, clamd, subject):
    server.change_settings(scanning={"clamd": clamd.socket})
    code, words = eventually(lambda: (lambda got: got if got[0] == 550 else None)(send(server, subject + " infected", EICAR)), f"scanned by {clamd.socket}")
    expect(NAME in words, f"{clamd.socket}: {words}")
    expect(send(server, subject)[0] == 250, "clean mail is taken")
    expect(email.message_from_bytes(server.stored(subject))["X-Virus-Status"] == "Clean", "with the scanner's mark")


def has_v6():
    try:
        with socket.socket(socket.AF_INET6) as line:
            line.bind(("::1", 0))
        return True
    except OSError:
        return False


@scenario
def run(folder):
    if not installed():
        raise Skip("clamd is not installed")
    with Clamd(folder / "four", tcp=("127.0.0.1", free_port())) as four, Server(folder) as server:
        server.start()
        expect(send(server, "unscanned", EICAR)[0] == 250, "without a scanner nothing is scanned")
        scans(server, four, "by IPv4")
        four.kill()
        expect(send(server, "away")[0] == 451, "while it is away mail is put off")
        four.start()
        expect(send(server, "back")[0] == 250, "and taken when it is back")
        if has_v6():
            with Clamd(folder / "six", tcp=("::1", free_port())) as six:
                scans(server, six, "by IPv6")
