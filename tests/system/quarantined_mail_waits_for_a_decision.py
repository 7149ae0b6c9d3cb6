"""on_infected = quarantine: the sender gets 250, the recipient nothing; the message is listed, shown, released (and then delivered as it
came) or deleted, with deliver running and stopped, after a kill -9 too. A full quarantine is 452, never loss; a digest tells of it."""
import subprocess

from _killing import restart
from harness import HANAKO, TARO, Server, Skip, eventually, expect, scenario
from peers.clamd import EICAR, NAME, Clamd, installed


def send(server, subject, text=EICAR, sender=TARO, to=HANAKO):
    """The answer to the text."""
    taken, answer = server.offer(f"Subject: {subject}\r\n\r\n{text}\r\n", [to], sender)
    expect(taken[0] == 250, f"{taken}")
    return answer


def listed_and_shown(server):
    expect(server.quarantined() == [], "empty at first")
    code, words = send(server, "first")
    expect(code == 250, f"{code} {words}")
    entries = server.quarantined()
    expect(len(entries) == 1 and entries[0]["id"] in words, f"the id of the 250: {words} {entries}")
    expect(entries[0]["recipients"] == [HANAKO] and entries[0]["sender"] == TARO and NAME in entries[0]["why"], f"{entries[0]}")
    expect(NAME in server.cli("quarantine", "show", entries[0]["id"]), "shown")
    whole = server.cli("quarantine", "show", "--text", entries[0]["id"])
    expect(EICAR in whole and "Subject: first" in whole, "its text")
    send(server, "large", "".join(f"line {n} of a text that goes to a file\r\n" for n in range(20_000)) + EICAR)
    expect(len(server.quarantined()) == 2 and server.quarantined("--sender", "nobody@a.example") == [] and len(server.quarantined("--why", "eicar")) == 2, "by filters")
    expect(server.subjects() == [], "nobody has it")
    return entries[0]["id"]


def kept_over_a_crash(server):
    ids = [entry["id"] for entry in server.quarantined()]
    server.process.kill()
    server.process.wait()
    restart(server)
    expect([entry["id"] for entry in server.quarantined()] == ids, "kept over kill -9")


def released(server, first):
    server.cli("service", "stop", "deliver")
    server.cli("quarantine", "release", first)
    server.cli("service", "start", "deliver")
    server.wait_for_subjects(["first"], seconds=60)
    text = server.stored("first").decode()
    expect(EICAR in text and "X-Quarantine: Released (virus" in text, "as it came, with a mark")
    again = subprocess.run([server.program, "--config", server.config, "quarantine", "release", first], capture_output=True, text=True, env={"LANG": "C"})
    expect(again.returncode == 1 and f"{first} is not in the quarantine" in again.stderr, f"a second time it is told plainly: {again}")
    eventually(lambda: "mail.delivered" in server.cli("trace", first, "--json"), "and its trace goes on to the mailbox")
    expect("None of them is meant." in server.cli("quarantine", "list", "--sender", "nobody@far.example"), "the quarantine is not empty")
    server.cli("quarantine", "release", "--recipient", HANAKO)
    server.wait_for_subjects(["first", "large"], seconds=60)
    expect("line 19999 of a text" in server.stored("large").decode() and server.quarantined() == [], "the large one too")


def deleted(server):
    send(server, "to be deleted")
    expect("ID" in server.cli("quarantine", "delete", "--help"), "help")
    refused = server.cli("quarantine", "delete", check=False)
    expect(len(server.quarantined()) == 1, f"nothing without a word: {refused}")
    server.cli("quarantine", "delete", "--all")
    expect(server.quarantined() == [], "gone")
    expect([e["text"] for e in server.events("servicelog") if e["event"] == "quarantine.changed"] == ["released as", "released as", "deleted"], "who did what is in the log")


def full(server):
    server.change_settings(quarantine={"size": "1MiB"})
    big = "".join(f"line {n} of a text that fills the quarantine\r\n" for n in range(30_000))
    expect(send(server, "fills", big + EICAR)[0] == 250, "the last one that fits")
    eventually(lambda: send(server, "one more")[0] == 452, "452 when it is full")
    expect(send(server, "clean", "hello")[0] == 250, "clean mail goes on")
    server.cli("quarantine", "delete", "--all")
    eventually(lambda: send(server, "room again")[0] == 250, "and goes on when there is room")


def digest(server):
    server.change_settings(quarantine={"digest": TARO, "digest_hour": 0})
    mails = eventually(lambda: [s for s in server.subjects(TARO) if s.startswith("Quarantine on ")], "the digest", 60)
    expect(len(mails) == 1, f"one: {mails}")


@scenario
def run(folder):
    if not installed():
        raise Skip("clamd is not installed")
    with Clamd(folder / "clamd") as clamd, Server(folder, settings={"scanning": {"clamd": clamd.socket, "on_infected": "quarantine"}}) as server:
        server.start()
        first = listed_and_shown(server)
        kept_over_a_crash(server)
        released(server, first)
        deleted(server)
        full(server)
        digest(server)
