"""With a real rspamd named in [filters], what it rejects is 550 (or quarantined, or tagged, by setting), what it wants softly refused 451, its fields and its subject are in the
stored mail, and it is told who sends to whom. While it is stopped its mail is put off; in shadow it has no effect."""
import email
import signal

from harness import HANAKO, TARO, Server, Skip, eventually, expect, scenario
from peers.rspamd import ADD_HEADER, REJECT, REWRITE_SUBJECT, Rspamd, installed


def send(server, subject, body, more=""):
    """The answer to the text."""
    text = f"From: {TARO}\r\nTo: {HANAKO}\r\nSubject: {subject}\r\nDate: Sun, 22 Nov 2026 09:00:00 +0900\r\n{more}\r\n{body}\r\n"
    return server.offer(text)[-1]


def stored(server, subject):
    return email.message_from_bytes(server.stored(subject))


def what_it_says(server):
    code, _ = send(server, "clean", "How are you?", "X-Remove-Me: 1\r\nX-Stays: 1\r\nX-Remove-Me: 2\r\n")
    expect(code == 250, f"clean: {code}")
    mail = stored(server, "clean")
    expect(mail["X-Asked"].startswith("ip=127.0.0.1 helo=") and f"rcpt={HANAKO}" in mail["X-Asked"] and "queue=B" in mail["X-Asked"], f"it was told: {mail['X-Asked']}")
    expect(mail["X-Remove-Me"] is None and mail["X-Stays"] == "1" and mail["X-Spam"] is None, "its field is gone, others stay")
    expect(mail.get_payload().strip() == "How are you?", "the body is as it was")
    code, words = send(server, "spam", REJECT)
    expect(code == 550 and words.startswith("5.7.1"), f"rejected: {code} {words}")
    code, words = send(server, "come again", "x")
    expect(code == 451 and "Come again, please" in words, f"softly: {code} {words}")
    expect(send(server, "marked", ADD_HEADER, "X-Spam: No, I am not\r\n")[0] == 250, "taken with a mark")
    expect(stored(server, "marked").get_all("X-Spam") == ["Yes"], "ours alone")
    expect(send(server, "renamed", REWRITE_SUBJECT)[0] == 250, "taken with another subject")
    expect("renamed" in stored(server, "renamed")["Subject"], f"{stored(server, 'renamed')['Subject']}")
    large = "a line of a text that goes to a file\r\n" * 20_000
    expect(send(server, "large", large)[0] == 250, "large")
    expect(stored(server, "large").get_payload().rstrip() == large.rstrip() and stored(server, "large")["X-Asked"], "large: whole, and asked about")


def what_is_done_with_its_rejects(server):
    server.change_settings(filters={"rspamd_reject": "quarantine"})
    expect(send(server, "kept", REJECT)[0] == 250, "quarantine")
    entries = server.quarantined()
    expect(len(entries) == 1 and entries[0]["why"].startswith("rspamd: score"), f"{entries}")
    server.change_settings(filters={"rspamd_reject": "tag"})
    expect(send(server, "tagged", REJECT)[0] == 250 and stored(server, "tagged").get_all("X-Spam") == ["Yes"], "tag")
    server.change_settings(rules={"rspamd": "shadow"})
    expect(send(server, "shadow", REJECT)[0] == 250, "shadow")
    expect(stored(server, "shadow")["X-Spam"] is None and stored(server, "shadow")["X-Asked"] is None, "has no effect")
    server.change_settings(rules={"rspamd": "enforce"}, filters={"rspamd_reject": "refuse"})


def while_it_is_stopped(server, rspamd):
    server.change_settings(filters={"rspamd": f"127.0.0.1:{rspamd.port} timeout=2s total=4s", "rest": "1s"})
    rspamd.signal(signal.SIGSTOP)
    expect(send(server, "stopped", "x")[0] == 451, "put off")
    server.change_settings(filters={"rspamd": f"127.0.0.1:{rspamd.port} timeout=2s total=4s away=pass"})
    expect(send(server, "passed", "x")[0] == 250, "passed")
    rspamd.signal(signal.SIGCONT)
    server.change_settings(filters={"rspamd": f"127.0.0.1:{rspamd.port}"})
    eventually(lambda: send(server, "spam again", REJECT)[0] == 550, "it is asked again", 60)


@scenario
def run(folder):
    if not installed():
        raise Skip("rspamd is not installed")
    with Rspamd(folder / "rspamd") as rspamd, Server(folder, settings={"filters": {"rspamd": f"127.0.0.1:{rspamd.port}"}}) as server:
        server.start()
        what_it_says(server)
        what_is_done_with_its_rejects(server)
        while_it_is_stopped(server, rspamd)
