"""A Hikyaku instance of our own: data, settings and ports in one temporary folder, services on loopback.

    server = Hikyaku(folder).start()
    server.add_domain("a.example"); server.add_account("taro@a.example", "secret")
    ... server.smtp_port, server.imap_port ...
    server.stop()
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from . import net

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTENERS = ("smtp", "submission", "submissions", "lmtp", "pop3", "pop3s", "imap", "imaps")


def binary():
    """The program under test: HIKYAKU, or the newest build."""
    if "HIKYAKU" in os.environ:
        return pathlib.Path(os.environ["HIKYAKU"])
    built = [p for p in (ROOT / "build" / preset / "apps/hikyaku/hikyaku" for preset in ("release", "debug")) if p.exists()]
    if not built:
        raise RuntimeError("no hikyaku is built: run cmake --preset release && cmake --build --preset release")
    return max(built, key=lambda p: p.stat().st_mtime)


class Hikyaku:
    """`settings`: {"section": {"name": value}} over the defaults below. `listen`: which of LISTENERS to open."""

    def __init__(self, folder, settings=None, listen=LISTENERS, name="mail.test.example", program=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder.parent, 0o755)
        os.chmod(self.folder, 0o755)
        self.data = self.folder / "data"
        self.data.mkdir(exist_ok=True)
        self.program = program or binary()
        self.name = name
        self.ports = {listener: net.free_port() for listener in listen}
        self.settings = {
            "node": {"hostname": name, "data": str(self.data)},
            "listen": {l: [f"127.0.0.1:{self.ports[l]}"] if l in self.ports else [] for l in LISTENERS},
            "auth": {"slow_failures": False},
            "smtp": {"connections_per_address": 20000},
            "spool": {"reserve": "64MiB"},
        }
        for section, values in (settings or {}).items():
            self.settings.setdefault(section, {}).update(values)
        self.config = self.folder / "hikyaku.toml"
        self._certificate()
        self._write_settings()
        self.process = None

    def listen_also(self, address, listener="smtp"):
        """Before the start: another address, in a network of the scenario's own."""
        self.settings["listen"][listener].append(address)
        self._write_settings()

    def __getattr__(self, attribute):
        if attribute.endswith("_port") and attribute[:-5] in self.__dict__.get("ports", {}):
            return self.ports[attribute[:-5]]
        raise AttributeError(attribute)

    def _certificate(self):
        tls = self.folder / "tls"
        if not tls.exists():
            tls.mkdir()
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-days", "30", "-subj", f"/CN={self.name}", "-addext",
                            f"subjectAltName=DNS:{self.name},DNS:localhost,IP:127.0.0.1",
                            "-keyout", tls / "key.pem", "-out", tls / "certificate.pem"], check=True, capture_output=True)
        self.certificate = tls / "certificate.pem"
        self.settings.setdefault("tls", {}).update(certificate=str(self.certificate), key=str(tls / "key.pem"))

    def _write_settings(self):
        lines = []
        if "profile" in self.settings:
            lines.append(f"profile = {json.dumps(self.settings['profile'])}")
        for section, values in self.settings.items():
            if isinstance(values, dict):
                lines.append(f"[{section}]")
                lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def change_settings(self, **sections):
        for section, values in sections.items():
            self.settings.setdefault(section, {}).update(values)
        self._write_settings()
        self.cli("config", "reload")

    def start(self, seconds=60):
        self.said = open(self.folder / "serve.log", "a+")
        self.process = subprocess.Popen([self.program, "--config", self.config, "serve"], stdin=subprocess.DEVNULL,
                                        stdout=self.said, stderr=self.said)
        end = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("hikyaku serve ended: " + self.log_text())
            states = self.states()
            if states and all(state in ("running", "stopped", "not configured") for state in states.values()):
                return self
            if time.monotonic() > end:
                raise RuntimeError(f"hikyaku is not ready after {seconds} s: {states}\n" + self.log_text())
            time.sleep(0.05)

    def log_text(self):
        return (self.folder / "serve.log").read_text()[-3000:]

    def cli(self, *arguments, input=None, check=True, timeout=120):
        run = subprocess.run([self.program, "--config", self.config, *map(str, arguments)], input=input, text=True,
                             capture_output=True, timeout=timeout, env={**os.environ, "LANG": "C"})
        if check and run.returncode != 0:
            raise RuntimeError(f"hikyaku {' '.join(map(str, arguments))}: {run.stderr or run.stdout}")
        return run.stdout

    def status(self):
        run = subprocess.run([self.program, "--config", self.config, "status", "--json"], text=True, capture_output=True, timeout=60)
        return json.loads(run.stdout) if run.returncode == 0 and run.stdout.strip() else None

    def states(self):
        status = self.status()
        return {service["name"]: service["state"] for service in status["services"]} if status else {}

    def pids(self, service):
        """The process ids of one service."""
        status = self.status()
        if status is None:
            raise ConnectionError("no answer to status")
        for one in status["services"]:
            if one["name"] == service:
                return {process["name"]: process.get("pid") for process in one["processes"]}
        raise KeyError(service)

    def add_domain(self, name, *options):
        self.cli("domain", "add", name, *options)

    def add_account(self, address, password="secret"):
        self.cli("account", "add", address, "--password-stdin", input=password + "\n")

    @property
    def pid(self):
        return self.process.pid

    def events(self, log):
        """Every event of one log, oldest first."""
        events = []
        for path in sorted((self.data / "log").glob(f"*/{log}/*.jsonl")):
            octets = path.read_bytes()
            events += [json.loads(line) for line in octets[:octets.rfind(b"\n") + 1].split(b"\n") if line]  # a line without an end is being written
        return sorted(events, key=lambda event: event.get("time", ""))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise RuntimeError("hikyaku did not stop within 60 s: " + self.log_text()) from None
        return self.process.returncode if self.process else None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
