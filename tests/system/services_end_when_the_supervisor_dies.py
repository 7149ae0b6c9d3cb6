"""kill -9 of the supervisor: its services finish what is open and end by themselves; the next start works."""

from harness import Server, eventually, expect, scenario


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@scenario
def run(folder):
    with Server(folder).start() as server:
        pids = [p["pid"] for s in server.status()["services"] for p in s["processes"] if "pid" in p]
        expect(len(pids) >= 5, f"services run: {pids}")
        server.process.kill()
        server.process.wait()
        eventually(lambda: not any(alive(pid) for pid in pids), "all services ended", 40)
        server.start()
        server.send(subject="again", sender="stranger@b.example")
        server.wait_for_subjects(["again"])


