"""What every scenario stands on: a server of its own in a temporary folder, mail in and out, and an exit status.

    from harness import scenario, Server

    @scenario
    def shows_something(folder):
        with Server(folder).start() as server: ...

Exit 0: it holds. 77: it cannot be tried here (the last line says why). Anything else: it failed."""
import contextlib
import email.message
import imaplib
import importlib
import json
import os
import pathlib
import poplib
import shutil
import smtplib
import socket
import ssl
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from peers.hikyaku import Hikyaku  # noqa: E402

DOMAIN = "a.example"
TARO, HANAKO = f"taro@{DOMAIN}", f"hanako@{DOMAIN}"
PASSWORD = "correct horse 1"
LONG = bool(os.environ.get("HIKYAKU_LONG"))


class Skip(Exception):
    """The machine or this build lacks something the scenario needs."""


def need(program):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")


class Server(Hikyaku):
    """Hikyaku with the domain a.example and two accounts, when `accounts` is true."""

    def __init__(self, folder, accounts=True, **more):
        super().__init__(pathlib.Path(folder) / "server", **more)
        self.accounts = accounts

    def states(self):
        if "this program has no such service" in self.log_text():
            raise Skip("this build lacks a service")
        return super().states()

    def start(self, seconds=60):
        super().start(seconds)
        if self.accounts:
            self.accounts = False
            self.add_domain(DOMAIN)
            for address in (TARO, HANAKO):
                self.add_account(address, PASSWORD)
        return self

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and kind is not Skip:
            print("---- what the server said\n" + self.log_text())
            with contextlib.suppress(Exception):
                print(self.cli("log", "--lines", "60", check=False))
        if self.process and self.process.poll() is None:
            self.stop()

    # ---- mail
    def smtp(self, port=None, tls=False, user=None):
        context = self.context()
        if tls == "inside":
            client = smtplib.SMTP_SSL("127.0.0.1", port or self.submissions_port, timeout=30, context=context)
        else:
            client = smtplib.SMTP("127.0.0.1", port or self.smtp_port, timeout=30)
            if tls:
                client.starttls(context=context)
        if user:
            client.login(user, PASSWORD)
        return client

    def send(self, recipient=HANAKO, sender=TARO, subject="hello", text="How are you?", **how):
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, recipient, subject
        message["Date"], message["Message-ID"] = "Sun, 22 Nov 2026 09:00:00 +0900", f"<{time.time_ns()}@client.example>"
        message.set_content(text)
        with self.smtp(**how) as client:
            client.send_message(message, sender, [recipient])
        return message

    def offer(self, text=None, recipients=(HANAKO,), sender=TARO, hello=None, client=None):
        """One transaction: what was answered to each RCPT and, if one was taken, to the text: (code, words)."""
        with contextlib.ExitStack() as end:
            client = client or end.enter_context(smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=120))
            client.ehlo(hello or "client.example")
            client.docmd(f"MAIL FROM:<{sender}>")
            answers = [client.docmd(f"RCPT TO:<{one}>") for one in recipients]
            if text is not None and any(code == 250 for code, _ in answers):
                answers.append(client.data(text))
            return [(code, words.decode()) for code, words in answers]

    def submit(self, sender, recipients, subject="hello", password=PASSWORD):
        """One message of who logged in, to whom of them is taken: the last reply (code, words), and how many that were."""
        with smtplib.SMTP_SSL("127.0.0.1", self.submissions_port, timeout=60, context=self.context()) as client:
            client.login(sender, password)
            code, words = client.docmd(f"MAIL FROM:<{sender}>")
            if code != 250:
                return code, words.decode(), 0
            taken = sum(client.docmd(f"RCPT TO:<{recipient}>")[0] == 250 for recipient in recipients)
            code, words = client.data(f"Subject: {subject}\r\n\r\nHello\r\n")
            return code, words.decode(), taken

    def imap(self, user=HANAKO):
        client = imaplib.IMAP4_SSL("127.0.0.1", self.imaps_port, ssl_context=self.context(), timeout=30)
        client.login(user, PASSWORD)
        return client

    def pop3(self, user=HANAKO):
        client = poplib.POP3_SSL("127.0.0.1", self.pop3s_port, timeout=30, context=self.context())
        client.user(user), client.pass_(PASSWORD)
        return client

    def context(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False
        return context

    def subjects(self, user=HANAKO):
        """The subjects in INBOX, by IMAP."""
        client = self.imap(user)
        try:
            client.select("INBOX", readonly=True)
            _, answer = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return [part[1].decode().split(":", 1)[1].strip() for part in answer if isinstance(part, tuple)]
        finally:
            client.logout()

    def stored(self, subject, user=HANAKO, seconds=60):
        """The octets of the newest mail in INBOX whose subject contains `subject`, once there is one."""
        def fetch():
            client = self.imap(user)
            try:
                client.select("INBOX", readonly=True)
                _, found = client.search(None, "SUBJECT", f'"{subject}"')
                return client.fetch(found[0].split()[-1], "(BODY.PEEK[])")[1][0][1] if found[0] else None
            finally:
                client.logout()
        return eventually(fetch, f"the mail {subject} of {user}", seconds)

    def quarantined(self, *options):
        return json.loads(self.cli("quarantine", "list", "--json", *options))

    def wait_for_subjects(self, wanted, user=HANAKO, seconds=30):
        return eventually(lambda: set(wanted) <= set(self.subjects(user)), f"mail {wanted} in the INBOX of {user}", seconds)

    def refuses(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return False
        except ConnectionRefusedError:
            return True


def alive(pid):
    """Whether the process runs; one that ended and is not reaped yet does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second: it was reaped between the opening and the reading
        return False


def eventually(holds, what, seconds=30):
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, imaplib.IMAP4.error, smtplib.SMTPException, json.JSONDecodeError):
            found = holds()
            if found:
                return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def scenario(function):
    """Runs the scenario when its file is the program; all of the file is read first."""
    if function.__module__ != "__main__":
        return function
    function = getattr(importlib.import_module(pathlib.Path(sys.argv[0]).stem), function.__name__)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-"))
    os.chmod(folder, 0o755)
    try:
        function(folder)
        status = 0
    except Skip as reason:
        print(reason)
        status = 77
    except Exception:
        traceback.print_exc(file=sys.stdout)
        status = 1
    finally:
        if "HIKYAKU_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)
