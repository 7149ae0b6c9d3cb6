"""A next hop whose every reply the test chooses: an SMTP server that remembers what it was told.

    hop = NextHop(answer=lambda verb, line, session: "452 4.2.2 Full" if verb == "RCPT" else None).start()
    ... hop.port ... hop.transactions[0].recipients ...

Each transaction tells when it was accepted (`at`, monotonic) and whether the client said anything after that (`followed`);
`hop.closed` tells when each connection ended: what was accepted last on a line that then broke may come a second time.

`answer` gives the reply to a command ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END" for the end of data, ...), DROP to
cut the connection, or None for the usual reply."""
import contextlib
import dataclasses
import socket
import socketserver
import threading
import time

from . import net

DROP = object()
EXTENSIONS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES")


@dataclasses.dataclass
class Transaction:
    connection: int
    sender: str = ""
    recipients: list = dataclasses.field(default_factory=list)
    text: bytes = b""
    at: float = 0.0
    followed: bool = False


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        hop = self.server.hop
        with hop.lock:
            hop.connections += 1
            self.number = hop.connections
            hop.open.add(self.connection)
        try:
            self.talk(hop)
        except OSError:
            pass
        finally:
            hop.open.discard(self.connection)
            hop.closed[self.number] = time.monotonic()

    def say(self, verb, line, usual):
        chosen = self.server.hop.answer(verb, line, self) if self.server.hop.answer else None
        if chosen is DROP:
            self.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError
        reply = chosen or usual
        self.wfile.write(reply.encode() + b"\r\n")
        return reply

    def talk(self, hop):
        if not self.say("CONNECT", "", "220 hop.example ESMTP").startswith("2"):
            return
        mail, taken = Transaction(self.number), None
        while raw := self.rfile.readline():
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            hop.commands.append((self.number, line))
            if taken:
                taken.followed = True
            if verb == "EHLO":
                self.say(verb, line, "\r\n".join(f"250-{word}" for word in ("hop.example", *hop.extensions[:-1])) + f"\r\n250 {hop.extensions[-1]}")
            elif verb == "MAIL":
                if self.say(verb, line, "250 2.1.0 Fine").startswith("2"):
                    mail = Transaction(self.number, line[10:])
            elif verb == "RCPT":
                if self.say(verb, line, "250 2.1.5 Fine").startswith("2"):
                    mail.recipients.append(line[8:].split(">")[0].strip("<"))
            elif verb == "DATA":
                usual = "354 Go on" if mail.recipients else "554 5.5.1 No recipients"
                if not self.say(verb, line, usual).startswith("3"):
                    continue
                mail.text = self.text()
                mail.at = time.monotonic()
                if self.say("END", "", "250 2.0.0 Taken").startswith("2"):
                    taken = mail
                    hop.transactions.append(mail)
                mail = Transaction(self.number)
            elif verb == "QUIT":
                hop.open.discard(self.connection)  # before the 221: with that in hand the client may open the next one
                self.say(verb, line, "221 2.0.0 Goodbye")
                return
            else:
                self.say(verb, line, "250 2.0.0 Fine" if verb in ("RSET", "NOOP") else "500 5.5.2 What?")

    def text(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 128


class NextHop:
    def __init__(self, host="127.0.0.1", port=None, answer=None, extensions=EXTENSIONS):
        self.host, self.port, self.answer, self.extensions = host, port or net.free_port(), answer, extensions
        self.connections, self.transactions, self.commands, self.closed = 0, [], [], {}
        self.lock, self.open, self.listener = threading.Lock(), set(), None

    def start(self):
        self.listener = _Listener((self.host, self.port), _Session)
        self.listener.hop = self
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        """From now on connections are refused, open ones are cut; start() opens the same port again."""
        if self.listener:
            self.listener.shutdown()
            self.listener.server_close()
            self.listener = None
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def recipients(self):
        return sorted(recipient for mail in self.transactions for recipient in mail.recipients)
