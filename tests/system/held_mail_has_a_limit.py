"""FUTURERELEASE (RFC 4865 section 6): an account may have only so much on hold: more is refused at MAIL or after its text with
552 5.7.16, whoever else holds what; what waits through a restart counts, and what was let go does not."""
import json
import smtplib
import struct
import time

from harness import HANAKO, TARO, Server, eventually, expect, scenario

FULL = (552, b"5.7.16")


def hold(server, who, text="later", said="", recipients=("x@b.example", "y@b.example")):
    """The last reply."""
    with server.smtp(port=server.submission_port, tls=True, user=who) as client:
        client.ehlo()
        reply = client.docmd("MAIL", f"FROM:<{who}> HOLDFOR=3600 {said}")
        if reply[0] != 250:
            return reply[0], reply[1].split()[0]
        for one in recipients:
            client.rcpt(one)
        try:
            reply = client.data(f"Subject: held\r\n\r\n{text}\r\n")
        except smtplib.SMTPDataError as refused:
            reply = refused.smtp_code, refused.smtp_error
        return reply[0], reply[1].split()[0]


def waiting(server):
    return json.loads(server.cli("queue", "list", "--json"))["items"]


def told(server):
    """How many messages each account has on hold, as deliver says; nothing while nobody vouches for it."""
    page = (server.data / "run/held-used").read_bytes()
    rows = [struct.unpack_from("4Q", page, at) for at in range(0, len(page) - 31, 32)]
    beats = rows and time.monotonic_ns() - rows[0][1] < 10 * 10**9
    return sorted(row[2] for row in rows[1:] if row[2]) if beats else []


@scenario
def run(folder):
    settings = {"smtp": {"future_release_messages": 3, "future_release_space": "100KiB"}}
    with Server(folder, settings=settings) as server:
        server.start()
        server.cli("route", "add", "b.example,127.0.0.1,9")
        for n in range(3):
            expect(hold(server, TARO)[0] == 250, f"number {n + 1} is taken")
        expect(hold(server, TARO) == FULL, "the fourth is not, though the others came a moment ago")
        expect(hold(server, HANAKO)[0] == 250, "another account's own is")
        large = "x" * 76 + "\r\n"
        expect(hold(server, HANAKO, said="SIZE=150000") == FULL, "what is declared to be too large is refused at MAIL")
        expect(hold(server, HANAKO, text=large * 2000) == FULL, "what turns out to be so after its text")
        expect(hold(server, HANAKO, text=large * 800)[0] == 250, "what fits is taken")
        expect(hold(server, HANAKO, text=large * 800) == FULL, "together they do not")
        with server.smtp(port=server.submission_port, tls=True, user=TARO) as client:
            client.sendmail(TARO, [HANAKO], "Subject: now\r\n\r\nnot held\r\n")
        server.wait_for_subjects(["now"])
        eventually(lambda: len(waiting(server)) == 10, "five messages wait for two recipients each")

        eventually(lambda: told(server) == [2, 3], "deliver says what each account has", 60)
        server.cli("service", "restart", "receive")  # it knows of nothing that it took
        expect(hold(server, TARO) == FULL, "what waits counts still")
        ids = sorted({one["message"] for one in waiting(server) if one["sender"] == TARO})
        expect(len(ids) == 3, f"nothing more was taken: {ids}")
        server.cli("queue", "delete", "--id", ids[0], "--yes")
        eventually(lambda: hold(server, TARO)[0] == 250, "there is room again", 60)
        expect(hold(server, TARO) == FULL, "for one")
