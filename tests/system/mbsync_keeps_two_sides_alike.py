"""mbsync brings INBOX down, takes a flag and a new letter up, and a second run changes nothing."""
import subprocess

from harness import HANAKO, PASSWORD, Server, expect, need, scenario


@scenario
def run(folder):
    need("mbsync")
    with Server(folder).start() as server:
        for i in range(5):
            server.send(subject=f"letter {i}", sender="stranger@b.example")
        server.wait_for_subjects([f"letter {i}" for i in range(5)])
        box = folder / "box"
        box.mkdir()
        (folder / "rc").write_text(f"""IMAPAccount it
Host localhost
Port {server.imaps_port}
User {HANAKO}
Pass "{PASSWORD}"
SSLType IMAPS
CertificateFile {server.certificate}
AuthMechs LOGIN

IMAPStore far
Account it

MaildirStore near
Path {box}/
Inbox {box}/INBOX
SubFolders Verbatim

Channel both
Far :far:
Near :near:
Patterns INBOX Drafts
Create Both
Expunge Both
SyncState *
""")

        def mbsync():
            done = subprocess.run(["mbsync", "-c", folder / "rc", "-V", "both"], capture_output=True, text=True, timeout=120, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
            expect(done.returncode == 0, f"mbsync: {done.stdout}{done.stderr}")

        mbsync()
        letters = sorted(path for part in ("new", "cur") for path in (box / "INBOX" / part).iterdir())
        expect(len(letters) == 5, f"five letters came down, found {len(letters)}")
        seen = letters[0]
        target = box / "INBOX" / "cur" / (seen.name.split(":")[0] + ":2,S")
        seen.rename(target)
        (box / "INBOX" / "new" / "own.letter").write_text("From: a@b.example\nSubject: from below\n\nHello\n")
        mbsync()
        server.wait_for_subjects(["from below"])
        client = server.imap()
        client.select("INBOX")
        expect(len(client.search(None, "SEEN")[1][0].split()) >= 1, "the flag went up")
        client.logout()
        before = sorted(path.name for path in (box / "INBOX" / "cur").iterdir())
        mbsync()
        expect(before == sorted(path.name for path in (box / "INBOX" / "cur").iterdir()), "a second run changes nothing")
