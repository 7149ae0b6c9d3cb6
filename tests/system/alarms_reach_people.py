"""Thresholds on what waits: each raises one notice and clears with one, by webhook, command and syslog, in Japanese where wanted;
none goes by mail; a receiver that is down gets its notice later; a restart tells nothing twice; a stopped deliver is told too. The
command runs confined: it cannot read the server's secrets."""
import http.server
import json
import os
import smtplib
import socket
import threading

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop
from peers.net import free_port

LOCAL = ("127.0.0.5", 0)


class Receiver:
    """A real HTTP server that keeps what is posted; `fails` times it answers 503 first."""

    def __init__(self, port, fails=0):
        self.notices, self.paths, left = [], [], [fails]
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = 503 if left[0] > 0 else 204
                left[0] -= 1
                if status == 204:
                    receiver.notices.append(json.loads(body))
                    receiver.paths.append(self.path)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def mail(server, number):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=LOCAL) as client:
        client.sendmail(HANAKO, [f"r{number}@dead.example"], f"Subject: number {number}\r\n\r\nHello\r\n")


def command_in(folder):
    """Appends its words to a file in the folder it is run in, and tries what it must not do."""
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "notify"
    program.write_text("#!/bin/sh\nread json\necho \"$1|$HIKYAKU_ALARM|$HIKYAKU_CHANGE|$HIKYAKU_TEXT|$json\" >> told\n"
                       "cat \"$2\"/secrets/* \"$2\"/run/auth.sock > stolen 2> /dev/null\nexit 0\n")
    program.chmod(0o755)
    return program


@scenario
def run(folder):
    port, log_path = free_port(), str(folder / "log.sock")
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(log_path)
    os.chmod(log_path, 0o666)
    log.settimeout(0.2)
    program = command_in(folder)
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "history": {"sample_interval": "1s"}, "delivery": {"retry_interval": "1h"},
                "alarm": {"messages": 3, "silence": "0s", "incoming_age": "0s", "growth": 0, "check_interval": "1s", "webhook": f"http://127.0.0.1:{port}/hook?key=1",
                          "command": [str(program), "first", str(folder / "server/data")], "syslog": log_path, "language": "japanese"}}
    with Server(folder, settings=settings) as server, NextHop() as dead:
        server.start()
        dead.stop()
        server.cli("route", "add", f"dead.example,127.0.0.1,{dead.port}")
        tells = Tells(server, folder, log)
        for number in range(4):
            mail(server, number)
        raised_once(server, tells, port)
        cleared_once(server, tells)
        a_stopped_deliver_is_told(server, tells)
        expect(server.subjects(HANAKO) == [], "no notice goes by mail")


class Tells:
    def __init__(self, server, folder, log):
        self.told, self.stolen, self.log, self.lines = server.data / "alarm/told", server.data / "alarm/stolen", log, []

    def by_command(self):
        return self.told.read_text().splitlines() if self.told.exists() else []

    def by_syslog(self):
        while True:
            try:
                self.lines.append(self.log.recv(65536).decode())
            except TimeoutError:
                return self.lines


def raised_once(server, tells, port):
    """The webhook's receiver comes up late and is busy at first: it gets the notice all the same, once."""
    eventually(lambda: len(tells.by_command()) == 1, "the command is run", 60)
    tells.receiver = Receiver(port, fails=1)
    eventually(lambda: tells.receiver.notices, "the webhook is called again until it is taken", 120)
    notice = tells.receiver.notices[0]
    expect((notice["alarm"], notice["change"], notice["limit"]) == ("messages", "raised", 3) and notice["value"] >= 4, notice)
    expect(notice["text"].startswith("The queue holds ") and "通のメールがある" in notice["text_ja"] and notice["host"], notice)
    expect(tells.receiver.paths == ["/hook?key=1"], tells.receiver.paths)
    first = tells.by_command()[0].split("|")
    expect(first[:3] == ["first", "messages", "raised"] and "通のメールがある" in first[3] and json.loads(first[4])["alarm"] == "messages", first)
    expect(tells.stolen.read_bytes() == b"", "the command reads no secrets")
    lines = eventually(tells.by_syslog, "a line in the system's log", 30)
    expect(len(lines) == 1 and lines[0].startswith("<20>") and "hikyaku[" in lines[0] and "alarm messages raised: " in lines[0], lines)
    eventually(lambda: 'hikyaku_alarm_raised{alarm="messages"} 1' in server.cli("metrics"), "the alarm is shown", 30)
    server.cli("service", "restart", "watch")
    mail(server, 9)
    eventually(lambda: "hikyaku_queue_entries{place=\"holding\"} 5" in server.cli("metrics"), "one more waits", 60)
    expect(len(tells.by_command()) == 1 and len(tells.receiver.notices) == 1 and len(tells.by_syslog()) == 1, "nothing is told twice")


def cleared_once(server, tells):
    server.cli("queue", "delete", "--domain", "dead.example", "--yes")
    eventually(lambda: len(tells.by_command()) == 2, "the end is told by command", 60)
    eventually(lambda: len(tells.receiver.notices) == 2, "and by webhook", 60)
    expect(tells.receiver.notices[1]["change"] == "cleared" and tells.by_command()[1].split("|")[2] == "cleared", tells.by_command())
    lines = eventually(lambda: len(tells.by_syslog()) == 2 and tells.by_syslog(), "and in the system's log", 30)
    expect(lines[1].startswith("<21>") and "解消" in lines[1], lines)


def a_stopped_deliver_is_told(server, tells):
    server.change_settings(alarm={"silence": "20s"})

    def told(change):
        return any((one["alarm"], one["change"]) == ("silence", change) for one in tells.receiver.notices)

    server.cli("service", "stop", "deliver")
    eventually(lambda: told("raised"), "silence is told", 120)
    expect(not told("cleared"), tells.receiver.notices)
    server.cli("service", "start", "deliver")
    eventually(lambda: told("cleared"), "and its end", 120)
    tells.receiver.stop()
