"""curl as the client, on every port."""
import subprocess

from harness import HANAKO, PASSWORD, TARO, Server, expect, need, scenario


@scenario
def run(folder):
    need("curl")
    letter = folder / "letter"
    letter.write_bytes(b"From: %s\r\nTo: %s\r\nSubject: from curl\r\n\r\nHello\r\n" % (TARO.encode(), HANAKO.encode()))
    with Server(folder).start() as server:
        def curl(*arguments):
            done = subprocess.run(["curl", "--silent", "--show-error", "--insecure", "--max-time", "30", *arguments], capture_output=True)
            expect(done.returncode == 0, f"curl {arguments}: {done.stderr.decode()}")
            return done.stdout

        envelope = ["--mail-from", TARO, "--mail-rcpt", HANAKO, "--upload-file", str(letter), "--user", f"{TARO}:{PASSWORD}"]
        curl(f"smtps://127.0.0.1:{server.submissions_port}", *envelope)
        curl("--ssl-reqd", f"smtp://127.0.0.1:{server.submission_port}", *envelope)
        server.wait_for_subjects(["from curl"])
        user = ["--user", f"{HANAKO}:{PASSWORD}"]
        expect(b"Subject: from curl" in curl(f"imaps://127.0.0.1:{server.imaps_port}/INBOX;MAILINDEX=1", *user), "the letter by IMAPS")
        expect(b"Subject: from curl" in curl(f"pop3s://127.0.0.1:{server.pop3s_port}/1", *user), "the letter by POP3S")
        expect(b"Subject: from curl" in curl("--ssl-reqd", f"imap://127.0.0.1:{server.imap_port}/INBOX;MAILINDEX=1", *user), "by STARTTLS")
        expect(b"Subject: from curl" in curl("--ssl-reqd", f"pop3://127.0.0.1:{server.pop3_port}/1", *user), "by STLS")
        expect(b"INBOX" in curl(f"imaps://127.0.0.1:{server.imaps_port}/", *user), "the list of mailboxes")
