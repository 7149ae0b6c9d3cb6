"""offlineimap copies an account to Maildir and carries changes both ways: a new letter, a flag, a deletion, a Japanese folder."""
import mailbox
import subprocess

from harness import HANAKO, PASSWORD, Server, expect, need, scenario


@scenario
def run(folder):
    need("offlineimap")
    with Server(folder).start() as server:
        for number in range(3):
            server.send(subject=f"letter {number}")
        server.wait_for_subjects([f"letter {n}" for n in range(3)])
        client = server.imap()
        client.create("&ZeVnLIqe-/x")
        client.append("&ZeVnLIqe-/x", r"(\Flagged)", None, b"Subject: in a folder\r\n\r\nText\r\n")
        (folder / "rc").write_text(f"""[general]
accounts = A
metadata = {folder}/state
[Account A]
localrepository = Here
remoterepository = There
[Repository Here]
type = Maildir
localfolders = {folder}/mail
[Repository There]
type = IMAP
remotehost = localhost
remoteport = {server.imaps_port}
remoteuser = {HANAKO}
remotepass = {PASSWORD}
ssl = yes
sslcacertfile = {server.certificate}
""")

        def synchronise():
            done = subprocess.run(["offlineimap", "-c", folder / "rc", "-o", "-u", "basic"], capture_output=True, text=True, timeout=120)
            expect(done.returncode == 0, f"offlineimap is content: {done.stdout}{done.stderr}")

        synchronise()
        here = mailbox.Maildir(folder / "mail/INBOX", create=False)
        expect(sorted(letter["Subject"].strip() for letter in here) == [f"letter {n}" for n in range(3)], "INBOX is here")
        folders = sorted(path.name for path in (folder / "mail").iterdir())
        expect(any("&ZeVnLIqe-" in name for name in folders), f"the Japanese folder too: {folders}")
        for key, letter in list(here.items()):
            if letter["Subject"].strip() == "letter 0":
                letter.set_subdir("cur"), letter.set_flags("FS")
                here[key] = letter
            if letter["Subject"].strip() == "letter 1":
                here.remove(key)
        new = mailbox.MaildirMessage(b"Subject: made here\n\nText\n")
        here.add(new)
        synchronise()
        synchronise()
        client.select("INBOX")
        flagged = client.search(None, "FLAGGED", "SEEN", "SUBJECT", '"letter 0"')[1][0].split()
        expect(len(flagged) == 1, "the flags are there")
        expect(client.search(None, "UNDELETED", "SUBJECT", '"letter 1"')[1][0] == b"", "the deletion too")
        expect(client.search(None, "SUBJECT", '"made here"')[1][0] != b"", "and the new letter")
        client.logout()
