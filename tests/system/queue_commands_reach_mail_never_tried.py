"""Mail before its first attempt is the operator's too: with deliver stopped, spam of a hijacked account goes from incoming by one
command, and the rest is delivered when deliver starts; with deliver running, what waits in the fresh lane behind a slow next hop is
deleted, returned and sent elsewhere. Whom an attempt is about is left alone. Everybody has one end. Destinations are chosen by the
code of their last reply, and come page by page."""
import json
import smtplib
import threading

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def waiting(server, *arguments):
    return json.loads(server.cli("queue", "list", "--json", "--limit", "1000", *arguments))["items"]


def mail(server, sender, recipients, subject):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(sender, recipients, f"Subject: {subject}\r\n\r\nHello\r\n")


def of_command(server, *arguments):
    return json.loads(server.cli("queue", *arguments, "--json"))["recipients"]


def one_command_ends_spam_while_deliver_is_stopped(server, hop, other):
    server.cli("service", "stop", "deliver")
    for number in range(30):
        mail(server, TARO, [f"victim{number}a@far.example", f"victim{number}b@far.example"], f"spam {number}")
    mail(server, HANAKO, ["good@far.example"], "good")
    mail(server, HANAKO, ["gone@far.example"], "returned")
    mail(server, HANAKO, ["elsewhere@far.example"], "elsewhere")
    mail(server, HANAKO, ["renamed@far.example"], "renamed")
    expect(len(waiting(server)) == 64, "all wait")
    dry = json.loads(server.cli("queue", "delete", "--sender", TARO, "--json"))
    expect(dry["dry_run"] and dry["recipients"] == 60 and len(dry["sample"]) == 10, f"{dry}")
    expect(len(waiting(server)) == 64, "nothing is done without --yes")
    expect(of_command(server, "delete", "--sender", TARO, "--yes") == 60, "each once")
    expect(of_command(server, "delete", "--sender", TARO, "--yes") == 0, "there is nothing left of it")
    expect(of_command(server, "bounce", "--recipient", "gone@far.example", "--yes") == 1, "returned")
    expect(of_command(server, "redirect", "--recipient", "elsewhere@far.example", "--to-host", f"127.0.0.1:{other.port}", "--yes") == 1, "once")
    expect(of_command(server, "redirect", "--recipient", "renamed@far.example", "--to-address", "new@far.example", "--yes") == 1, "renamed")
    server.cli("service", "start", "deliver")
    eventually(lambda: sorted(hop.recipients) == ["good@far.example", "new@far.example"], f"only what was not deleted: {hop.recipients}", 60)
    eventually(lambda: other.recipients == ["elsewhere@far.example"], "by the other host", 60)
    eventually(lambda: server.subjects(HANAKO) != [], "the report", 60)
    eventually(lambda: waiting(server) == [], "nothing waits", 60)


def what_waits_in_the_lane_is_taken_out_of_it(server, hop, other, gate, asked):
    del hop.transactions[:], other.transactions[:]
    gate.clear()
    asked.clear()
    mail(server, TARO, ["first@far.example"], "under way")
    expect(asked.wait(60), "its attempt is under way")
    for number in range(40):
        mail(server, TARO, [f"victim{number}@far.example"], f"spam {number}")
    for name in ("good", "gone", "elsewhere"):
        mail(server, HANAKO, [f"{name}@far.example"], name)
    mail(server, TARO, [f"inside{number}@far.example" for number in range(5)] + ["inside@near.example"], "to many")
    eventually(lambda: "inside@near.example" in other.recipients, "other destinations wait for nobody", 60)
    why = server.cli("why", waiting(server, "--recipient", "victim39@far.example")[0]["message"])
    expect("victim39@far.example" in why, f"why: {why}")
    eventually(lambda: of_command(server, "delete", "--sender", TARO) == 46, "dry: what is under way is told of too", 60)
    expect(of_command(server, "delete", "--sender", TARO, "--yes") == 45, "all but the one under way")
    expect(of_command(server, "bounce", "--recipient", "gone@far.example", "--yes") == 1, "returned")
    expect(of_command(server, "redirect", "--recipient", "elsewhere@far.example", "--to-host", f"127.0.0.1:{other.port}", "--yes") == 1, "once")
    eventually(lambda: "elsewhere@far.example" in other.recipients, "at once, by the other host", 60)
    eventually(lambda: len(waiting(server)) == 2, "one under way, one waits", 60)
    gate.set()
    eventually(lambda: sorted(hop.recipients) == ["first@far.example", "good@far.example"], f"{hop.recipients}", 60)
    eventually(lambda: waiting(server) == [], "nothing waits", 60)
    expect(sorted(other.recipients) == ["elsewhere@far.example", "inside@near.example"], f"each once: {other.recipients}")
    eventually(lambda: len(server.subjects(HANAKO)) == 2, "two reports in all", 60)


def destinations_come_by_code_and_by_pages(server):
    mail(server, HANAKO, ["later@far.example", "later@near.example"], "later")
    eventually(lambda: len([item for item in waiting(server) if item["state"] == "deferred"]) == 2, "both are deferred", 60)

    def names(*arguments):
        answer = json.loads(server.cli("queue", "destinations", "--json", *arguments))
        return [one["destination"] for one in answer["destinations"]], answer.get("after")

    both, after = names("--code", "451")
    expect(len(both) == 2 and after is None, f"{both}")
    expect(names("--code", "4.7.1")[0] == both and names("--code", "450")[0] == [], "by the exact code")
    first, after = names("--limit", "1")
    expect(first == both[:1] and after, f"a page: {first} {after}")
    expect(names("--limit", "1", "--after", after) == (both[1:], None), "and the next")
    shape = json.loads(server.cli("queue", "shape", "--json", "--limit", "1", "--after", after))
    expect([one["destination"] for one in shape["destinations"]] == both[1:] and shape["all"]["recipients"] == 2, f"{shape}")
    expect("--after" in server.cli("queue", "shape", "--limit", "1"), "it says where it goes on")
    expect(of_command(server, "delete", "--code", "4.7.1", "--yes") == 2, "commands choose by it too")


def ends_are_told(server):
    def told():
        return [(event["text"], event["count"]) for event in server.events("servicelog") if event["event"] == "queue.changed"]

    for wanted in ((f"delete --sender {TARO}", 60), (f"delete --sender {TARO}", 45), ("bounce --recipient gone@far.example", 1), ("delete --code 4.7.1", 2)):
        eventually(lambda: wanted in told(), f"{wanted} in {told()}")

    def deleted():
        return [event for event in server.events("faillog") if event.get("reason") == "deleted by operator"]

    eventually(lambda: len(deleted()) == 107, f"{len(deleted())} ends are in the log")
    expect(all(event["by"] for event in deleted()), "by whom")
    wrong = [event for event in server.events("servicelog") if event["event"] == "owner.wrong"]
    expect(wrong == [], f"everybody has one owner: {wrong}")


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]},
                "delivery": {"retry_interval": "1h", "retry_growth": "constant", "connections_per_destination": 1}}
    gate, asked = threading.Event(), threading.Event()
    gate.set()

    def answer(verb, line, session):
        if verb == "MAIL":
            asked.set()
            gate.wait(120)
        return later(verb, line, session)

    def later(verb, line, session):
        return "451 4.7.1 Not now, says 450" if verb == "RCPT" and "later" in line else None

    with Server(folder, settings=settings) as server, NextHop(answer=answer) as hop, NextHop(answer=later) as other:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        server.cli("route", "add", f"near.example,127.0.0.1,{other.port}")
        one_command_ends_spam_while_deliver_is_stopped(server, hop, other)
        what_waits_in_the_lane_is_taken_out_of_it(server, hop, other, gate, asked)
        destinations_come_by_code_and_by_pages(server)
        ends_are_told(server)
