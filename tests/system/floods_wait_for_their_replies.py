"""A stranger who makes one error after the other waits a second for each beyond the first ones, however it sends them; an exempt network does
not, and neither does a stranger that makes few; others are served meanwhile."""
import smtplib
import socket
import subprocess
import time

import _namespaces

_namespaces.enter("net")

from harness import TARO, Server, eventually, expect, scenario  # noqa: E402

STRANGER, OTHER = "44.0.0.1", "44.0.0.2"


def replies(port, source, octets, count):
    """Seconds until `count` replies to what is sent at once have come."""
    with socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0)) as client:
        reader = client.makefile("rb")
        reader.readline()
        began = time.monotonic()
        client.sendall(octets)
        for _ in range(count):
            line = reader.readline()
            expect(line.startswith((b"500", b"250", b"502")), line)
        return time.monotonic() - began


def quickest(*what):
    """Of three: a wait that is due is there every time, a machine that stood still is not."""
    return min(replies(*what) for _ in range(3))


@scenario
def run(folder):
    for address in (STRANGER, OTHER):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    with Server(folder, settings={"smtp": {"free_errors": 5}}) as server:
        server.start()
        expect(quickest(server.smtp_port, "127.0.0.1", b"XYZZY\r\n" * 9, 9) < 2, "an exempt network's errors cost nothing")
        expect(quickest(server.smtp_port, STRANGER, b"XYZZY\r\n" * 5, 5) < 2, "the first errors are free")
        waiting = socket.create_connection(("127.0.0.1", server.smtp_port), timeout=60, source_address=(STRANGER, 0))
        waiting.sendall(b"XYZZY\r\n" * 15)
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(OTHER, 0), local_hostname="other.example") as client:
            client.sendmail("a@other.example", [TARO], "Subject: served meanwhile\r\n\r\nHello\r\n")
        eventually(lambda: "served meanwhile" in server.subjects(TARO), "others are served meanwhile", 30)
        waiting.close()
        took = replies(server.smtp_port, STRANGER, b"XYZZY\r\n" * 8, 8)
        expect(took >= 2.9, f"three errors too many wait three seconds: {took:.1f}")
        server.change_settings(smtp={"free_errors": 0})
        expect(quickest(server.smtp_port, STRANGER, b"XYZZY\r\n" * 12, 12) < 2, "0: none waits")
