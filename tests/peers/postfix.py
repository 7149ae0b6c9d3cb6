"""A Postfix instance of our own: its queue, configuration and ports live in one temporary folder.

Production durability is Postfix's default (fsync before 250) and is left alone. Needs root (Postfix demands it).
"""
import os
import pathlib
import shutil
import subprocess
import time

from . import net

MASTER = """\
{listen} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - 200 smtp
relay unix - - n - 200 smtp
lmtp unix - - n - 50 lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
"""


class Postfix:
    """`settings` are main.cf lines as a dict; `hold=True` keeps every accepted message in the hold queue. A fixed port is for
    network namespaces of the test's own; `services` are more lines of master.cf."""

    def __init__(self, folder, settings=None, hold=False, host="127.0.0.1", port=None, services=""):
        self.folder = pathlib.Path(folder)
        self.host, self.port = host, port or net.free_port()
        self.config = self.folder / "etc"
        queue, data = self.folder / "queue", self.folder / "data"
        for path in (self.config, queue, data):
            path.mkdir(parents=True)
        shutil.chown(data, "postfix")
        # Postfix's own user must reach its folder through every parent.
        os.chmod(self.folder.parent, 0o755)
        os.chmod(self.folder, 0o755)
        main = {
            "compatibility_level": "3.6",
            "queue_directory": queue,
            "data_directory": data,
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "command_directory": "/usr/sbin",
            "myhostname": "postfix.example",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtpd_peername_lookup": "no",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_client_connection_rate_limit": "0",
            "default_process_limit": "200",
            "alias_maps": "",
            "alias_database": "",
            "local_recipient_maps": "",
            "maillog_file_prefixes": self.folder,
            "maillog_file": self.folder / "postfix.log",
            "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native",
        }
        if hold:
            main["smtpd_recipient_restrictions"] = "static:HOLD, permit_mynetworks, reject"
            main["smtpd_relay_restrictions"] = "permit_mynetworks, reject"
        main.update(settings or {})
        (self.config / "main.cf").write_text("".join(f"{k} = {v}\n" for k, v in main.items()))
        # Only numeric services are reachable from outside; the log daemon keeps the system's syslog out of it.
        master = MASTER.format(listen=f"{host}:{self.port}")
        master += "postlog unix-dgram n - n - 1 postlogd\n" + services
        (self.config / "master.cf").write_text(master)
        for name in ("dynamicmaps.cf", "postfix-files"):
            source = pathlib.Path("/etc/postfix") / name
            if source.exists():
                shutil.copy(source, self.config / name)
        self.pid = None

    def start(self):
        run = subprocess.run(["postfix", "-c", str(self.config), "start"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run.returncode != 0:
            raise RuntimeError("Postfix did not start: " + self._log())
        self.pid = int((self.folder / "queue/pid/master.pid").read_text())
        net.wait_for_port(self.port, self.host)
        return self

    def stop(self):
        subprocess.run(["postfix", "-c", str(self.config), "stop"], capture_output=True)
        for _ in range(50):
            if not pathlib.Path(f"/proc/{self.pid}").exists():
                return
            time.sleep(0.1)

    def discard_queue(self):
        subprocess.run(["postsuper", "-c", str(self.config), "-d", "ALL"], capture_output=True, check=True)

    def queue_ids(self):
        run = subprocess.run(["postqueue", "-c", str(self.config), "-j"], capture_output=True, text=True)
        return [line for line in run.stdout.splitlines() if line]

    def _log(self):
        log = self.folder / "postfix.log"
        return log.read_text()[-2000:] if log.exists() else "(no log)"
