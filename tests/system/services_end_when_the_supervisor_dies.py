"""kill -9 of the supervisor: its services finish what is open and end by themselves; the next start works, and says in the log and
by `status` that the server before it ended without saying so. A control process that is killed is told of too, one that ended in
order is not."""
import os
import signal

from harness import Server, alive, eventually, expect, scenario


@scenario
def run(folder):
    with Server(folder).start() as server:
        expect(server.status()["ended_unsaid"] == [], f"the first has nobody before it: {server.status()}")
        pids = [p["pid"] for s in server.status()["services"] for p in s["processes"] if "pid" in p]
        expect(len(pids) >= 5, f"services run: {pids}")
        server.process.kill()
        server.process.wait()
        eventually(lambda: not any(alive(pid) for pid in pids), "all services ended", 40)
        server.start()
        server.send(subject="again", sender="stranger@b.example")
        server.wait_for_subjects(["again"])
        first = unsaid(server, "server.ended", 1)
        expect(first["process"] == "server" and first["last_heard"] < first["successor_since"], first)

        told = next(line for line in server.cli("log", "--service", "supervisor").splitlines() if "ended without saying so" in line)
        expect(f"PID {first['pid']}" in told and f"since={first['last_heard'][:19]}" in told, told)

        control = server.status()["control_pid"]
        os.kill(control, signal.SIGKILL)
        eventually(lambda: (server.status() or {}).get("control_pid") not in (None, control), "a successor", 20)
        second = unsaid(server, "control.ended", 2)
        expect(second["process"] == "control-process" and second["pid"] == control and "signal 9" in second["how"], second)
        text = server.cli("status")
        expect(text.count("ended without saying so") == 2 and f"(PID {control})" in text, text)

        server.stop()
        server.start()
        expect(server.status()["ended_unsaid"] == [] and "ended without" not in server.cli("status"), "the last end was in order")


def unsaid(server, event, number):
    """The newest of so many, as status tells it and as the log does."""
    ends = eventually(lambda: len(found := (server.status() or {}).get("ended_unsaid", [])) == number and found, f"status tells of {number}")
    lines = eventually(lambda: [line for line in server.events("servicelog") if line["event"] == event], "so does the log")
    expect(len(lines) == 1 and f"PID {ends[-1]['pid']}" in lines[0]["reason"] and "since" in lines[0], lines)
    return ends[-1]


