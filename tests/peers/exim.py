"""A real Exim as a client, in a folder of its own: no daemon, its own queue and configuration.

    exim = Exim(folder, port); exim.send(sender, recipients, text); exim.log()

Debian's exim4-daemon-light cannot be installed beside Postfix, so where no exim4 is installed its package is fetched (apt-get download) and unpacked beside the folder. Its
user is made up in a mount namespace that only the started exim sees. Needs root.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess

CONFIG = """\
primary_hostname = exim.example
spool_directory = {spool}
exim_path = {program}
log_file_path = {spool}/%slog
keep_environment =
host_lookup =
rfc1413_hosts =
chunking_advertise_hosts =
log_selector = +smtp_confirmation
{more}
begin routers
all:
  driver = manualroute
  transport = remote
  route_list = * 127.0.0.1
  self = send
begin transports
remote:
  driver = smtp
  port = {port}
  allow_localhost
  hosts_try_prdr = *
  hosts_avoid_tls = *
{remote}
"""


def _program(folder):
    """Nothing: there is none to be had."""
    for found in (os.environ.get("EXIM4"), shutil.which("exim4", path=os.environ.get("PATH", "") + ":/usr/sbin")):
        if found:
            return found
    if not list(folder.glob("exim4-daemon-light*.deb")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["apt-get", "download", "exim4-daemon-light"], cwd=folder, capture_output=True, timeout=120)
    packages = list(folder.glob("exim4-daemon-light*.deb"))
    if not packages or subprocess.run(["dpkg", "-x", packages[0], folder / "unpacked"], capture_output=True).returncode != 0:
        return None
    program = folder / "unpacked" / "usr" / "sbin" / "exim4"
    return program if program.exists() else None


class Exim:
    def __init__(self, folder, port, more="", remote=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        os.chmod(self.folder.parent, 0o755)
        os.chmod(self.folder, 0o755)
        self.program = _program(self.folder.parent)
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        for name, line in (("passwd", "Debian-exim:x:65534:65534::/nonexistent:/usr/sbin/nologin"), ("group", "Debian-exim:x:65534:")):
            rows = [row for row in pathlib.Path("/etc", name).read_text().splitlines() if not row.startswith("Debian-exim:")]
            (self.folder / name).write_text("\n".join(rows + [line]) + "\n")
        os.chown(self.spool, 65534, 65534)
        self.config = self.folder / "exim.conf"
        self.config.write_text(CONFIG.format(spool=self.spool, program=self.program, port=port, more=more, remote=remote))

    def run(self, *arguments, text=""):
        mounts = " && ".join(f"mount --bind {self.folder}/{name} /etc/{name}" for name in ("passwd", "group"))
        command = ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh", str(self.program), "-C", str(self.config), *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)

    def speaks_prdr(self):
        return self.program is not None and os.geteuid() == 0 and " PRDR" in self.run("-bV").stdout

    def send(self, sender, recipients, text):
        """One delivery, and those of the bounces it makes."""
        done = self.run("-odi", "-f", sender, *recipients, text=text)
        assert done.returncode == 0, done.stdout + done.stderr

    def log(self):
        main = self.spool / "mainlog"
        return main.read_text() if main.exists() else ""
