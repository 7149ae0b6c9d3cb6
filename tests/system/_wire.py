"""A socket with lines: what a client program says when it says exactly what the test wants."""
import socket


class Wire:
    def __init__(self, port, seconds=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets)

    def line(self):
        """The next line without CRLF; None at the end of the connection."""
        while b"\r\n" not in self.seen:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.seen += more
        line, self.seen = self.seen.split(b"\r\n", 1)
        return line.decode("utf-8", "replace")

    def reply(self):
        """One SMTP reply: its last line; None at the end."""
        while (line := self.line()) is not None and line[3:4] == "-":
            pass
        return line

    def ask(self, octets):
        self.send(octets if octets.endswith(b"\r\n") else octets + b"\r\n")
        return self.reply()

    def exactly(self, count):
        while len(self.seen) < count:
            more = self.socket.recv(1 << 20)
            if not more:
                raise EOFError
            self.seen += more
        octets, self.seen = self.seen[:count], self.seen[count:]
        return octets

    def until(self, mark):
        """Everything up to and including the mark."""
        start = 0
        while (at := self.seen.find(mark, start)) < 0:
            start = max(0, len(self.seen) - len(mark))
            more = self.socket.recv(1 << 20)
            if not more:
                raise EOFError
            self.seen += more
        octets, self.seen = self.seen[:at + len(mark)], self.seen[at + len(mark):]
        return octets
