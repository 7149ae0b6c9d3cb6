"""A DNS server of our own: NSD, authoritative for the root, so that only the test's names exist.

    with NameServer(folder, "two.example. MX 10 a.two.example.\\na.two.example. A 127.0.0.2") as dns: ... dns.address ...
"""
import pathlib
import shutil
import signal
import subprocess

from . import net

CONFIG = """\
server:
  ip-address: 127.0.0.1@{port}
  port: {port}
  username: ""
  chroot: ""
  server-count: 1
  zonesdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  database: ""
  logfile: "{folder}/nsd.log"
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone"
"""
ROOT = """\
$TTL 60
. SOA ns.root. admin.root. 1 3600 600 86400 5
. NS ns.root.
ns.root. A 127.0.0.1
"""


class NameServer:
    def __init__(self, folder, records, port=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.port = port or net.free_port()
        self.address = f"127.0.0.1@{self.port}"
        (self.folder / "nsd.conf").write_text(CONFIG.format(folder=self.folder, port=self.port))
        (self.folder / "root.zone").write_text(ROOT + records + "\n")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c", self.folder / "nsd.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            net.wait_for_port(self.port, seconds=60)
        except RuntimeError:
            self.stop()
            raise RuntimeError("NSD did not start: " + (self.folder / "nsd.log").read_text()) from None
        return self

    def publish(self, records):
        """Other records from now on; resolvers may believe the old ones for as long as the zone says."""
        self.serial = getattr(self, "serial", 1) + 1
        (self.folder / "root.zone").write_text(ROOT.replace("admin.root. 1 ", f"admin.root. {self.serial} ") + records + "\n")
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class SignedNameServer(NameServer):
    """The same under DNSSEC: `anchor` is the file to trust. `forge(signed_zone_text)` may change the zone after it was signed."""

    def __init__(self, folder, records, forge=None):
        super().__init__(folder, records)
        run = {"cwd": self.folder, "check": True, "capture_output": True, "text": True}
        keys = [subprocess.run(["dnssec-keygen", "-a", "ECDSAP256SHA256", *kind, "."], **run).stdout.strip() for kind in ([], ["-f", "KSK"])]
        subprocess.run(["dnssec-signzone", "-S", "-o", ".", "-f", "root.zone.signed", "root.zone"], **run)
        signed = (self.folder / "root.zone.signed").read_text()
        (self.folder / "root.zone").write_text(forge(signed) if forge else signed)
        self.anchor = self.folder / "anchor.key"
        self.anchor.write_text("".join(line for line in (self.folder / (keys[1] + ".key")).read_text().splitlines(True) if not line.startswith(";")))
        self.anchor.chmod(0o644)
        self.folder.chmod(0o755)
