"""A milter of the test's own, for what real ones do not do: it answers each command as told, and keeps what it heard.

    with Milter({"E": [add_header("X-A", "1"), CONTINUE]}) as milter: ... milters = [milter.row()]
"""
import socketserver
import struct
import threading

from peers.net import free_port

CONTINUE, ACCEPT, REJECT, TEMPFAIL, DISCARD, PROGRESS = ((letter, b"") for letter in "cartdp")


SILENT_HEADER = 0x80


def texts(*words):
    return b"".join(word.encode() + b"\0" for word in words)


def add_header(name, value):
    return "h", texts(name, value)


def insert_header(place, name, value):
    return "i", struct.pack(">I", place) + texts(name, value)


def change_header(which, name, value):
    return "m", struct.pack(">I", which) + texts(name, value)


def replace_body(body):
    return "b", body


def add_recipient(address):
    return "+", texts(f"<{address}>")


def delete_recipient(address):
    return "-", texts(f"<{address}>")


def change_sender(address):
    return "e", texts(f"<{address}>")


def quarantine(reason):
    return "q", texts(reason)


def reply(line):
    return "y", texts(line)


class Milter(socketserver.ThreadingTCPServer):
    """`answers`: by command letter, a list of packets; or by (letter, what the data contains). `open`: connections. `steps`: what it
    says that it leaves out (SILENT_HEADER: it answers no field, and "L" is to have no packet)."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answers=None):
        self.answers, self.heard, self.open, self.steps = answers or {}, [], 0, 0
        milter, lock = self, threading.Lock()

        class Handler(socketserver.StreamRequestHandler):
            def setup(self):
                super().setup()
                with lock:
                    milter.open += 1

            def finish(self):
                with lock:
                    milter.open -= 1
                super().finish()

            def handle(self):
                while len(head := self.rfile.read(5)) == 5:
                    length, letter = struct.unpack(">Ic", head)
                    letter, data = letter.decode(), self.rfile.read(length - 1)
                    milter.heard.append((letter, data))
                    if letter in "DAQ":
                        continue
                    packets = [("O", struct.pack(">III", 6, 0xff, milter.steps))] if letter == "O" else milter.answer(letter, data)
                    for one, octets in packets:
                        self.wfile.write(struct.pack(">I", len(octets) + 1) + one.encode() + octets)

        super().__init__(("127.0.0.1", free_port()), Handler)

    def answer(self, letter, data):
        for key, packets in self.answers.items():
            if isinstance(key, tuple) and key[0] == letter and key[1].encode() in data:
                return packets
        return self.answers.get(letter, [CONTINUE])

    def row(self, options="", name="own"):
        return f"{name}=127.0.0.1:{self.server_address[1]} {options}".strip()

    def said(self, letter):
        return [data for heard, data in self.heard if heard == letter]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
