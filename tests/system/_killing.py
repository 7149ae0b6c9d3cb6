"""kill -9 at random instants: whom, when, how the server comes back, and who owns the journals meanwhile."""
import os
import signal
import smtplib
import threading
import time

from harness import eventually, expect

# A killed service is there again at once: the next kill must find one that works.
SETTINGS = {"serve": {"restart_wait": "1s", "restart_wait_max": "1s"}}


class Load(threading.Thread):
    """Sends without end and remembers what was acknowledged, and what it had no answer for. `mail(subject)`: the arguments of sendmail."""

    def __init__(self, server, number, mail, pause=0.02):
        super().__init__(daemon=True)
        self.server, self.number, self.mail, self.pause = server, number, mail, pause
        self.acknowledged, self.unanswered, self.over, self.sent = [], [], False, 0

    def run(self):
        while not self.over:
            try:
                with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=10) as client:
                    while not self.over:
                        self.send(client)
                        time.sleep(self.pause)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)

    def send(self, client):
        self.sent += 1
        subject = f"load-{self.number}-{self.sent}"
        arguments = self.mail(subject)
        self.unanswered.append(subject)
        if not client.sendmail(*arguments):  # some recipients put off: not all of it was taken
            self.acknowledged.append(self.unanswered.pop())


def under_load(server, mail, work, threads=4, pause=0.02):
    """Runs `work()` while mail is sent. Gives the subjects acknowledged, and those sent that had no answer."""
    loads = [Load(server, number, mail, pause) for number in range(threads)]
    for load in loads:
        load.start()
    try:
        work()
    finally:
        for load in loads:
            load.over = True
    for load in loads:
        load.join(30)
    return ({subject for load in loads for subject in load.acknowledged}, {subject for load in loads for subject in load.unanswered})


def owners(server):
    """How many locks are held on each journal, by the kernel's own list."""
    by_inode = {os.stat(path).st_ino: str(path.relative_to(server.data)) for path in server.data.glob("spool/**/lock")}
    held = {name: 0 for name in by_inode.values()}
    for line in open("/proc/locks"):
        fields = line.split()
        inode = int(fields[-3].split(":")[2])
        if "->" not in fields and inode in by_inode:
            held[by_inode[inode]] += 1
    return held


def every_journal_has_its_owner(server):
    eventually(lambda: all(held == 1 for held in owners(server).values()), "every journal has its owner again")


def restart(server):
    """The old services finish and give their journals back before the new ones can have them."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            server.start(40)
            return
        except RuntimeError:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
            time.sleep(1)
    raise AssertionError("the server does not start again")


def running_pids(server, service):
    services = [one for one in (server.status() or {"services": []})["services"] if one["name"] == service and one["state"] == "running"]
    return [process["pid"] for one in services for process in one["processes"] if process.get("pid")]


def kill_service(server, service, choose=lambda pids: pids):
    """Kills what runs of it, or what `choose` takes of that: what has just ended, or is about to be started, is waited for. Gives whom."""
    def killed():
        pids = choose(running_pids(server, service))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids
    return eventually(killed, f"{service} runs and is killed", 60)


def kill_and_await(server, service):
    """Returns when its successor runs."""
    former = set(kill_service(server, service))
    eventually(lambda: (now := set(running_pids(server, service))) and not now & former, f"{service} is started again", 60)


def kill_rounds(server, chance, rounds, victims, longest=0.8):
    """Each round kills one process of `victims` ("serve": the supervisor), which was running. Gives {victim: kills}."""
    killed = {}
    for _ in range(rounds):
        time.sleep(chance.uniform(0.1, longest))
        victim = chance.choice(victims)
        if victim == "serve":
            server.process.kill()
            server.process.wait()
            restart(server)
        else:
            kill_service(server, victim, lambda pids: chance.sample(pids, min(1, len(pids))))
        killed[victim] = killed.get(victim, 0) + 1
        for journal, held in owners(server).items():
            expect(held <= 1, f"{journal} has one owner at most, not {held}")
    return killed
