"""log.level = trace writes the talk of SMTP and the commands of IMAP and POP3, and no password in any form."""
import base64
import contextlib
import imaplib
import poplib
import smtplib

from harness import HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

WRONG = "hunter2 hunter2"


def forms(password, *users):
    yield password
    yield base64.b64encode(password.encode()).decode()
    for user in users:
        yield base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def talk_smtp(server):
    client = server.smtp(server.submission_port, tls=True)
    for password in (WRONG, PASSWORD):
        for mechanism in ("PLAIN", "LOGIN"):
            with contextlib.suppress(smtplib.SMTPException):
                client.user, client.password = TARO, password
                client.ehlo()
                client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"), initial_response_ok=mechanism == "PLAIN")
    client.docmd(base64.b64encode(PASSWORD.encode()).decode())  # an answer to a challenge that never came
    client.sendmail(TARO, [HANAKO], "Subject: secret subject\r\n\r\nsecret text\r\n")
    client.quit()


def talk_imap(server):
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=30)
    with contextlib.suppress(imaplib.IMAP4.error):
        client.login(HANAKO, WRONG)
    client.login(HANAKO, PASSWORD)
    client.select("INBOX")
    client.uid("SEARCH", "SUBJECT", '"secret subject"')
    with contextlib.suppress(imaplib.IMAP4.error):
        client._simple_command("NOOP", PASSWORD)
    client.logout()


def talk_pop3(server):
    client = poplib.POP3("127.0.0.1", server.pop3_port, timeout=30)
    with contextlib.suppress(poplib.error_proto):
        client.user(HANAKO), client.pass_(WRONG)
    client.user(HANAKO), client.pass_(PASSWORD)
    with contextlib.suppress(poplib.error_proto):
        client.pass_(PASSWORD)
    client.uidl()
    client.quit()


def written(server, log, event, field, last):
    """That field of every such event, once the last one is there."""
    def look():
        values = [e[field] for e in server.events(log) if e["event"] == event and field in e]
        return last in values and values
    return eventually(look, f"{event} {last!r} is in {log}")


@scenario
def run(folder):
    with Server(folder, settings={"log": {"level": "trace"}}).start() as server:
        talk_smtp(server)
        server.wait_for_subjects(["secret subject"])
        talk_imap(server)
        talk_pop3(server)
        said = written(server, "receivelog", "receive.said", "text", "C: quit")
        for line in ("C: AUTH PLAIN (response)", "C: AUTH LOGIN", "S: 334 (challenge)", "C: (response)", "C: (no command)",
                     f"C: rcpt TO:<{HANAKO}>"):
            expect(line in said, f"{line!r} is in the log: {said}")
        expect(any(line.startswith("S: 235 ") for line in said), "the reply to the login too")
        # Every session ends with a LOGOUT: what tells that this one is written is its own commands.
        replies = lambda: [(e["command"], e["reply"]) for e in server.events("imap4log") if e["event"] == "imap.command"]
        eventually(lambda: ("UID SEARCH", "OK Done") in replies(), "UID SEARCH and its answer are written")
        eventually(lambda: any(command == "NOOP" and reply.startswith("BAD ") for command, reply in replies()), "a wrong command too")
        verbs = written(server, "pop3log", "pop3.command", "command", "QUIT")
        expect("UIDL" in verbs and not any("PASS" in verb for verb in verbs), f"UIDL is written, and PASS is not: {verbs}")
        with NextHop() as hop:
            server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
            server.send("friend@far.example", user=TARO, port=server.submission_port, tls=True, text="secret text")
            said = written(server, "senderlog", "sender.said", "text", "C: QUIT")
            expect("C: RCPT TO:<friend@far.example>" in [line.split(" NOTIFY")[0].split(" ORCPT")[0] for line in said], f"what we say to others: {said}")
            expect(any(line.startswith("S: 220") for line in said), f"and what they answer: {said}")
        server.stop()
        logs = [path for path in (server.data / "log").rglob("*.jsonl")]
        expect(logs, "there are logs")
        for path in logs:
            text = path.read_text()
            for password in (PASSWORD, WRONG):
                for form in forms(password, TARO, HANAKO):
                    expect(form not in text, f"{path.name} holds no password: {form}")
            expect("secret text" not in text, f"{path.name} holds no text of a message")
