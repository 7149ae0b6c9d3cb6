"""A text that rots in the spool reaches nobody: neither a next hop, which reads it in pieces, nor a mailbox. The sender is
told; what is sound goes out."""
import pathlib
import smtplib

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

SIZES = {"small": 20_000, "pieces": 700_000, "blob": 1_500_000}


def text_of(name, octets):
    lines = b"".join(b"%s line %07d of the text\r\n" % (name.encode(), i) for i in range(octets // 30))
    return f"Subject: {name}\r\n\r\n".encode() + lines


def flip(incoming, needle):
    """One bit of the last such place in the spool's files."""
    for path in sorted(pathlib.Path(incoming).iterdir()):
        if not path.name.startswith(("segment-", "blob-")):
            continue
        at = path.read_bytes().rfind(needle)
        if at < 0:
            continue
        with open(path, "r+b") as file:
            file.seek(at + 3)
            octet = file.read(1)[0]
            file.seek(at + 3)
            file.write(bytes([octet ^ 1]))
        return
    raise AssertionError(f"{needle} is not in the spool")


@scenario
def run(folder):
    with Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]}}) as server, NextHop() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        server.cli("service", "stop", "deliver")
        for to, place in (("someone@far.example", "far"), (HANAKO, "here")):
            for name, octets in SIZES.items():
                for state in ("rotten", "sound"):
                    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("127.0.0.5", 0)) as client:
                        client.sendmail(TARO, [to], text_of(f"{state}-{place}-{name}", octets))
        for place in ("far", "here"):
            for name, octets in SIZES.items():
                flip(server.folder / "data" / "spool" / "incoming-1", b"rotten-%s-%s line %07d" % (place.encode(), name.encode(), octets // 60))
        server.cli("service", "start", "deliver")
        server.wait_for_subjects([f"sound-here-{name}" for name in SIZES])
        eventually(lambda: len(hop.transactions) == len(SIZES), "the sound ones go out")
        eventually(lambda: len(server.subjects(TARO)) == 2 * len(SIZES), f"the sender hears of each: {server.subjects(TARO)}")
        eventually(lambda: server.cli("queue", "list", "--json").find("@") < 0, "the queue is empty")
        for mail in hop.transactions:
            name = mail.text.split(b"\r\n", 20)
            expect(b"rotten" not in mail.text, f"damaged mail went out: {name}")
        expect(sorted(server.subjects()) == sorted(f"sound-here-{name}" for name in SIZES), f"in the mailbox: {server.subjects()}")
