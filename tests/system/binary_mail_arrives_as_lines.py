"""BODY=BINARYMIME (RFC 3030) is taken by BDAT: binary parts reach a mailbox (IMAP, POP3), a next hop that knows nothing of it and a
forward as base64 of exactly their octets, within the limits of SMTP; what is not declared as binary and is not lines is refused at once."""
import email
import email.policy
import random

from _wire import Wire
from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

SENDER = "stranger@b.example"
OCTETS = bytes(range(256)) * 3 + b"\r\n\r\n--cut\r\n-\r\n\n\r\0.\r\n" + random.Random(7).randbytes(300_000) + b"\r\n"


def message(number, octets=OCTETS, encoding="binary"):
    return (f"From: {SENDER}\r\nTo: {HANAKO}\r\nSubject: binary {number}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"cut here\"\r\n"
            "Content-Transfer-Encoding: binary\r\n\r\n--cut here\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n日本語\r\n--cut here\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").encode() + octets + b"\r\n--cut here--\r\n"


def hello(wire):
    wire.reply()
    wire.send(b"EHLO client.b.example\r\n")
    offers = []
    while (line := wire.line()).startswith("250-"):
        offers.append(line[4:])
    expect("BINARYMIME" in offers and "CHUNKING" in offers, offers)


def send(wire, recipient, text):
    """In pieces that cut anywhere; the last reply."""
    cuts = [0, 1, len(text) // 3, len(text) // 2 + 1, len(text)]
    pieces = [text[start:end] for start, end in zip(cuts, cuts[1:])]
    wire.send(b"MAIL FROM:<%s> BODY=BINARYMIME\r\nRCPT TO:<%s>\r\n" % (SENDER.encode(), recipient.encode()) +
              b"".join(b"BDAT %d%s\r\n" % (len(piece), b" LAST" if n == len(pieces) else b"") + piece for n, piece in enumerate(pieces, 1)))
    return [wire.reply() for _ in range(2 + len(pieces))][-1]


def check(raw, what):
    for line in raw.split(b"\r\n"):
        expect(len(line) <= 998 and b"\r" not in line and b"\n" not in line and b"\0" not in line, (what, line[:100]))
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    text, octets = parsed.iter_parts()
    expect(parsed["Content-Transfer-Encoding"] == "8bit" and octets["Content-Transfer-Encoding"] == "base64", (what, raw[:2000]))
    expect(text.get_content().strip() == "日本語", what)
    expect(octets.get_payload(decode=True) == OCTETS, (what, "the octets are others"))


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.1"]}}
    with Server(folder, settings=settings) as server, NextHop() as plain:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{plain.port}")
        server.cli("alias", "add", f"both@{DOMAIN}", TARO, "x@far.example")
        with Wire(server.smtp_port) as wire:
            hello(wire)
            expect((said := send(wire, HANAKO, message(1))).startswith("250"), said)
            expect(send(wire, "r@far.example", message(2)).startswith("250"), "taken for a next hop")
            expect(send(wire, f"both@{DOMAIN}", message(3)).startswith("250"), "taken for an alias")
            refused = send(wire, HANAKO, message(4, b"not\nlines", "8bit"))
            expect(refused.startswith("554") and "Content-Transfer-Encoding" in refused, refused)
            expect(wire.ask(b"MAIL FROM:<%s> BODY=BINARYMIME" % SENDER.encode()).startswith("250"), "begun")
            expect(wire.ask(b"RCPT TO:<%s>" % HANAKO.encode()).startswith("250"), "a recipient")
            expect(wire.ask(b"DATA").startswith("503"), "binary text does not come by DATA")
            expect(wire.ask(b"QUIT").startswith("221"), "the session went on")
        server.wait_for_subjects(["binary 1"])
        with server.imap() as imap:
            imap.select("INBOX")
            check(imap.fetch("1", "(BODY.PEEK[])")[1][0][1], "IMAP")
        pop3 = server.pop3()
        check(b"\r\n".join(pop3.retr(1)[1]) + b"\r\n", "POP3")
        pop3.quit()
        server.wait_for_subjects(["binary 3"], user=TARO)
        eventually(lambda: len(plain.transactions) == 2, "both have left", 30)
        for transaction in plain.transactions:
            check(transaction.text, transaction.recipients)
        expect(all("BINARYMIME" not in line for _, line in plain.commands), "nobody is told of binary text")
