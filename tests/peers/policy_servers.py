"""Servers of Postfix's policy delegation protocol: Debian's postgrey and policyd-spf, and one of the test's own for actions that neither gives."""
import grp
import os
import pathlib
import pwd
import shutil
import signal
import socketserver
import subprocess
import threading

from peers.net import free_port, wait_for_port


def installed():
    return shutil.which("postgrey", path=os.environ.get("PATH", "") + ":/usr/sbin") and shutil.which("policyd-spf")


class Postgrey:
    def __init__(self, folder, delay=2):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.delay, self.process = free_port(), delay, None

    def __enter__(self):
        program = shutil.which("postgrey") or "/usr/sbin/postgrey"
        me = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        self.said = open(self.folder / "postgrey.out", "a")
        self.process = subprocess.Popen([program, f"--inet=127.0.0.1:{self.port}", f"--dbdir={self.folder}", f"--delay={self.delay}", f"--user={me[0]}", f"--group={me[1]}", f"--pidfile={self.folder}/pid",
                                         "--whitelist-clients=/dev/null", "--whitelist-recipients=/dev/null", "--hostname=test"], stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        wait_for_port(self.port, seconds=60)
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.port = self.server_address[1]
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Spawned(_Listener):
    """As Postfix's spawn(8): a process for each connection, with it as its standard input and output."""

    def __init__(self, *command):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                subprocess.run(command, stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL, check=False)

        super().__init__(("127.0.0.1", free_port()), Handler)


class Saying(_Listener):
    """Answers by the recipient's local part; keeps what it was asked."""

    def __init__(self, actions):
        asked = self.asked = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                attributes = {}
                for line in self.rfile:
                    text = line.decode().rstrip("\n")
                    if text:
                        name, _, value = text.partition("=")
                        attributes[name] = value
                        continue
                    asked.append(attributes)
                    action = actions.get(attributes["recipient"].split("@")[0], "DUNNO")
                    self.wfile.write(f"action={action}\n\n".encode())
                    attributes = {}

        super().__init__(("127.0.0.1", free_port()), Handler)
