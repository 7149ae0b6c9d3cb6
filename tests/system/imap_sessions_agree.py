"""Several IMAP sessions change one mailbox at random: what each is told stays consistent (no EXPUNGE where RFC 9051 §7.5.1
forbids it, no number without a message, no UID that changes), and in the end all agree."""
import random
import re
import socket
import threading
import time

from harness import HANAKO, LONG, PASSWORD, Server, expect, scenario

SESSIONS, SECONDS = 6, 60 if LONG else 10
BY_NUMBER = ("FETCH", "STORE", "SEARCH")


class View:
    """One session, and the mailbox as its client must believe it to be."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.stream = self.socket.makefile("rb")
        self.exists, self.uids, self.wrong, self.tag = 0, {}, [], 0
        self.stream.readline()
        self.run(f'LOGIN {HANAKO} "{PASSWORD}"')
        self.open()

    def open(self):
        self.exists, self.uids = 0, {}
        self.run("SELECT Shared")

    def response(self):
        line = self.stream.readline()
        expect(line, "the server goes on talking")
        while literal := re.search(rb"\{(\d+)\}\r\n$", line):
            line += self.stream.read(int(literal[1])) + self.stream.readline()
        return line

    def run(self, command, literal=b"", end="\r\n"):
        self.tag += 1
        tag = f"t{self.tag} ".encode()
        self.socket.sendall(tag + command.encode() + end.encode())
        while True:
            line = self.response()
            if line.startswith(b"+"):
                if command == "IDLE":
                    time.sleep(0.05)
                self.socket.sendall(literal + b"\r\n")
            elif line.startswith(tag):
                if line.split()[1] == b"BAD":
                    self.wrong.append((command, line))
                return
            else:
                self.hear(command, line)

    def hear(self, command, line):
        told = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH)", line)
        if not told:
            return
        number, what = int(told[1]), told[2]
        if what == b"EXISTS":
            fine, self.exists = number >= self.exists, number
        elif what == b"EXPUNGE":
            fine = command.split()[0] not in BY_NUMBER and 1 <= number <= self.exists
            self.exists -= 1
            self.uids = {n if n < number else n - 1: uid for n, uid in self.uids.items() if n != number}
        else:
            uid = re.search(rb"\bUID (\d+)", line)
            fine = 1 <= number <= self.exists and (not uid or self.uids.setdefault(number, int(uid[1])) == int(uid[1]))
        if not fine:
            self.wrong.append((command, self.exists, line))

    def act(self, chance):
        if self.exists == 0 or chance.random() < 0.3:
            message = f"Subject: s{chance.randint(0, 9)}\r\n\r\nbody\r\n".encode()
            return self.run(f"APPEND Shared ({chance.choice(['', chr(92) + 'Seen'])}) {{{len(message)}}}", message)
        first, last = sorted(chance.randint(1, self.exists) for _ in range(2))
        command = chance.choice([
            f"FETCH {first}:{last} (UID FLAGS)", f"FETCH {first} (UID BODY[])", "UID FETCH 1:* (FLAGS)", "SEARCH DELETED", "SEARCH BODY body",
            rf"STORE {first}:{last} +FLAGS (\Deleted)", rf"STORE {first} -FLAGS.SILENT (\Deleted)", rf"UID STORE {chance.randint(1, 200)} +FLAGS ($K)",
            "EXPUNGE", f"MOVE {first} Shared", f"COPY {first} Shared", "NOOP", "IDLE", "SELECT"])
        if command == "SELECT":
            return self.open()
        self.run(command, b"DONE" if command == "IDLE" else b"")


def work(view, seed, end, failed):
    try:
        chance = random.Random(seed)
        while time.monotonic() < end:
            view.act(chance)
    except Exception as trouble:
        failed.append(trouble)


@scenario
def run(folder):
    with Server(folder).start() as server:
        server.imap().create("Shared")
        views, failed, end = [View(server.imap_port) for _ in range(SESSIONS)], [], time.monotonic() + SECONDS
        threads = [threading.Thread(target=work, args=(view, seed, end, failed)) for seed, view in enumerate(views)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(not failed, f"every session lasted: {failed}")
        for view in views:
            view.run("NOOP")
            view.run("UID FETCH 1:* (FLAGS)")
        newcomer = View(server.imap_port)
        newcomer.run("UID FETCH 1:* (FLAGS)")
        for view in views:
            expect(not view.wrong, f"nothing wrong was told: {view.wrong[:3]}")
            expect(view.exists == newcomer.exists and view.uids == newcomer.uids, f"all agree: {view.exists} and {newcomer.exists}")
