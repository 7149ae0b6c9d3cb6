"""Over the real port: only CRLF.CRLF ends a message. Every other end (LF.LF, CR.CR, mixtures, split over packets) is no
end and no mail; what follows it is never taken for commands. Octets buffered before STARTTLS are never obeyed."""
import ssl
import time

from _wire import Wire
from harness import HANAKO, TARO, Server, expect, scenario

ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\r\n", b"\n\n.\r\n", b"\r\n.\r\r\n",
        b"\r\n.\0\r\n", b"\r\n\0.\r\n", b"\r\n.\x0b\r\n", b"\n\r.\r\n", b"\r\n. \r\n", b"\r\n..\n", b"\r\n.\n\r\n", b"\n\r\n.\n"]
INNER = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: smuggled\r\n\r\nEvil\r\n.\r\n" % TARO.encode()


def open_smtp(server):
    wire = Wire(server.smtp_port)
    wire.reply()
    wire.ask(b"EHLO client.example")
    return wire


def envelope(wire):
    for command in (b"MAIL FROM:<stranger@b.example>", b"RCPT TO:<%s>" % HANAKO.encode()):
        expect(wire.ask(command).startswith("250"), command)


def rest(wire, seconds=3):
    """The replies until the connection ends or is silent; there is one at least, which may take its time."""
    wire.socket.settimeout(60)
    replies = []
    try:
        while (line := wire.reply()) is not None:
            replies.append(line)
            wire.socket.settimeout(seconds)
    except TimeoutError:
        pass
    return replies


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        for end in ENDS:
            by_data(server, end, all_at_once=True)
            by_data(server, end, all_at_once=False)
        in_commands(server)
        in_chunks(server)
        before_starttls(server)
        server.send(subject="the honest one", sender="stranger@b.example")
        server.send(recipient=TARO, subject="the honest one", sender="stranger@b.example")
        server.wait_for_subjects(["the honest one"], HANAKO)
        server.wait_for_subjects(["the honest one"], TARO)
        expect(server.subjects(TARO) == ["the honest one"], f"nothing was smuggled to taro: {server.subjects(TARO)}")
        expect(all(subject != "smuggled" for subject in server.subjects(HANAKO)), f"nor to hanako: {server.subjects(HANAKO)}")


def by_data(server, end, all_at_once):
    with open_smtp(server) as wire:
        envelope(wire)
        expect(wire.ask(b"DATA").startswith("354"), "DATA")
        octets = b"Subject: outer\r\n\r\nHello" + end + INNER
        if all_at_once:
            wire.send(octets)
        else:
            try:
                for at in range(0, 40):
                    wire.send(octets[at:at + 1])
                    time.sleep(0.0005)
                wire.send(octets[40:])
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has seen enough
        replies = rest(wire, 1)
        taken = [reply for reply in replies if reply.startswith("250")]
        flawed = b"\r" in end.replace(b"\r\n", b"") or b"\n" in end.replace(b"\r\n", b"")
        if flawed:
            expect(not taken, f"{end!r}: a bare CR or LF was accepted: {replies}")
            expect(replies and replies[0][:1] == "5", f"{end!r}: refused for good: {replies}")
        else:  # part of the text: one mail, that ends where INNER does
            expect(len(taken) == 1 and len(replies) == 1, f"{end!r}: one message: {replies}")


def in_commands(server):
    """A bare LF or CR ends no command."""
    for octets in (b"MAIL FROM:<a@b.example>\nRCPT TO:<%s>\r\n" % TARO.encode(), b"MAIL FROM:<a@b.example>\rRCPT TO:<%s>\r\n" % TARO.encode(),
                   b"MAIL FROM:<a@b.example>\0\r\n", b"MAIL FROM:<a\n@b.example>\r\n"):
        with open_smtp(server) as wire:
            wire.send(octets + b"RCPT TO:<%s>\r\n" % TARO.encode())
            replies = rest(wire, 1)
            expect(replies and all(reply[:1] == "5" or reply[:3] == "421" for reply in replies), f"{octets!r} began a transaction: {replies}")


def in_chunks(server):
    """BDAT counts: an end inside a chunk ends nothing, and a flaw is refused without losing the count."""
    for text in (b"Subject: x\r\n\r\nHello\r\n.\r\n" + INNER, b"Subject: smuggled\r\n\r\nHello\n.\n", b"Subject: smuggled\r\n\r\nHello\r"):
        with open_smtp(server) as wire:
            envelope(wire)
            reply = wire.ask(b"BDAT %d LAST\r\n" % len(text) + text) if text.endswith(b"\r\n") else (wire.send(b"BDAT %d LAST\r\n" % len(text) + text), wire.reply())[1]
            bare = b"\n" in text.replace(b"\r\n", b"") or b"\r" in text.replace(b"\r\n", b"")
            expect(reply[:1] == ("5" if bare else "2"), f"{text[:40]!r}: {reply}")
            expect(wire.ask(b"NOOP").startswith("250"), "commands go on after the chunk")
    with open_smtp(server) as wire:  # a number that means two things
        envelope(wire)
        for size in (b"-1", b"+5", b"0x10", b"99999999999999999999", b"5 5", b"", b"5 FIRST"):
            reply = wire.ask(b"BDAT " + size)
            expect(reply is None or reply[:1] == "5", f"BDAT {size!r}: {reply}")
            if reply is None or reply.startswith("552"):
                break


def before_starttls(server):
    for port in (server.smtp_port, server.submission_port):
        for extra in (b"NOOP\r\n", b"EHLO evil.example\r\nMAIL FROM:<%s>\r\n" % TARO.encode(), b"\r\n", b"x"):
            with Wire(port) as wire:
                wire.reply()
                wire.ask(b"EHLO client.example")
                wire.send(b"STARTTLS\r\n" + extra)
                replies = rest(wire, 2)
                expect(replies and not any(r.startswith("250") for r in replies), f"STARTTLS with {extra!r} behind it: {replies}")
                expect(replies[0][:1] != "2" or len(replies) == 1, f"STARTTLS with {extra!r}: {replies}")
                if replies[0].startswith("220"):
                    continue_inside(wire, server, extra)
    with server.smtp() as client:  # RFC 3207 §4.2: what was said before TLS is forgotten
        client.ehlo()
        client.docmd("MAIL", "FROM:<a@b.example>")
        client.starttls(context=server.context())
        expect(client.docmd("RCPT", f"TO:<{HANAKO}>")[0] == 503, "the transaction from before TLS is gone")
        expect(client.docmd("MAIL", "FROM:<a@b.example>")[0] == 503, "and so is EHLO")


def continue_inside(wire, server, extra):
    """220 was said: the handshake must not succeed with octets of the clear in the way of it, nor answer them inside."""
    wire.socket.settimeout(3)
    try:
        inside = server.context().wrap_socket(wire.socket)
        inside.settimeout(1)
        said = inside.recv(1000)
        expect(not said, f"{extra!r} was answered under TLS: {said}")
    except (ssl.SSLError, OSError):
        return
