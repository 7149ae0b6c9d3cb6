"""Mozilla Thunderbird, Debian's package, without a screen: a profile of its own in a folder, driven by Marionette.

    with Thunderbird(folder).start() as client:
        client.do("create_account", {...})            # a function of thunderbird_user.js, and what it answered

Marionette is the protocol of Mozilla's own tests: a TCP port of Thunderbird's, messages of JSON with their length before them."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

PROGRAM = pathlib.Path("/usr/lib/thunderbird/thunderbird")  # not Debian's wrapper: a pid of ours
USER = pathlib.Path(__file__).with_name("thunderbird_user.js")

PREFERENCES = {
    "marionette.port": 0,  # Thunderbird chooses one and writes it to the profile
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "mail.shell.checkDefaultClient": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.accounthub.enabled": False,
    "app.update.enabled": False,
    # Questions that a user answers once and for all.
    "mail.warn_on_shift_delete": False,
    "mail.warn_on_delete_from_trash": False,
    "mailnews.emptyTrash.dontAskAgain": True,
    "mailnews.confirm.moveFoldersToTrash": False,
    "mail.compose.attachment_reminder": False,
    "mail.server.default.spamLevel": 0,  # it would learn from one message marked as junk that all are
    "offline.autoDetect": False,
    "offline.send.unsent_messages": 1,
    "offline.download.download_messages": 1,
    "mail.quota.mainwindow_threshold.show": 0,
}


class Refused(Exception):
    """What Thunderbird answered instead of doing it."""


class Thunderbird:
    def __init__(self, folder, preferences=None):
        self.home = pathlib.Path(folder)
        self.profile = self.home / "profile"
        self.profile.mkdir(parents=True)
        self.process = self.line = None
        self.starts = 0
        chosen = {**PREFERENCES, **(preferences or {})}
        (self.profile / "user.js").write_text("".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in chosen.items()))

    def start(self, seconds=90):
        port = self.profile / "MarionetteActivePort"
        port.unlink(missing_ok=True)
        self.starts += 1
        self.said = open(self.home / "said", "a")
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "Asia/Tokyo", "MOZ_CRASHREPORTER_DISABLE": "1",
                       "MOZ_LOG": "IMAP:4,timestamp,sync", "MOZ_LOG_FILE": str(self.home / f"talk-{self.starts}")}
        self.process = subprocess.Popen([PROGRAM, "--headless", "--no-remote", "--profile", self.profile, "--marionette", "--remote-allow-system-access"],
                                        env=environment, stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said, start_new_session=True)
        end = time.monotonic() + seconds
        while not (port.exists() and port.read_text()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Thunderbird did not come up within {seconds} s (status {self.process.poll()}): " + self.words())
            time.sleep(0.1)
        self.line = socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=150)
        self.incoming, self.number = self.line.makefile("rb"), 0
        self._receive()  # its greeting
        self._ask("WebDriver:NewSession", capabilities={})
        self._ask("WebDriver:SetTimeouts", script=120_000)
        self._ask("Marionette:SetContext", value="chrome")
        return self

    def do(self, action, *arguments):
        """Calls a function of thunderbird_user.js, waits for its promise and returns what it gave."""
        script = (f"const [call, answer] = arguments; (async () => {{ {USER.read_text()}\nreturn await {action}(...call); }})()"
                  ".then(value => answer({value}), error => answer({error: `${error}`}));")
        found = self._ask("WebDriver:ExecuteAsyncScript", script=script, args=[arguments], sandbox="system", newSandbox=False)["value"]
        if "error" in found:
            raise Refused(f"{action}{arguments}: {found['error']}")
        return found.get("value")

    def talk(self):
        """What was said by IMAP and SMTP since the first start, as Thunderbird logged it (it leaves passwords out)."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.home.glob("talk-*")))

    def words(self):
        lines = (self.home / "said").read_text(errors="replace").splitlines()
        return "\n".join([line for line in lines if line and not re.search("Gtk-CRITICAL|GTK_IS|GDK_IS", line)][-30:])  # it misses its screen

    def close(self, seconds=60):
        """Leaves it as a user does; it writes its state to the profile."""
        if self.line:
            self._ask("Marionette:Quit", flags=["eAttemptQuit"])
            self.line.close()
            self.line = None
        self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            print("---- what Thunderbird said\n" + self.words())
            print("---- what was said on the wire\n" + "\n".join(self.talk().splitlines()[-60:]))
        if self.line:
            self.line.close()
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # a session of our own making: it and its children
            self.process.wait()

    def _ask(self, name, **parameters):
        self.number += 1
        message = json.dumps([0, self.number, name, parameters]).encode()
        self.line.sendall(b"%d:%s" % (len(message), message))
        _, _, error, answer = self._receive()
        if error:
            raise Refused(f"{name}: {error['error']}: {error['message']}")
        return answer

    def _receive(self):
        length = b""
        while not length.endswith(b":"):
            octet = self.incoming.read(1)
            if not octet:
                raise RuntimeError("Thunderbird closed the line: " + self.words())
            length += octet
        return json.loads(self.incoming.read(int(length[:-1])))
