"""A program that a confined service runs (freshclam, clamscan, an alarm's command) has the services' user and a process number that nobody knows: it is not heard on
the control socket, nor by deliver about the queue. Root is, and so is that user's own shell."""
import json
import os
import subprocess

from harness import Server, eventually, expect, scenario

USER = 65_533

PROGRAM = """#!/usr/bin/python3
import contextlib, json, os, socket, struct
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.settimeout(30)
    server.connect({control!r})
    with contextlib.suppress(BrokenPipeError):  # refused before it asked
        server.send(bytes([2, 4]) + b"stop" + bytes([7]) + b"receive")
    _, descriptors, _, _ = socket.recv_fds(server, 2, 1)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deliver:
    deliver.settimeout(30)
    deliver.connect({queue!r})
    try:
        shown = [os.open("/proc/self/status", os.O_RDONLY)]
    except OSError:
        shown = []
    socket.send_fds(deliver, [struct.pack("<IBQB", 9, len(shown), 1, 2)], shown)
    queue = deliver.recv(65536)
answer = os.pread(descriptors[0], 65536, 0)
with open({told!r} + ".new", "w") as out:
    json.dump({{"good": answer[0] == 1, "text": answer[2:].decode(errors="replace"), "queue": queue[13:].decode(errors="replace")}}, out)
os.rename({told!r} + ".new", {told!r})
"""


@scenario
def run(folder):
    with Server(folder, accounts=False) as server:
        told = server.data / "virusdb" / "told"
        program = folder / "bin" / "freshclam"
        program.parent.mkdir()
        program.write_text(PROGRAM.format(control=str(server.data / "run" / "control.sock"), queue=str(server.data / "run" / "deliver-control.sock"), told=str(told)))
        program.chmod(0o755), program.parent.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(server.data, USER, USER)
        server.start()
        server.change_settings(virusdb={"private_mirrors": ["http://127.0.0.1:9"], "freshclam": str(program), "interval": "1h"})
        eventually(told.exists, "it asked", 30)
        answer = json.loads(told.read_text())
        expect(not answer["good"] and "may not command" in answer["text"], f"refused with a reason: {answer}")
        expect("does not hear confined processes" in answer["queue"], f"nor does deliver tell it anything: {answer}")
        expect(server.states()["receive"] == "running", "and nothing happened")
        as_them = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"] if os.geteuid() == 0 else []
        for words in (("service", "restart", "receive"), ("queue", "count"), ("queue", "delete", "--all", "--yes")):
            done = subprocess.run([*as_them, server.program, "--config", server.config, *words], capture_output=True, text=True, env={"LANG": "C", "PATH": "/usr/bin:/bin"})
            expect(done.returncode == 0, f"their own shell is heard: {words} {done.stderr}{done.stdout}")
        server.cli("queue", "count")
        server.cli("service", "stop", "receive")
        expect(server.states()["receive"] == "stopped", "and so are we")
