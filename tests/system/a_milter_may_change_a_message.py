"""What a milter may do to a message, and what becomes of it: fields, the body, sender and recipients; quarantine and discard; a refusal of one recipient at RCPT, or after the text, where
the others' copies go on and its own is kept. Who babbles is put off; what a row may not do it may not; in shadow nothing is changed."""
import smtplib

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers import milter as m

LARGE = "a line of a text that goes to a file\r\n" * 20_000


def send(server, subject, recipients=(HANAKO,), body="How are you?\r\n", sender=TARO):
    """The answers to each RCPT, and to the text if one was taken."""
    text = f"From: {TARO}\r\nSubject: {subject}\r\nX-Old: 1\r\nX-old: 2\r\n\r\n{body}"
    return [code for code, _ in server.offer(text, recipients, sender)]


def kept(server):
    return {tuple(sorted(one["recipients"])): one["why"] for one in server.quarantined()}


def it_changes_the_text(server, own):
    for subject, body in {"small": "How are you?\r\n", "large": LARGE}.items():
        own.answers = {"E": [m.add_header("X-Added", "folded\n\tvalue"), m.insert_header(1, "X-Inserted", "1"), m.change_header(2, "X-OLD", "changed"), m.change_header(1, "X-Old", ""), m.PROGRESS, m.CONTINUE]}
        expect(send(server, subject, body=body) == [250, 250], subject)
        got = server.stored(subject)
        ours = got.index(b"X-Inserted: 1\r\n")
        expect(got[ours:] == (f"X-Inserted: 1\r\nFrom: {TARO}\r\nSubject: {subject}\r\nX-OLD: changed\r\nX-Added: folded\r\n\tvalue\r\n\r\n" + body).encode(), f"{subject}: {got[:900]}")
        expect(b"Received:" in got[:ours], f"{subject}: ours stands above")
        own.answers = {"E": [m.replace_body(b"new\nbody "), m.replace_body(b"in pieces\r\n" * 5_000), m.add_header("X-New", "1"), m.CONTINUE]}
        expect(send(server, "new " + subject, body=body) == [250, 250], f"new body of {subject}")
        mail = server.stored("new " + subject)
        expect(mail[mail.index(b"\r\n\r\n") + 4:] == b"new\r\nbody " + b"in pieces\r\n" * 5_000 and b"X-New: 1\r\n" in mail, f"new body of {subject}")
    fields = [data for data in own.said("L") if data.startswith(b"Received")]
    expect(not fields, "our own Received field is not shown")


def it_changes_the_envelope(server, own):
    own.answers = {"E": [m.change_sender("other@b.example"), m.add_recipient(TARO), m.CONTINUE]}
    expect(send(server, "for both") == [250, 250], "sent")
    expect(b"Return-Path: <other@b.example>" in server.stored("for both") and server.stored("for both", TARO), "both have it, from the other")
    own.answers = {"E": [m.delete_recipient(TARO), m.CONTINUE]}
    expect(send(server, "for one", (HANAKO, TARO)) == [250, 250, 250], "sent")
    server.stored("for one")
    expect("took this recipient out" in kept(server)[(TARO,)], f"the other copy is kept: {kept(server)}")


def what_it_does_not_want(server, own):
    own.answers = {"E": [m.quarantine("looks odd"), m.CONTINUE]}
    expect(send(server, "odd") == [250, 250] and "looks odd" in kept(server)[(HANAKO,)], f"quarantine: {kept(server)}")
    own.answers = {"E": [m.DISCARD]}
    expect(send(server, "thrown", (TARO, HANAKO)) == [250] * 3 and "thrown away" in kept(server)[(HANAKO, TARO)], f"discard: {kept(server)}")
    for answer, code in ((m.REJECT, 550), (m.TEMPFAIL, 451), (m.reply("554 5.7.9 Not here"), 554)):
        own.answers = {"E": [answer]}
        expect(send(server, "no") == [250, code], f"{answer}")
    own.answers = {("R", TARO): [m.REJECT]}
    expect(send(server, "after the text", (TARO, HANAKO)) == [250] * 3, "one recipient is none of the others")
    server.stored("after the text")
    expect(send(server, "alone", (TARO,)) == [250, 550], "alone it is refused")
    server.change_settings(filters={"milters": [own.row("at=rcpt")]})
    expect(send(server, "at rcpt", (TARO, HANAKO)) == [550, 250, 250], "at RCPT")
    server.stored("at rcpt")
    own.answers = {"M": [m.reply("553 5.1.8 Not you")]}
    expect(send(server, "sender", (TARO, HANAKO)) == [553, 553], "what is said of the sender is said of each recipient")
    own.answers = {"E": [m.add_header("X-Babble", "1"), ("z", b"")]}
    expect(send(server, "babble") == [250, 451], "who babbles is put off")
    server.change_settings(filters={"milters": [own.row("may=nothing away=pass", name="strict")]})
    own.answers = {"E": [m.add_header("X-Strict", "1"), m.CONTINUE]}
    expect(send(server, "strict") == [250, 250] and b"X-Strict" not in server.stored("strict"), "what it may not change")
    server.change_settings(filters={"milters": [own.row(name="shadow")]}, rules={"milter": "shadow"})
    own.answers = {"E": [m.add_header("X-Shadow", "1"), m.REJECT]}
    expect(send(server, "shadow") == [250, 250] and b"X-Shadow" not in server.stored("shadow"), "in shadow it has no effect")
    found = eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "rule.found" and e.get("mode") == "shadow"], "but is logged", 20)
    expect(found and found[-1]["rule"] == "milter" and found[-1]["reason"].startswith("shadow: 550"), f"but is logged: {found}")


def it_is_asked_at_rcpt(server, own):
    """Of each recipient, the postmaster too, whom it cannot refuse; and it is left alone when the client has changed its mind."""
    server.change_settings(filters={"milters": [own.row("at=rcpt", name="early")]})
    own.answers, own.heard[:] = {("R", "postmaster"): [m.REJECT]}, []
    expect(send(server, "of all", (HANAKO, f"postmaster@{DOMAIN}")) == [250] * 3, "postmaster is taken")
    expect([data.split(b"\0")[0].decode() for data in own.said("R")] == [f"<{HANAKO}>", f"<postmaster@{DOMAIN}>"], f"it was told of both: {own.said('R')}")
    eventually(lambda: own.open == 0, "no connection is left of what is over")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=120) as client:
        client.ehlo("client.example")
        client.mail(TARO)
        expect(client.rcpt(HANAKO)[0] == 250 and own.open == 1, "it is asked")
        client.rset()
        eventually(lambda: own.open == 0, "and left alone after RSET, while the client stays")
        expect(client.noop()[0] == 250, "it is still there")


def a_large_header_stays_whole(server, own):
    """Up to a mebibyte; more is no mail."""
    field = "X-Long-{}: " + "x" * 900
    for subject, body in {"long header": "How are you?\r\n", "long header, large text": LARGE * 2}.items():
        text = f"Subject: {subject}\r\n" + "".join(field.format(n) + "\r\n" for n in range(1_050)) + "X-Last: 1\r\n\r\n" + body
        own.answers = {"L": [], "E": [m.add_header("X-Added", "1"), m.change_header(1, "X-Last", "2"), m.CONTINUE]}
        own.steps = m.SILENT_HEADER
        expect([code for code, _ in server.offer(text)] == [250, 250], subject)
        got = server.stored(subject)
        expect(got[got.index(b"Subject: "):] == text.replace("X-Last: 1\r\n", "X-Last: 2\r\nX-Added: 1\r\n").encode(), subject)
        own.answers = {"L": [], "E": [m.replace_body(b"new\r\n"), m.CONTINUE]}
        expect([code for code, _ in server.offer(text.replace(subject, "other"))] == [250, 250], subject)
        got = server.stored("other")
        expect(got[got.index(b"Subject: "):] == (text[:text.index("\r\n\r\n") + 4].replace(subject, "other") + "new\r\n").encode(), "another body, the same header")
    own.answers, own.steps = {}, 0
    for what, more in {"without a body": "", "with one": "\r\nHow are you?\r\n"}.items():
        code, words = server.offer("Subject: endless\r\n" + "".join(field.format(n) + "\r\n" for n in range(1_300)) + more)[-1]
        expect(code == 552 and "header" in words, f"{what}: {code} {words}")


@scenario
def run(folder):
    with m.Milter() as own, Server(folder, settings={"filters": {"milters": [own.row()]}}) as server:
        server.start()
        it_changes_the_text(server, own)
        it_changes_the_envelope(server, own)
        what_it_does_not_want(server, own)
        server.change_settings(rules={"milter": "enforce"})
        it_is_asked_at_rcpt(server, own)
        server.change_settings(filters={"milters": [own.row(name="late")]})
        a_large_header_stays_whole(server, own)
