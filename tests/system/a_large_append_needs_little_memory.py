"""A message that APPEND brings waits for its end in a file without a name, not in the memory of imap-store."""
import imaplib
import socket

from harness import HANAKO, PASSWORD, Server, expect, scenario

OCTETS = 45 << 20
BOUND_KIB = 12 << 10


def anonymous_kib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise AssertionError("the kernel tells no RssAnon")


@scenario
def run(folder):
    with Server(folder).start() as server:
        pid = server.pids("imap")["imap-store"]
        raw = socket.create_connection(("127.0.0.1", server.imap_port), timeout=60)
        lines = raw.makefile("rb")
        lines.readline()
        raw.sendall(f'a LOGIN {HANAKO} "{PASSWORD}"\r\n'.encode())
        expect(lines.readline().startswith(b"a OK"), "logged in")
        before = anonymous_kib(pid)
        message = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * ((OCTETS - 18) // 16)
        raw.sendall(f"b APPEND INBOX {{{len(message)}}}\r\n".encode())
        expect(lines.readline().startswith(b"+"), "the message may come")
        raw.sendall(message[:-1])
        raw.sendall(message[-1:])
        grown = anonymous_kib(pid) - before
        raw.sendall(b"\r\n")
        expect(lines.readline().startswith(b"b OK"), "the message is stored")
        expect(grown < BOUND_KIB, f"imap-store grew by {grown} KiB while {OCTETS >> 10} KiB came")
        client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
        client.login(HANAKO, PASSWORD)
        client.select("INBOX")
        expect(client.fetch("1", "(BODY.PEEK[])")[1][0][1] == message, "it comes back as it went in")
        client.logout()
