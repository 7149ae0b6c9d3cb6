"""Every service runs without capabilities, under seccomp and no_new_privs; started by root, as the data folder's owner."""
import os

from harness import Server, expect, scenario


def facts(pid):
    with open(f"/proc/{pid}/status") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


@scenario
def run(folder):
    server = Server(folder)
    owner = os.geteuid()
    if owner == 0:
        owner = 65_533
        for parent, folders, files in os.walk(server.data):
            os.chown(parent, owner, owner)
    with server.start():
        pids = {p["name"]: p["pid"] for s in server.status()["services"] for p in s["processes"] if "pid" in p}
        pids["control"] = server.status()["control_pid"]
        expect(len(pids) >= 6, f"services run: {pids}")
        for name, pid in pids.items():
            seen = facts(pid)
            expect(seen["Uid"].split() == [str(owner)] * 4, f"{name}: uid {seen['Uid']}")
            expect(int(seen["CapEff"], 16) == 0 and int(seen["CapPrm"], 16) == 0, f"{name}: capabilities {seen['CapEff']}")
            expect(seen["NoNewPrivs"] == "1", f"{name}: may gain privileges")
            if name != "control":
                expect(seen["Seccomp"] == "2", f"{name}: no seccomp")
        server.send(subject="unprivileged", sender="stranger@b.example")
        server.wait_for_subjects(["unprivileged"])
