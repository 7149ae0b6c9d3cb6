"""A real milter (opendkim) signs what comes in: its field is in the stored mail, every other octet is as it was sent, small or from a file. While it is stopped
(SIGSTOP) its mail is put off and, with away=pass, goes on; sessions that need it not never wait; and when it goes on, so does its mail."""
import concurrent.futures
import email
import signal
import smtplib
import time

from harness import HANAKO, TARO, Server, Skip, eventually, expect, scenario
from peers.opendkim import Opendkim, installed


def answer(server, text):
    return server.offer(text)[-1][0]


def message(subject, body="How are you?\r\n"):
    return f"From: Taro <{TARO}>\r\nSubject: {subject}\r\n folded\tonce\r\nX-Odd:no space\r\nTo: {HANAKO}\r\nDate: Sun, 22 Nov 2026 09:00:00 +0900\r\nMessage-ID: <{subject}@client.example>\r\n\r\n{body}"


def without_added(octets):
    """The text behind our Received field and the milter's fields, which stand above the sender's."""
    return octets[octets.index(b"From: Taro <"):]


def fields_of(octets, name):
    return email.message_from_bytes(octets).get_all(name) or []


def what_is_signed_is_otherwise_unchanged(server):
    for subject, body in {"small": "How are you?\r\n\r\n.\r\n", "large": "line of a text that is too large for memory\r\n" * 12_000, "blob": "a line of a text that becomes a blob of its own\r\n" * 60_000}.items():
        text = message(subject, body)
        expect(answer(server, text) == 250, subject)
        got = server.stored(subject)
        signatures = fields_of(got, "DKIM-Signature")
        expect(len(signatures) == 1 and "d=a.example" in signatures[0].replace("\r\n", ""), f"{subject}: signed: {signatures}")
        expect(without_added(got) == text.encode(), f"{subject}: every other octet is as it was")
        expect(got.index(b"DKIM-Signature:") < got.index(b"From: Taro <"), f"{subject}: above the sender's fields")


def while_it_is_stopped(server, milter):
    server.change_settings(filters={"milters": [milter.row("timeout=2s total=4s")], "rest": "1s"})
    milter.signal(signal.SIGSTOP)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(answer, server, message(f"stopped{n}")) for n in range(6)]
        codes = [one.result(timeout=120) for one in waiting]
    expect(codes == [451] * 6, f"its mail is put off: {codes}")
    failed = eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "filter.failed"], "it is in the log")
    expect(failed[0]["text"] == "opendkim" and failed[0]["reply"].startswith("451"), f"{failed[0]}")


def others_go_on(server, milter):
    """Mail of strangers needs a milter that is stopped; mail of this network does not, and passes at once while theirs hangs."""
    # By another name nothing is known of it yet: nobody is answered at once because it rests.
    server.change_settings(filters={"milters": [milter.row("for=strangers timeout=60s total=120s", name="again")], "rest": "1s"}, policy={"exempt_networks": ["127.0.0.2"], "authentication_results": False}, rules={"spf": "off", "dmarc": "off", "local_sender": "off"})
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(answer, server, message(f"hanging{n}")) for n in range(3)]
        time.sleep(1)
        for n in range(5):
            with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.2", 0)) as client:
                client.sendmail(TARO, [HANAKO], message(f"other{n}"))
        expect(not any(one.done() for one in hanging), "theirs waits for the milter meanwhile")
        milter.signal(signal.SIGCONT)
        codes = [one.result(timeout=180) for one in hanging]
    expect(codes == [250] * 3, f"theirs goes on with it: {codes}")
    expect(not fields_of(server.stored("other4"), "DKIM-Signature"), "what needed no milter is unsigned")
    expect(fields_of(server.stored("hanging2"), "DKIM-Signature"), "theirs is signed")


def when_it_is_away(server, milter):
    server.change_settings(filters={"milters": [milter.row("away=pass")], "rest": "1s"}, policy={"exempt_networks": ["127.0.0.0/8", "::1"]})
    milter.stop()
    expect(answer(server, message("away")) == 250, "away=pass")
    expect(not fields_of(server.stored("away"), "DKIM-Signature"), "unsigned")
    server.change_settings(filters={"milters": [milter.row()], "rest": "1s"})
    expect(answer(server, message("deferred")) == 451, "away=defer")
    server.change_settings(rules={"milter": "shadow"})
    expect(answer(server, message("shadow")) == 250, "in shadow it has no effect")
    server.change_settings(rules={"milter": "enforce"})
    milter.start()
    eventually(lambda: answer(server, message("back")) == 250, "it is asked again after its rest", 60)
    expect(fields_of(server.stored("back"), "DKIM-Signature"), "and signs")


@scenario
def run(folder):
    if not installed():
        raise Skip("opendkim is not installed")
    with Opendkim(folder / "opendkim") as milter, Server(folder, settings={"filters": {"milters": [milter.row()]}}) as server:
        server.start()
        what_is_signed_is_otherwise_unchanged(server)
        while_it_is_stopped(server, milter)
        others_go_on(server, milter)
        when_it_is_away(server, milter)
