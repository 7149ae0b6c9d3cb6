"""A changed setting is in force after a reload, a wrong one changes nothing, and no connection is lost. The file is read once for a reload."""
import json
import os
import signal
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
        what_differs_is_shown(server)
        read_once(server, good.replace('"64KiB"', '"128KiB"'))


def what_differs_is_shown(server):
    """`config show --changed`: what the file sets otherwise than the presets, and nothing else."""
    changed = {f"{one['section']}.{one['name']}": one for one in json.loads(server.cli("config", "show", "--changed", "--json"))}
    every = json.loads(server.cli("config", "show", "--json"))
    expect("64KiB" in changed["smtp.message_size"]["value"] and "64KiB" not in changed["smtp.message_size"]["preset"] and "node.data" in changed, f"{changed}")
    expect(all(one["value"] != one["preset"] for one in changed.values()) and len(every) > 100 > len(changed) == sum(one["changed"] for one in every), f"{changed}")
    text = server.cli("config", "show", "--changed")
    expect("[smtp]" in text and any(line.startswith("message_size = ") and "# preset: " in line for line in text.splitlines()), text)
    expect("presets" in server.cli("config", "show", "smtp.recipients", "--changed") and "recipients = " in server.cli("config", "show", "smtp.recipients"), "a word")


def read_once(server, text):
    """What is read once cannot be two files, as one is that an editor writes meanwhile: a pipe gives its content once."""
    server.config.unlink()
    os.mkfifo(server.config)
    os.kill(server.pid, signal.SIGHUP)
    server.config.write_text(text)  # waits for the reader
    server.config.unlink()
    server.config.write_text(text)
    eventually(lambda: b"SIZE 131072" in _features(server), "what was read is in force")
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30) as client:
        client.ehlo()
        expect(client.has_extn("starttls"), "with its certificate")
