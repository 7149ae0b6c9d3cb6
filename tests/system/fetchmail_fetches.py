"""fetchmail takes mail by POP3 and by IMAP and deletes it."""
import os
import subprocess

from harness import HANAKO, PASSWORD, Server, eventually, expect, need, scenario


@scenario
def run(folder):
    need("fetchmail")
    with Server(folder).start() as server:
        for protocol, port in (("pop3", server.pop3s_port), ("imap", server.imaps_port)):
            server.send(subject=f"for {protocol}", sender="stranger@b.example")
            server.wait_for_subjects([f"for {protocol}"])
            home = folder / protocol
            home.mkdir()
            settings = home / "fetchmailrc"
            settings.write_text(f'poll 127.0.0.1 protocol {protocol} port {port} user "{HANAKO}" password "{PASSWORD}" ssl '
                                f'sslcertfile "{server.certificate}" no sslcertck mda "cat >> {home}/mail" no keep\n')
            os.chmod(settings, 0o600)
            done = subprocess.run(["fetchmail", "-f", settings, "--nodetach", "-v"], capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "HOME": str(home), "FETCHMAILHOME": str(home)})
            expect(done.returncode == 0, f"fetchmail by {protocol}: {done.stdout}{done.stderr}")
            expect(f"Subject: for {protocol}" in (home / "mail").read_text(), f"the letter by {protocol}")
            eventually(lambda: server.subjects() == [], "an empty INBOX afterwards")
