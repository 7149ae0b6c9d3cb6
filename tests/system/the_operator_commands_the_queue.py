"""Deferred mail by command, with deliver running and with deliver stopped: listed by pages and filters, summed up by
destination and age, bounced with one report, deleted, sent by another host and to another address. Nothing is done
without --yes."""
import json
import smtplib
from datetime import datetime

from harness import HANAKO, Server, eventually, expect, scenario
from peers.next_hop import NextHop


def waiting(server, *arguments):
    return json.loads(server.cli("queue", "list", "--json", *arguments))["items"]


def mail(server, number, to="far.example"):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        client.sendmail(HANAKO, [f"r{number}@{to}"], f"Subject: number {number}\r\n\r\nHello {number}\r\n")


def deferred(server, count):
    return eventually(lambda: len(found := [i for i in waiting(server) if i["state"] == "deferred"]) == count and found, f"{count} deferred")


def pages(server):
    seen, after = [], "0"
    while after:
        page = json.loads(server.cli("queue", "list", "--json", "--limit", "3", "--after", after))
        expect(len(page["items"]) <= 3, "a page is a page")
        seen += [item["recipient"] for item in page["items"]]
        after = page.get("after")
    return sorted(seen)


def look(server):
    expect(pages(server) == sorted(f"r{n}@far.example" for n in range(8)), "pages hold each once")
    expect(len(waiting(server, "--class", "connection-refused")) == 8, f"by class: {waiting(server)[0]}")
    expect(len(waiting(server, "--larger", "1MiB")) == 0 and len(waiting(server, "--younger", "1h")) == 8, "by size and age")
    shape = json.loads(server.cli("queue", "shape", "--json"))
    expect(shape["all"]["recipients"] == 8 and sum(shape["destinations"][0]["by_age"]) == 8, f"{shape}")
    one = json.loads(server.cli("queue", "destinations", "--json"))["destinations"][0]
    expect(one["recipients"] == 8 and one["attempts"] == 1 and "refused" in one["reply"].lower() and one["last_try"], f"{one}")
    expect(one["state"] == "down" and {item["next_try"] for item in waiting(server)} == {one["next_try"]}, f"all wait for one probe: {one} {waiting(server)}")
    server.cli("queue", "destinations"), server.cli("queue", "shape")
    dry = json.loads(server.cli("queue", "delete", "--all", "--json"))
    expect(dry["dry_run"] and dry["recipients"] == 8 and len(dry["sample"]) == 8, f"{dry}")
    expect(len(waiting(server)) == 8, "nothing is done without --yes")


def what_waits_for_deliver(server):
    """While it is stopped nothing is tried "now"."""
    expect("service start deliver" in server.cli("queue", "retry", "--recipient", "r7@far.example"), "the remedy")
    for command in (("queue", "list"), ("queue", "destinations"), ("queue", "show", next(item["message"] for item in waiting(server) if item["recipient"] == "r7@far.example"))):
        text = server.cli(*command)
        expect("deliver is stopped" in text and "service start deliver" in text, f"{command}: {text}")
    row = next(line for line in server.cli("queue", "list").splitlines() if "r7@far.example" in line)
    expect("  stopped  " in row and "  now  " not in row, row)
    expect(not json.loads(server.cli("queue", "list", "--json"))["deliver_runs"], "and as JSON")


def its_report_is_followed(server, mail):
    """From a mail that was given up to the report about it, and back."""
    told = json.loads(server.cli("trace", mail, "--json"))["told_by"]
    expect(len(told) == 1 and told[0]["kind"] == "report" and told[0]["parent"] == mail, f"one report: {told}")
    report = told[0]["message"]
    text = server.cli("trace", mail)
    expect(any(f"message={report}" in line and HANAKO in line for line in text.splitlines()), f"its delivery too: {text}")
    expect(json.loads(server.cli("trace", report, "--json"))["parent"] == mail, "the report names its mail")
    expect(f"hikyaku why {report}" in server.cli("why", mail) and mail in server.cli("why", report), "and why does both")


def its_time_adds_up(server, end):
    """From its acceptance to the command that ended it."""
    one = json.loads(server.cli("why", end["message"], "--json"))["recipients"][0]
    lasted = (datetime.fromisoformat(end["time"]) - datetime.fromisoformat(end["accepted_at"])).total_seconds()
    expect(abs(one["elapsed_us"] / 1e6 - lasted) < 0.1 and sum(one["spent_us"].values()) == one["elapsed_us"], f"{lasted} s: {one}")


def ends_are_told(server, by_recipient):
    """What an operator did is in the log, by whoever has the queue: deliver, or the command itself."""
    failed = {e["message"]: e for e in server.events("faillog")}
    for name, reason, service in (("r0", "deleted by operator", "deliver"), ("r1", "returned by operator", "deliver"),
                                  ("r4", "returned by operator", "operator"), ("r5", "deleted by operator", "operator")):
        end = failed[by_recipient[f"{name}@far.example"]]
        expect(end["reason"] == reason and end["by"] and end["recipient"] == f"{name}@far.example" and end["service"] == service, f"{end}")
        told = server.cli("why", end["message"])
        expect(reason in told.splitlines()[0] + told, f"why: {told}")
        its_time_adds_up(server, end)
        if reason == "returned by operator":
            its_report_is_followed(server, end["message"])
    expect("r0@far.example" in server.cli("log", "--as", "epost", "--log", "faillog"), "E-Post's faillog has it")
    commands = [e for e in server.events("servicelog") if e["event"] == "queue.changed"]
    texts = [(e["text"], e["count"]) for e in commands]
    for wanted in ((f"delete --id {by_recipient['r0@far.example']}", 1), ("bounce --recipient r4@far.example", 1), ("retry --all", 1)):
        expect(wanted in texts, f"{wanted} in {texts}")
    its_time_adds_up(server, next(e for e in server.events("outlocallog") if e["message"] == by_recipient["r3@far.example"]))
    moved = server.cli("trace", by_recipient["r3@far.example"])
    expect("new@near.example" in moved, f"redirected mail is followed: {moved}")


@scenario
def run(folder):
    settings = {"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1h", "retry_growth": "constant"}}
    with Server(folder, settings=settings) as server, NextHop() as other:
        server.start()
        hop = NextHop().start()
        hop.stop()  # its port is known now, and refuses
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        server.cli("route", "add", f"near.example,127.0.0.1,{other.port}")
        for number in range(8):
            mail(server, number)
        items = deferred(server, 8)
        look(server)
        by_recipient = {item["recipient"]: item["message"] for item in items}

        server.cli("queue", "delete", "--id", by_recipient["r0@far.example"], "--yes")
        server.cli("queue", "bounce", "--recipient", "r1@far.example", "--yes")
        eventually(lambda: len(server.subjects(HANAKO)) == 1, "one report came")
        server.cli("queue", "redirect", "--recipient", "r2@far.example", "--to-host", f"127.0.0.1:{other.port}", "--yes")
        eventually(lambda: other.recipients == ["r2@far.example"], "by the other host, at once")
        server.cli("queue", "redirect", "--recipient", "r3@far.example", "--to-address", "new@near.example", "--yes")
        eventually(lambda: sorted(other.recipients) == ["new@near.example", "r2@far.example"], "to the other address, at once")

        server.cli("service", "stop", "deliver")
        expect(len(waiting(server)) == 4, "four are left")
        what_waits_for_deliver(server)
        server.cli("queue", "bounce", "--recipient", "r4@far.example", "--yes")
        server.cli("queue", "bounce", "--recipient", "r4@far.example", "--yes")
        server.cli("queue", "delete", "--recipient", "r5@far.example", "--yes")
        expect("deliver is stopped" in server.cli("queue", "retry", "--recipient", "r7@far.example"), "nothing is tried while it is stopped")
        server.cli("queue", "redirect", "--recipient", "r6@far.example", "--to-host", f"127.0.0.1:{other.port}", "--yes")
        server.cli("queue", "destinations"), server.cli("queue", "shape")
        server.cli("service", "start", "deliver")
        eventually(lambda: len(server.subjects(HANAKO)) == 2, "the second report came, once")
        eventually(lambda: "r6@far.example" in other.recipients, "redirected while deliver was stopped")
        expect([item["recipient"] for item in deferred(server, 1)] == ["r7@far.example"], "the last one waits")
        hop.start()
        server.cli("queue", "retry", "--all")
        eventually(lambda: hop.recipients == ["r7@far.example"], "and goes by command")
        expect(sorted(other.recipients) == ["new@near.example", "r2@far.example", "r6@far.example"], f"each once: {other.recipients}")
        expect(len(server.subjects(HANAKO)) == 2, "two reports in all")
        ends_are_told(server, by_recipient)
        hop.stop()
