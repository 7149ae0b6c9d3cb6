"""A service stopped by command stays stopped when the server starts anew; status says since when and by whom."""
import contextlib
import imaplib
import os
import pwd

from harness import Server, eventually, expect, scenario


@scenario
def run(folder):
    with Server(folder).start() as server:
        server.cli("service", "stop", "receive")
        server.cli("service", "stop", "deliver")
        before = {s["name"]: s for s in server.status()["services"]}
        who = pwd.getpwuid(os.geteuid()).pw_name
        for name in ("receive", "deliver"):
            expect(before[name]["stopped_by"] == who and before[name]["stopped_since"], f"{name}: by {who}, since when: {before[name]}")
        ordered = {line["text"]: line["by"] for line in server.events("servicelog") if line["event"] == "service.ordered"}
        expect(ordered == {"service stop receive": who, "service stop deliver": who}, f"the log says who did it: {ordered}")
        expect(server.refuses(server.smtp_port), "clients are refused at once")
        expect(server.stop() == 0, "a clean end")
        server.start()
        after = {s["name"]: s for s in server.status()["services"]}
        for name in ("receive", "deliver"):
            expect(after[name]["state"] == "stopped" and after[name]["stopped_since"] == before[name]["stopped_since"], f"{name}: {after[name]}")
        expect(after["imap"]["state"] == "running", "the others run")
        expect(server.refuses(server.smtp_port), "and clients are still refused")
        server.cli("service", "start", "receive")
        expect(not server.refuses(server.smtp_port), "until it is started")
        server.cli("service", "stop", "auth")
        with contextlib.suppress(imaplib.IMAP4.error):
            server.imap()  # within its 30 s
            raise AssertionError("a login without auth")
        server.cli("service", "start", "auth")
        eventually(lambda: server.imap().logout(), "logins go on")
