"""A real milter of Debian's: opendkim, that signs or verifies, on a Unix socket of the test's own.

    with Opendkim(folder, mode="s", domain="a.example") as milter: ... settings={"filters": {"milters": [milter.row()]}} ...
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time


def installed():
    return shutil.which("opendkim", path=os.environ.get("PATH", "") + ":/usr/sbin") and shutil.which("openssl")


class Opendkim:
    def __init__(self, folder, mode="s", domain="a.example", **settings):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.socket = str(self.folder / "milter.sock")
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"], check=True, capture_output=True)
        os.chmod(key, 0o600)
        self.public = "".join(subprocess.run(["openssl", "rsa", "-in", key, "-pubout"], check=True, capture_output=True, text=True).stdout.splitlines()[1:-1])
        lines = {"Syslog": "no", "Mode": mode, "Domain": domain, "Selector": "test", "KeyFile": key, "Socket": f"local:{self.socket}", "Canonicalization": "relaxed/simple", "UMask": "000",
                 "InternalHosts": "127.0.0.1,::1", "RequireSafeKeys": "no", "Background": "no", **settings}
        self.config = self.folder / "opendkim.conf"
        self.config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        self.process = None

    def row(self, options="", name="opendkim"):
        return f"{name}={self.socket} {options}".strip()

    def start(self, seconds=60):
        pathlib.Path(self.socket).unlink(missing_ok=True)
        program = shutil.which("opendkim") or "/usr/sbin/opendkim"
        self.said = open(self.folder / "opendkim.out", "a")
        self.process = subprocess.Popen([program, "-f", "-x", self.config], stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        end = time.monotonic() + seconds
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("opendkim did not start: " + (self.folder / "opendkim.out").read_text()[-2000:])
            time.sleep(0.05)
        return self

    def listens(self):
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(self.socket)
                return True
            except OSError:
                return False

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
