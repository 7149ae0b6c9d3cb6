"""The time limits of [smtp], [pop3] and [imap] (idle, total_time, login_time), set to seconds while the server runs: a silent client, and
one that stays too long, is told why before its connection ends (421, * BYE; POP3 asks for silence, RFC 1939 §3, and keeps what DELE
marked). A client that speaks in time is not cut off. So are the lengths of lines, and the failed logins of SMTP."""
import base64
import contextlib
import time

from _wire import Wire
from harness import HANAKO, PASSWORD, Server, expect, scenario

LIMIT = 2  # seconds
LONG = "1h"


def says_in_time(wire, greeting, before):
    """What was not answered, if anything; the longest time between two answers; when the last words were said, if any were."""
    expect((wire.line() or "").startswith(greeting), greeting)
    slowest, answered, said = 0.0, time.monotonic(), None
    for words, answer in before:
        said = time.monotonic()
        with contextlib.suppress(OSError):  # closed meanwhile
            wire.send(words + b"\r\n")
        while (line := wire.line()) is not None and answer not in line:
            pass
        slowest, answered = max(slowest, time.monotonic() - answered), time.monotonic()
        if line is None:
            return words, slowest, said
    return None, slowest, said


def ends_with(port, greeting, says, before=(), within=60, of_all=False):
    """What the server says last to a client that says `before` and then nothing; never before the limit, which counts from its
    last words, or `of_all` from its connection. A machine that was too slow for the test to say it in time proves nothing: once more."""
    for _ in range(20):
        began = time.monotonic()
        with Wire(port, within) as wire:
            unanswered, slowest, said = says_in_time(wire, greeting, before)
            last, line = None, wire.line()
            while line is not None:
                last, line = line, wire.line()
            waited = time.monotonic() - (began if of_all or said is None else said)
        if unanswered is None:
            break
        expect(slowest > LIMIT / 2, f"port {port}: {unanswered} is answered")
    else:
        raise AssertionError(f"port {port}: this machine could not speak in time")
    expect(waited > LIMIT - 0.5, f"port {port}: closed after {waited:.1f} s, the limit is {LIMIT} s")
    if says is None:
        expect(last is None, f"nothing is said: {last}")
    else:
        expect(last is not None and last.startswith(says), f"port {port}: {last}")


def stays(port, before, words, answer):
    """A client that speaks four times in each limit is there after two of them. A machine that was too slow for the test to speak in
    time proves nothing: once more."""
    for _ in range(20):
        slowest, began, cut = 0.0, time.monotonic(), False
        with Wire(port) as wire:
            wire.line()
            for said, told in before:
                wire.send(said + b"\r\n")
                while told not in (line := wire.line() or told):
                    pass
            while not cut and time.monotonic() - began < 2 * LIMIT:
                sent = time.monotonic()
                time.sleep(LIMIT / 4)
                try:
                    wire.send(words + b"\r\n")
                    cut = not (wire.line() or "").startswith(answer)
                except OSError:
                    cut = True
                slowest = max(slowest, time.monotonic() - sent)
        if not cut:
            return
        expect(slowest > LIMIT / 2, f"port {port}: a client that spoke each {slowest:.1f} s was cut off; the limit is {LIMIT} s")
    raise AssertionError(f"port {port}: this machine could not speak in time")


def login(user):
    return [(b"a LOGIN " + user.encode() + b" \"" + PASSWORD.encode() + b"\"", "a OK")]


def smtp(server):
    hello = [(b"EHLO client.example", "250 ")]
    server.change_settings(smtp={"idle": f"{LIMIT}s", "total_time": LONG})
    ends_with(server.smtp_port, "220", "421 4.4.2")
    ends_with(server.smtp_port, "220", "421 4.4.2", hello)
    ends_with(server.smtp_port, "220", "421 4.4.2", [*hello, (b"MAIL FROM:<a@b.example>", "250 "), (b"RCPT TO:<" + HANAKO.encode() + b">", "250 "), (b"DATA", "354")])
    stays(server.smtp_port, hello, b"NOOP", "250")
    server.change_settings(smtp={"idle": LONG, "total_time": f"{LIMIT}s"})
    began = time.monotonic()
    with Wire(server.smtp_port, 60) as wire:  # it speaks all the time
        last = wire.line()
        while last is not None and not last.startswith("421"):
            time.sleep(0.1)
            try:
                wire.send(b"NOOP\r\n")
            except OSError:  # closed meanwhile: what it said before is still to be read
                pass
            last = wire.line()
        expect(last is not None and last.startswith("421 4.4.2"), f"told before the end: {last}")
        expect(time.monotonic() - began > LIMIT - 0.5, f"not before its time: {time.monotonic() - began:.1f} s")
    ends_with(server.smtp_port, "220", "421 4.4.2")
    server.change_settings(smtp={"idle": "5m", "total_time": "24h"})


def pop3(server):
    entered = [(b"USER " + HANAKO.encode(), "+OK"), (b"PASS " + PASSWORD.encode(), "+OK")]
    server.change_settings(pop3={"login_time": f"{LIMIT}s", "idle": LONG})
    ends_with(server.pop3_port, "+OK", None)
    ends_with(server.pop3_port, "+OK", None, entered[:1], of_all=True)
    server.change_settings(pop3={"login_time": "3m", "idle": f"{LIMIT}s"})
    before = server.subjects(HANAKO)
    expect(before, "there is a message to delete")
    ends_with(server.pop3_port, "+OK", None, [*entered, (b"DELE 1", "+OK")])
    expect(server.subjects(HANAKO) == before, "a session that ends so deletes nothing")
    stays(server.pop3_port, entered, b"NOOP", "+OK")


def imap(server):
    server.change_settings(imap={"login_time": f"{LIMIT}s", "idle": LONG})
    ends_with(server.imap_port, "* OK", "* BYE")
    ends_with(server.imap_port, "* OK", "* BYE", [(b"a CAPABILITY", "a OK")], of_all=True)
    server.change_settings(imap={"login_time": "3m", "idle": f"{LIMIT}s"})
    ends_with(server.imap_port, "* OK", "* BYE", login(HANAKO))
    ends_with(server.imap_port, "* OK", "* BYE", [*login(HANAKO), (b"b SELECT INBOX", "b OK"), (b"c IDLE", "+ ")])
    stays(server.imap_port, login(HANAKO), b"n NOOP", "n OK")


def lengths_and_logins(server):
    def after(ask, count=1):
        with Wire(server.submission_port) as wire:
            wire.line(), wire.ask(b"EHLO client.example")
            return [(wire.ask(ask) or "closed")[:3] for _ in range(count)]

    def is_too_long(command, octets):
        """Whether a command of so many octets, CRLF included, is called too long; what else is wrong with it has other codes."""
        return after(command + b"x" * (octets - 2 - len(command))) == ["500"]

    def limits(command, octets):
        expect(not is_too_long(command, octets) and is_too_long(command, octets + 1), f"{command} may have {octets} octets")

    commands = (b"NOOP ", b"MAIL FROM:<a@b.example> X=", b"AUTH PLAIN ")
    for command, octets in zip(commands, (512, 2048, 12288)):
        limits(command, octets)
    wrong = b"AUTH PLAIN " + base64.b64encode(b"\0" + HANAKO.encode() + b"\0wrong")
    expect(after(wrong, 4) == ["535", "535", "421", "clo"], "the third failed login is the last")
    server.change_settings(smtp={"command_line": "1000B", "parameter_line": "3000B", "auth_line": "13000B", "failed_logins": 1})
    for command, octets in zip(commands, (1000, 3000, 13000)):
        limits(command, octets)
    expect(after(wrong, 2) == ["421", "clo"], "the first failed login is the last")


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        server.send(subject="stays", sender="stranger@b.example")
        server.wait_for_subjects(["stays"])
        lengths_and_logins(server)
        smtp(server)
        pop3(server)
        imap(server)
