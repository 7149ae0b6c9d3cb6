"""A DNS server that stands before an honest one and does with each question as the test says.

    with LyingNameServer(honest_port, lambda name: "silent" if "a.example" in name else "honest") as dns: ... dns.address ...

silent: no answer. slow: the honest one, two seconds late. garbage: bytes that are no message. wrong-id, wrong-name: the honest one with a
forged id, or an answer to another question. failing: SERVFAIL. honest: as it is."""
import socket
import struct
import threading
import time


def name_of(question):
    labels, at = [], 12
    while at < len(question) and question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode(errors="replace"))
        at += 1 + question[at]
    return ".".join(labels).lower()


class LyingNameServer:
    def __init__(self, honest_port, behaviour):
        self.honest_port, self.behaviour, self.asked, self.over = honest_port, behaviour, {}, False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1@{self.socket.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.socket.close()

    def _serve(self):
        while not self.over:
            try:
                question, client = self.socket.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._answer, args=(question, client), daemon=True).start()

    def _honest(self, question):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.sendto(question, ("127.0.0.1", self.honest_port))
            return asking.recv(65536)

    def _answer(self, question, client):
        name = name_of(question)
        what = self.behaviour(name)
        self.asked[what] = self.asked.get(what, 0) + 1
        try:
            for answer in self._answers(question, what):
                self.socket.sendto(answer, client)
        except OSError:
            pass  # the test is over, or the honest one is

    def _answers(self, question, what):
        if what == "silent":
            return
        if what == "garbage":
            yield b"\xff" * 7
            yield question[:2] + b"\x81\x80" + b"\xff" * 60
            return
        if what == "failing":
            yield question[:2] + b"\x81\x82" + question[4:6] + bytes(6) + question[12:]
            return
        answer = self._honest(question)
        if what == "slow":
            time.sleep(2)
        elif what == "wrong-id":
            answer = struct.pack(">H", (struct.unpack(">H", answer[:2])[0] + 1) % 65536) + answer[2:]
        elif what == "wrong-name":
            answer = answer[:13] + bytes([answer[13] ^ 1]) + answer[14:]
        yield answer
