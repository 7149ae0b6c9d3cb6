"""A changed setting is in force after a reload, a wrong one changes nothing, and no connection is lost."""
import smtplib
import subprocess

from harness import HANAKO, Server, eventually, expect, scenario


def _features(server):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        return client.ehlo()[1]


@scenario
def run(folder):
    with Server(folder).start() as server:
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as held:
            held.ehlo()
            server.change_settings(smtp={"message_size": "64KiB"})
            eventually(lambda: b"SIZE 65536" in _features(server), "the new size is announced")
            good = server.config.read_text()
            server.config.write_text(good.replace('"64KiB"', '"many"'))
            done = subprocess.run([server.program, "--config", server.config, "config", "reload"], capture_output=True, text=True)
            expect(done.returncode != 0 and "message_size" in done.stderr, f"refused with a reason: {done.stderr}")
            server.config.write_text(good)
            held.sendmail("stranger@b.example", [HANAKO], "Subject: held\r\n\r\nHello\r\n")
        server.wait_for_subjects(["held"])
