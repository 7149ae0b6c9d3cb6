"""A control process that stands still stops neither the supervisor nor the services: it is replaced, and an order to end the
server is obeyed without it."""
import os
import signal
import time

from harness import HANAKO, Server, alive, eventually, expect, scenario


def pids_of(server):
    return {p["name"]: p["pid"] for s in server.status()["services"] for p in s["processes"] if "pid" in p}


@scenario
def run(folder):
    with Server(folder).start() as server:
        services, control = pids_of(server), server.status()["control_pid"]
        os.kill(control, signal.SIGSTOP)
        # Each SIGHUP is a message to the control process; more come than fit unread.
        for _ in range(3000):
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.0005)
            if not alive(control):
                break
        eventually(lambda: not alive(control), "the stuck one is gone")
        found = eventually(server.status, "a successor answers", 20)
        expect(found["control_pid"] != control, "another control process")
        expect(pids_of(server) == services, "the services did not notice")
        expect(set(p["confinement"] for s in found["services"] for p in s["processes"] if "pid" in p) <= {"full", "no landlock"}, "known again")
        expect("reads nothing" in server.log_text(), "it is told")
        os.kill(services["receive"], signal.SIGKILL)
        eventually(lambda: server.status() and pids_of(server).get("receive") not in (None, services["receive"]), "receive is mended")
        server.send(subject="after", sender="stranger@b.example")
        server.wait_for_subjects(["after"])

        # One that dies while the settings file has a mistake: the successor goes by the settings last in force.
        services, control, good = pids_of(server), server.status()["control_pid"], server.config.read_text()
        server.config.write_text(good + "[smpt]\nx = 1\n")
        os.kill(control, signal.SIGKILL)
        eventually(lambda: (server.status() or {}).get("control_pid") not in (None, control), "a successor in spite of the mistake", 20)
        expect(pids_of(server) == services and server.process.poll() is None, "the services did not notice")
        server.config.write_text(good)

        # Silent, without being told anything: found out by its silence, here with the order to end under way.
        services, control = pids_of(server), server.status()["control_pid"]
        os.kill(control, signal.SIGSTOP)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: server.process.poll() is not None, "the server ended", 60)
        expect(not any(alive(pid) for pid in [*services.values(), control]), "nothing is left")
        expect("says nothing" in server.log_text(), "it is told")
        server.start()
        expect("after" in server.subjects(HANAKO), "the next start works")
