"""getmail takes mail by POP3 and IMAP."""
import os
import shutil
import subprocess

from harness import HANAKO, PASSWORD, Server, expect, need, scenario, Skip


@scenario
def run(folder):
    program = shutil.which("getmail") or shutil.which("getmail6")
    if not program:
        raise Skip("getmail is not installed")
    with Server(folder).start() as server:
        server.send(subject="for getmail", sender="stranger@b.example")
        server.wait_for_subjects(["for getmail"])
        for kind, port in (("SimplePOP3SSLRetriever", server.pop3s_port), ("SimpleIMAPSSLRetriever", server.imaps_port)):
            home = folder / kind
            for part in ("cur", "new", "tmp"):
                (home / "box" / part).mkdir(parents=True)
            (home / "rc").write_text(f"[retriever]\ntype = {kind}\nserver = 127.0.0.1\nport = {port}\nusername = {HANAKO}\npassword = {PASSWORD}\n"
                                     f"[destination]\ntype = Maildir\npath = {home}/box/\n[options]\nread_all = true\ndelete = false\n")
            if os.geteuid() == 0:
                os.system(f"chown -R nobody {home} && chmod 700 {home}")
                command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", program]
            else:
                command = [program]
            done = subprocess.run([*command, "--getmaildir", home, "--rcfile", "rc"], capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "HOME": str(home)})
            expect(done.returncode == 0, f"getmail {kind}: {done.stdout}{done.stderr}")
            letters = list((home / "box" / "new").iterdir())
            expect(len(letters) == 1 and "Subject: for getmail" in letters[0].read_text(), f"one letter by {kind}: {done.stdout}")
