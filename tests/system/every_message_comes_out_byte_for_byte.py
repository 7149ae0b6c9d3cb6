"""Real messages in all their oddity go in by DATA, BDAT, LMTP and APPEND and come out of POP3 and IMAP byte for byte,
our own trace lines apart.

They are files with LF or CRLF: a client makes every line end CRLF first, and so does the test; the last line gets one
when it has none, since mail text is made of lines (RFC 5321 §2.3.8). What then is still no mail text must be refused by
SMTP and LMTP, and the test counts on it: a CR that no LF follows (§2.3.8; read differently by two servers it smuggles
mail), and a line longer than the settings allow. APPEND keeps both as they are (RFC 9051 does not make the text of a
literal lines); NUL is not allowed in a plain literal (§4.3), so such a message is not appended."""
import os
import pathlib
import re
import smtplib

from _wire import Wire
from harness import DOMAIN, PASSWORD, Server, Skip, eventually, expect, scenario

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where others' test data may be, as the unit tests look for it; the first that is there.
PLACES = [pathlib.Path(place) / "mime" for place in (os.environ.get("HIKYAKU_TESTDATA"), ROOT.parent / "shared/testdata", ROOT.parent.parent / "shared/testdata") if place]
MESSAGES = next((place for place in PLACES if place.is_dir()), None)
LONGEST_LINE = 64 << 10  # [smtp] text_line, with CRLF
SENDER = "stranger@b.example"


def messages():
    found = {}
    for path in sorted(MESSAGES.rglob("*")):
        if path.suffix == ".eml" or (path.is_file() and "emails" in path.parts and path.suffix not in (".txt", ".json", ".md")):
            text = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
            found[str(path.relative_to(MESSAGES))] = text if text.endswith(b"\r\n") else text + b"\r\n"
    return found


def refused(text):
    """Why SMTP may not take it; empty: it must."""
    if re.search(rb"\r(?!\n)", text):
        return "5.6"
    if max(len(line) + 2 for line in text.split(b"\r\n")) > LONGEST_LINE:
        return "5.6"
    return ""


def by_dots(wire, recipient, text):
    wire.send(b"MAIL FROM:<%s> BODY=8BITMIME\r\nRCPT TO:<%s>\r\nDATA\r\n" % (SENDER.encode(), recipient.encode()))
    replies = [wire.reply() for _ in range(3)]
    expect([r[:3] for r in replies] == ["250", "250", "354"], f"the envelope: {replies}")
    wire.send(re.sub(rb"(?:(?<=\r\n)|^)\.", b"..", text) + b".\r\n")
    return wire.reply()


def by_chunks(wire, recipient, text):
    """BDAT in pieces that break lines, CRLFs and leading dots anywhere; pipelined (RFC 3030)."""
    cuts = sorted({0, 1, len(text) // 3, 2 * len(text) // 3 + 1, len(text)})
    pieces = [text[start:end] for start, end in zip(cuts, cuts[1:])]
    commands = b"".join(b"BDAT %d%s\r\n" % (len(piece), b" LAST" if n == len(pieces) else b"") + piece for n, piece in enumerate(pieces, 1))
    wire.send(b"MAIL FROM:<%s> BODY=8BITMIME\r\nRCPT TO:<%s>\r\n" % (SENDER.encode(), recipient.encode()) + commands)
    replies = [wire.reply() for _ in range(2 + len(pieces))]
    expect([r[:3] for r in replies[:2]] == ["250", "250"], f"the envelope: {replies}")
    return replies[-1]


def send_all(server, port, hello, way, account, texts):
    taken = {}
    wire = None
    for name, text in texts.items():
        if wire is None:
            wire = Wire(port)
            wire.reply()
            wire.ask(hello)
        reply = way(wire, account, text)
        why = refused(text)
        if why:
            expect(reply is None or reply.startswith("5"), f"{account} {name} must be refused: {reply}")
            wire.socket.close()  # after a refusal in the middle of the text the server may have ended it
            wire = None
        else:
            expect(reply and reply.startswith("250"), f"{account} {name}: {reply}")
            taken[name] = text
    return taken


def append_all(server, account, texts):
    taken = {}
    with Wire(server.imap_port) as wire:
        wire.line()
        wire.send(b"a LOGIN %s \"%s\"\r\n" % (account.encode(), PASSWORD.encode()))
        wire.until(b"a OK")
        wire.line()
        for name, text in texts.items():
            if b"\0" in text:
                continue
            wire.send(b"b APPEND INBOX (\\Seen) {%d}\r\n" % len(text))
            wire.until(b"+ ")
            wire.line()
            wire.send(text + b"\r\n")
            while not (answer := wire.line()).startswith("b "):
                expect(answer.startswith("* "), f"APPEND of {name}: {answer}")
            expect(answer.startswith("b OK [APPENDUID "), f"APPEND of {name}: {answer}")
            taken[name] = text
    return taken


def out_by_imap(server, account):
    texts = []
    with Wire(server.imap_port) as wire:
        wire.line()
        wire.send(b"a LOGIN %s \"%s\"\r\nb SELECT INBOX\r\nc FETCH 1:* (RFC822.SIZE BODY.PEEK[])\r\n" % (account.encode(), PASSWORD.encode()))
        wire.until(b"b OK")
        wire.line()
        while True:
            line = wire.line()
            if line.startswith("c "):
                expect(line.startswith("c OK"), line)
                return texts
            if found := re.search(r"RFC822.SIZE (\d+).*\{(\d+)\}$", line):
                expect(found[1] == found[2], f"RFC822.SIZE is the size: {line}")
                texts.append(wire.exactly(int(found[2])))


def out_by_pop3(server, account):
    with Wire(server.pop3_port) as wire:
        wire.line()
        for command in (f"USER {account}", f"PASS {PASSWORD}"):
            wire.send(command.encode() + b"\r\n")
            expect(wire.line().startswith("+OK"), command)
        wire.send(b"STAT\r\n")
        texts = []
        for number in range(1, int(wire.line().split()[1]) + 1):
            wire.send(b"RETR %d\r\n" % number)
            expect(wire.line().startswith("+OK"), f"RETR {number}")
            # Only CRLF.CRLF ends it; the CRLF of the first line counts when the text is empty.
            wire.seen = b"\r\n" + wire.seen
            text = wire.until(b"\r\n.\r\n")[2:-3]
            texts.append(re.sub(rb"(?:(?<=\r\n)|^)\.\.", b".", text))
        return texts


def without_trace(text):
    """Removes our Return-Path and Received fields, which stand first."""
    match = re.match(rb"Return-Path: <[^>]*>\r\nReceived: [^\r]*(\r\n[ \t][^\r]*)*\r\n", text)
    expect(match, f"trace lines first: {text[:300]}")
    return text[match.end():]


@scenario
def run(folder):
    if MESSAGES is None:
        raise Skip("real messages are not here: set HIKYAKU_TESTDATA, or have them in " + " or ".join(str(place) for place in PLACES))
    texts = messages()
    expect(len(texts) > 150, f"only {len(texts)} messages")
    with Server(folder, settings={"smtp": {"errors": 100000}}) as server:
        server.start()
        ways = {"data": (server.smtp_port, b"EHLO client.example", by_dots), "bdat": (server.smtp_port, b"EHLO client.example", by_chunks),
                "lmtp": (server.lmtp_port, b"LHLO client.example", by_dots), "lmtp-bdat": (server.lmtp_port, b"LHLO client.example", by_chunks)}
        wanted = {}
        for way, (port, hello, function) in ways.items():
            account = f"{way}@{DOMAIN}"
            server.add_account(account, PASSWORD)
            eventually(lambda: known(server, account), f"{account} is known")
            wanted[account] = send_all(server, port, hello, function, account, texts)
        account = f"append@{DOMAIN}"
        server.add_account(account, PASSWORD)
        wanted[account] = append_all(server, account, texts)
        for account, sent in wanted.items():
            trace = (lambda text: text) if account.startswith("append") else without_trace
            eventually(lambda: len(out_by_imap(server, account)) >= len(sent), f"{len(sent)} messages for {account}", 60)
            for out in (out_by_imap, out_by_pop3):
                compare(f"{account} {out.__name__}", sent, [trace(text) for text in out(server, account)])
            print(f"{account}: {len(sent)} of {len(texts)}")


def known(server, account):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.ehlo()
        client.docmd("MAIL", f"FROM:<{SENDER}>")
        return client.docmd("RCPT", f"TO:<{account}>")[0] == 250


def compare(what, sent, found):
    remaining = list(found)
    for name, text in sent.items():
        if what.endswith("pop3"):
            text = text if text.endswith(b"\r\n") else text + b"\r\n"
        if text in remaining:
            remaining.remove(text)
            continue
        near = max(remaining, key=lambda other: common(text, other), default=b"")
        at = common(text, near)
        raise AssertionError(f"{what}: {name} came out differently, from octet {at} on: sent {text[at:at + 60]}, found {near[at:at + 60]}")
    expect(not remaining, f"{what}: {len(remaining)} messages nobody sent: {remaining[:1]}")


def common(one, other):
    return next((n for n, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
