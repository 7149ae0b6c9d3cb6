"""./run in the foreground: Ctrl-C stops every process, whenever it comes, and the next ./run starts; so does a closed terminal.
--detach leaves the server running, --stop ends it. Under a Japanese locale it speaks Japanese."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from harness import alive, eventually, expect, scenario
from peers import net
from peers.hikyaku import ROOT, binary

OFFSETS = (525, 587, 465, 424, 110, 995, 143, 993)


class Demo:
    def __init__(self, folder, user):
        self.var, self.user = folder / "var", user
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C", "HOME": str(folder), "HIKYAKU": str(binary()),
                            "HIKYAKU_VAR": str(self.var), "HIKYAKU_PORT_BASE": str(net.free_base(OFFSETS))}

    def start(self, *arguments):
        """In a session of its own, as a terminal has it."""
        self.output = open(self.var.parent / "output", "w+")
        # A test started in the background, or under nohup, ignores Ctrl-C or the closed terminal, and so would what it starts.
        heeds = lambda: [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)]
        return subprocess.Popen([ROOT / "run", *arguments], preexec_fn=heeds, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.output,
                                stderr=self.output, start_new_session=True, **self.user)

    def said(self):
        return (self.var.parent / "output").read_text()

    def processes(self):
        """Everything that runs with the demo's folder or on its behalf."""
        found = []
        for status in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                pid = int(status.parent.name)
                environment = (status.parent / "environ").read_bytes() if os.geteuid() == 0 else b""
                if str(self.var).encode() in status.read_bytes() + environment and pid != os.getpid():
                    found.append(pid)
        for pid in re.findall(r"\d+", (re.findall(r'PIDS="(.*)"', self.env_text()) or [""])[0]):
            if alive(pid):
                found.append(int(pid))
        return found

    def env_text(self):
        path = self.var / "demo.env"
        return path.read_text() if path.exists() else ""

    def interrupt(self, run, number, what):
        os.killpg(run.pid, number)
        try:
            run.wait(40)
        except subprocess.TimeoutExpired:
            # Before bash had set its traps; a person presses again.
            os.killpg(run.pid, number)
            run.wait(40)
        eventually(lambda: not self.processes(), f"{what}: nothing is left", 40)


def speaks_japanese(demo):
    demo.environment["LANG"] = "ja_JP.UTF-8"
    started = demo.start("--detach")
    expect(started.wait(60) == 0, demo.said())
    card = demo.said()
    commands = ("swaks", "curl", "hikyaku")
    told = [line for line in card.splitlines() if line and not any(word in line for word in commands)]
    expect(len(told) >= 6 and "Hikyaku が動いている。" in card and "パスワード" in card, card)
    expect(not any(line.isascii() and "POP3" not in line for line in told) and all(f" {word}" in card for word in commands[:2]), f"all but commands and ports: {told}")
    subprocess.run([demo.var / "hikyaku", "service", "stop", "imap"], check=True, capture_output=True, timeout=60, **demo.user)
    again = demo.start("--detach")
    expect(again.wait(60) == 0 and "起動し直す" in demo.said() and "imap: 20" in demo.said() and "service start imap" in demo.said(), f"what stays stopped: {demo.said()}")
    for words in ("停止した。", "ここでは何も動いていない。"):
        stop = demo.start("--stop")
        expect(stop.wait(60) == 0 and demo.said().strip() == words, f"{words}: {demo.said()}")
    wrong = demo.start("--nope")
    expect(wrong.wait(60) != 0 and "という指定はない" in demo.said() and "--nope" in demo.said(), demo.said())
    demo.environment["LC_ALL"] = "C"  # goes before LANG
    stop = demo.start("--stop")
    expect(stop.wait(60) == 0 and demo.said().strip() == "Nothing runs here.", demo.said())
    del demo.environment["LC_ALL"]
    demo.environment["LANG"] = "C"


def whom(folder):
    """Root tries as somebody else, so that no user is made and nothing changes hands."""
    if os.geteuid() != 0:
        return {}
    os.chown(folder, 65_533, 65_533)
    somebody = {"user": 65_533, "group": 65_533, "extra_groups": []}
    reached = subprocess.run(["test", "-x", ROOT / "run", "-a", "-x", binary()], **somebody).returncode == 0
    return somebody if reached else {}


@scenario
def run(folder):
    demo = Demo(folder, whom(folder))

    first = demo.start()
    eventually(lambda: "The log follows" in demo.said() or first.poll() is not None, "the first start", 90)
    expect(first.poll() is None, demo.said())
    expect(len(demo.processes()) > 8, "the services run")
    demo.interrupt(first, signal.SIGINT, "Ctrl-C")
    expect(first.returncode == 0 and "Stopped." in demo.said(), f"a clean end: {first.returncode} {demo.said()}")

    # While it is starting, at several instants.
    for wait in (0.1, 0.15, 0.25, 0.35, 0.5, 0.7, 0.8, 0.9):
        again = demo.start()
        time.sleep(wait)
        demo.interrupt(again, signal.SIGINT, f"Ctrl-C after {wait} s")
        expect(again.returncode in (0, 130, -signal.SIGINT), f"an end while starting: {again.returncode} {demo.said()}")

    # Twice in a row, by an impatient hand; then a terminal that is closed.
    second = demo.start()
    eventually(lambda: "The log follows" in demo.said() or second.poll() is not None, "the next start", 60)
    os.killpg(second.pid, signal.SIGINT)
    time.sleep(0.05)
    demo.interrupt(second, signal.SIGINT, "Ctrl-C twice")
    expect("Stopped." in demo.said(), demo.said())
    third = demo.start()
    eventually(lambda: "The log follows" in demo.said() or third.poll() is not None, "the third start", 60)
    demo.interrupt(third, signal.SIGHUP, "a closed terminal")

    detached = demo.start("--detach")
    expect(detached.wait(60) == 0 and len(demo.processes()) > 6, f"--detach: {demo.said()}")
    subprocess.run([demo.var / "hikyaku", "service", "stop", "imap"], check=True, capture_output=True, timeout=60, **demo.user)
    again = demo.start("--detach")
    expect(again.wait(60) == 0 and "started anew" in demo.said(), f"a second --detach says what it does: {demo.said()}")
    expect("imap: stopped since 20" in demo.said() and "service start imap" in demo.said(), f"what stays stopped: {demo.said()}")
    stop = demo.start("--stop")
    expect(stop.wait(60) == 0 and "Stopped." in demo.said(), f"--stop: {demo.said()}")
    eventually(lambda: not demo.processes(), "--stop: nothing is left", 40)

    speaks_japanese(demo)

    good = demo.environment["HIKYAKU_PORT_BASE"]
    for wrong in ("x", "-1", "0", "08", "64511", "2000 3000", "a[$(id)]"):
        demo.environment["HIKYAKU_PORT_BASE"] = wrong
        refused = demo.start("--detach")
        expect(refused.wait(60) == 1 and f'HIKYAKU_PORT_BASE is "{wrong}"' in demo.said() and len(demo.said().splitlines()) == 1, f"a base that is none: {demo.said()}")
    demo.environment["HIKYAKU_PORT_BASE"] = good

    with socket.create_server(("0.0.0.0", int(demo.environment["HIKYAKU_PORT_BASE"]) + 525)):
        taken = demo.start("--detach")
        expect(taken.wait(90) != 0 and "HIKYAKU_PORT_BASE=" in demo.said(), f"a port that is taken: {demo.said()}")
    eventually(lambda: not demo.processes(), "after a failure nothing is left", 40)
