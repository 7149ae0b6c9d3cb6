"""A Dovecot instance of our own (IMAP and LMTP) over Maildir, with its durability as shipped (mail_fsync=optimized)."""
import os
import pathlib
import signal
import subprocess
import time

from . import net

CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 0
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{folder}/mail/%n
mail_fsync = optimized
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
}}
service anvil {{
  client_limit = 5000
}}
service auth {{
  client_limit = 5000
}}
service lmtp {{
  process_min_avail = 2
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service imap-login {{
  service_count = 0
  client_limit = 4000
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  process_limit = 4000
}}
protocol lmtp {{
  auth_username_format = %n
}}
"""


class Dovecot:
    user_password = "secret"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.imap_port, self.lmtp_port = net.free_port(), net.free_port()
        owner = __import__("pwd").getpwnam("dovecot")
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(parents=True)
        os.chmod(self.folder.parent, 0o755)
        os.chmod(self.folder, 0o755)
        os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(CONFIG.format(folder=self.folder, uid=owner.pw_uid, gid=owner.pw_gid,
                                             imap_port=self.imap_port, lmtp_port=self.lmtp_port))
        self.pid = None

    def start(self):
        # Not through a pipe: the daemon would keep it open.
        with open(self.folder / "start.log", "w+") as said:
            run = subprocess.run(["dovecot", "-c", str(self.config)], stdout=said, stderr=said)
            if run.returncode != 0:
                said.seek(0)
                raise RuntimeError("Dovecot did not start: " + said.read())
        net.wait_for_port(self.imap_port)
        net.wait_for_port(self.lmtp_port)
        written = self.folder / "run/master.pid"  # a moment after the ports are open
        while not written.exists() or not written.read_text().strip():
            time.sleep(0.02)
        self.pid = int(written.read_text())
        return self

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            while pathlib.Path(f"/proc/{self.pid}").exists():
                time.sleep(0.05)
