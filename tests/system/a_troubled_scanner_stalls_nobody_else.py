"""clamd killed, stopped (SIGSTOP), slow, restarted under load: mail that needs a scan is put off or passed with a mark, as set; who needs
no scan does not wait; nothing infected passes where the setting says refuse; nothing that was answered 250 is lost."""
import concurrent.futures
import contextlib
import signal
import smtplib
import socket
import threading
import time

from harness import HANAKO, TARO, Server, Skip, eventually, expect, scenario
from peers.clamd import EICAR, Clamd, installed

UNSCANNED = "127.0.0.9"


def send(server, subject, text="hello", source=None):
    """250, or the code of the refusal after the text. A machine that stood still may say "later" at RCPT: it comes again."""
    for _ in range(10):
        with contextlib.suppress(smtplib.SMTPRecipientsRefused):
            return send_once(server, subject, text, source)
        time.sleep(1)
    raise AssertionError("no recipient was taken")


def send_once(server, subject, text, source):
    try:
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=120, source_address=(source, 0) if source else None) as client:
            client.sendmail(TARO, [HANAKO], f"Subject: {subject}\r\n\r\n{text}\r\n")
        return 250
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code


def away(server, clamd):
    clamd.kill()
    began = time.monotonic()
    expect(send(server, "away") == 451, "put off while the scanner is away")
    expect(time.monotonic() - began < 30, "at once")
    expect(send(server, "unscanned", source=UNSCANNED) == 250, "who needs no scan passes")
    server.change_settings(scanning={"when_away": "pass"})
    expect(send(server, "marked") == 250, "passed by setting")
    server.wait_for_subjects(["marked"])
    expect(b"X-Virus-Status: Not scanned (the scanner is away)" in server.stored("marked"), "with a mark")
    server.change_settings(scanning={"when_away": "defer"})
    expect(send(server, "away again") == 451, "put off")
    told = eventually(lambda: told_of_it(server), "three in a row are told of as one trouble")
    expect(told["count"] == 1 and "over_since" not in told, f"it stands: {told}")
    expect("judges mail before it is taken" in server.cli("status"), "and an operator who looks sees it")
    expect("checker.away" in server.cli("log", "--level", "error", "--json") and "service.started" not in server.cli("log", "--level", "error", "--json"), "it is an error of the log")
    clamd.start()
    expect(send(server, "back") == 250, "it is back")
    eventually(lambda: "over_since" in (told_of_it(server) or {}), "which is told too")
    expect("over since" in server.cli("status"), "and seen")


def told_of_it(server):
    return next((one for one in (server.status() or {}).get("errors", []) if one["event"] == "checker.away" and one["last"]["text"] == "clamd"), None)


def stopped(server, clamd):
    clamd.signal(signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            waiting = [pool.submit(send, server, f"stopped {n}", EICAR if n % 2 else "hello") for n in range(12)]
            # They wait; these do not. The scans' limit is 40 s: had they waited for it, all of them would be over.
            for n in range(4):
                expect(send(server, f"beside {n}", source=UNSCANNED) == 250, "who needs no scan")
                with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as client:
                    expect(client.noop()[0] == 250, "who sends nothing")
            expect(not all(one.done() for one in waiting), "the scanner stands still")
            expect([one.result() for one in waiting] == [451] * 12, f"all put off: {[one.result() for one in waiting]}")
        expect(send(server, "still stopped") == 451, "and so is the next one")
    finally:
        clamd.signal(signal.SIGCONT)
    eventually(lambda: send(server, "awake") == 250, "it goes on by itself")


class Slow:
    """Passes everything on to clamd, its answers late."""

    def __init__(self, clamd, path, seconds):
        self.clamd, self.seconds = clamd, seconds
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = str(path)
        self.listener.bind(self.path)
        self.listener.listen(100)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            line, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line):
        with line, socket.socket(socket.AF_UNIX) as onward:
            onward.connect(self.clamd.socket)
            threading.Thread(target=self.copy, args=(line, onward), daemon=True).start()
            answer = onward.recv(4096)
            time.sleep(self.seconds)
            line.sendall(answer)

    @staticmethod
    def copy(source, to):
        try:
            while got := source.recv(65536):
                to.sendall(got)
        except OSError:
            pass


def slow(server, clamd, folder):
    server.change_settings(scanning={"clamd": Slow(clamd, folder / "slow.sock", 3).path})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(send, server, f"slow {n}", EICAR if n % 2 else "hello") for n in range(6)]
        expect(send(server, "beside the slow", source=UNSCANNED) == 250, "who needs no scan does not wait")
        expect([one.result() for one in waiting] == [250, 550] * 3, f"the slow verdict counts: {[one.result() for one in waiting]}")
    server.change_settings(scanning={"clamd": clamd.socket})


def restarted_under_load(server, clamd):
    accepted, codes, end = [], [], threading.Event()

    def load(who):
        n = 0
        while not end.is_set():
            infected = n % 3 == 0
            code = send(server, f"load {who}-{n}", EICAR if infected else "hello")
            codes.append((infected, code))
            if code == 250:
                accepted.append(f"load {who}-{n}")
            n += 1

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for who in range(6):
            pool.submit(load, who)
        for _ in range(3):
            begun = len(codes)
            eventually(lambda at=begun: len(codes) >= at + 30, "mail goes in")
            clamd.kill()
            eventually(lambda: (False, 451) in codes[-10:], "mail is put off")
            clamd.start()
        begun = len(accepted)
        eventually(lambda: len(accepted) >= begun + 10, "mail goes in again")
        end.set()
    expect(not any(infected and code == 250 for infected, code in codes), "nothing infected passed")
    expect({code for infected, code in codes if infected} <= {451, 550} and {code for infected, code in codes if not infected} <= {250, 451}, f"{set(codes)}")
    server.wait_for_subjects(accepted, seconds=60)


@scenario
def run(folder):
    if not installed():
        raise Skip("clamd is not installed")
    with Clamd(folder / "clamd") as clamd:
        settings = {"scanning": {"clamd": clamd.socket, "timeout": "40s", "unscanned_networks": [UNSCANNED], "parallel": 4}}
        with Server(folder, settings=settings) as server:
            server.start()
            expect(send(server, "infected", EICAR) == 550 and send(server, "clean") == 250, "it scans")
            away(server, clamd)
            stopped(server, clamd)
            slow(server, clamd, folder)
            restarted_under_load(server, clamd)
            infected = [s for s in server.subjects() if s.startswith(("stopped", "infected"))]
            expect(infected == [], f"nothing infected came in: {infected}")
