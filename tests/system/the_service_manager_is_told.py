"""Under systemd (Type=notify): READY when the services answer, WATCHDOG while the supervisor goes round, STATUS in words,
STOPPING at the order to end. A service that keeps failing does not keep the server from being ready."""
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import threading
import time

from harness import Server, eventually, expect, scenario


@scenario
def run(folder):
    path = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.bind(path)
        heard, heard_at = [], []

        def keep_listening():  # a socket keeps ten datagrams only, and READY comes once
            with contextlib.suppress(OSError):
                while True:
                    heard.append(ears.recv(4096).decode())
                    heard_at.append(time.monotonic())

        threading.Thread(target=keep_listening, daemon=True).start()

        os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="400000")
        server = Server(folder, accounts=False)
        with server.start():
            eventually(lambda: "READY=1\nSTATUS=Well" in heard, "READY=1")
            before = heard.count("WATCHDOG=1")
            eventually(lambda: heard.count("WATCHDOG=1") >= before + 10, "the watchdog: ten more beats")
            beats = [at for at, text in zip(heard_at, heard) if text == "WATCHDOG=1"]
            usual = statistics.median(later - earlier for earlier, later in zip(beats, beats[1:]))
            expect(usual < 0.35, f"in its time, 0.4 s, but for a machine that stands still: {usual:.2f} s")
            for pid in [server.pid, server.status()["control_pid"], *server.pids("auth").values()]:
                if pid != server.pid:
                    expect(b"NOTIFY_SOCKET" not in open(f"/proc/{pid}/environ", "rb").read(), "no child speaks for us")
            server.cli("service", "stop", "pop3")
            eventually(lambda: any("STATUS=Well; stopped: pop3" in text for text in heard), "STATUS")
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: any(text.startswith("STOPPING=1") for text in heard), "STOPPING=1")
            server.process.wait(30)
        expect(not any("READY=1" in text for text in heard[[text.startswith("STOPPING=1") for text in heard].index(True):]), "not ready again")

        # Another program has a port of ours.
        heard.clear(), heard_at.clear()
        with socket.socket() as thief:
            thief.bind(("127.0.0.1", server.smtp_port))
            thief.listen()
            server.process = subprocess.Popen([server.program, "--config", server.config, "serve"], stdin=subprocess.DEVNULL, stdout=server.said, stderr=server.said)
            eventually(lambda: any(text.startswith("READY=1\nSTATUS=Failing: receive") for text in heard), "READY=1 with a failure", 60)
        server.stop()
