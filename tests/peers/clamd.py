"""A clamd of the test's own, with a small database that knows the EICAR test string, on a Unix socket, or at `tcp` (an address and a port).

    with Clamd(folder) as clamd: ... settings={"scanning": {"clamd": clamd.socket}} ...
"""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

# In two parts, so that no scanner on a developer's machine takes this file away.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NAME = "Eicar-Test-Signature.UNOFFICIAL"  # as clamd calls what ClamAV has not signed


def ndb(name, text):
    """A pattern found anywhere in a file of any kind."""
    return f"{name}:0:*:{text.encode().hex()}\n"


def installed():
    return shutil.which("clamd") or next((p for p in ("/usr/sbin/clamd",) if os.path.exists(p)), None)


class Clamd:
    def __init__(self, folder, patterns=None, tcp=None, **settings):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.database = self.folder / "database"
        self.database.mkdir(exist_ok=True)
        (self.database / "test.ndb").write_text(patterns or ndb("Eicar-Test-Signature", EICAR))
        self.tcp = tcp
        self.socket = (f"[{tcp[0]}]:{tcp[1]}" if ":" in tcp[0] else f"{tcp[0]}:{tcp[1]}") if tcp else str(self.folder / "clamd.sock")
        listens = {"TCPAddr": tcp[0], "TCPSocket": tcp[1]} if tcp else {"LocalSocket": self.socket, "LocalSocketMode": "666", "FixStaleSocket": "yes"}
        self.config = self.folder / "clamd.conf"
        lines = {**listens, "DatabaseDirectory": self.database, "Foreground": "yes",
                 "LogFile": self.folder / "clamd.log", "LogTime": "yes", "MaxThreads": 4, "TemporaryDirectory": self.folder, "SelfCheck": 86400,
                 "User": pwd.getpwuid(os.getuid()).pw_name, **settings}
        self.config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        self.process = None

    def start(self, seconds=60):
        self.said = open(self.folder / "clamd.out", "a")
        self.process = subprocess.Popen([installed(), "--config-file", self.config], stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        end = time.monotonic() + seconds
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("clamd did not start: " + (self.folder / "clamd.out").read_text()[-2000:])
            time.sleep(0.05)
        return self

    def ask(self, command):
        with socket.create_connection(self.tcp, 10) if self.tcp else socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            if not self.tcp:
                line.connect(self.socket)
            line.sendall(b"z" + command.encode() + b"\0")
            answer = b""
            while b"\0" not in answer and (got := line.recv(4096)):
                answer += got
            return answer.rstrip(b"\0").decode()

    def answers(self):
        try:
            return self.ask("PING") == "PONG"
        except OSError:
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
