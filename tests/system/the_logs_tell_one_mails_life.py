"""One trace id runs through acceptlog, inlog and outlocallog; E-Post's layouts, residence and days come out of them.
Each service has a folder of its own; what an older version wrote into folders shared by all is still read. A start repeats
no delivery's line; mail that becomes new mails and those name each other; who changed the directory and who tried to log in
is told, and no password."""
import contextlib
import datetime
import imaplib
import json
import os
import re
import shutil
import subprocess

from harness import HANAKO, TARO, Server, eventually, expect, scenario

BOTH = "both@a.example"


@scenario
def run(folder):
    with Server(folder).start() as server:
        server.send(subject="trace me", sender="stranger@b.example")
        server.wait_for_subjects(["trace me"])
        accepted = eventually(lambda: [e for e in server.events("inlog") if e["event"] == "mail.accepted"], "mail.accepted in inlog")[0]
        trace = accepted["message"]
        expect(re.fullmatch(r"B[0-9A-Z]{26}", trace), f"the id looks like one: {trace}")
        expect(accepted["sender"] == "stranger@b.example" and accepted["client"] == "127.0.0.1", f"fields: {accepted}")
        delivered = eventually(lambda: [e for e in server.events("outlocallog") if e.get("message") == trace], "the same id in outlocallog")[0]
        expect(delivered["recipient"] == HANAKO, f"fields: {delivered}")
        eventually(lambda: any(e["event"] == "connection.opened" for e in server.events("acceptlog")), "acceptlog")
        for path in (server.data / "log").glob("*/*/*.jsonl"):
            expect(path.name.split(".")[1] == path.parts[-3], f"a service writes into its own folder: {path}")
        all_of_them(server, trace, 1, 1)
        who_may_not_read_is_told_so(server, trace)
        a_start_repeats_nothing(server, trace)
        all_of_them(server, trace, 2, 2)
        copies_name_their_mail(server)
        all_of_them(server, trace, 3, 4)
        logins_tell_names_and_no_passwords(server)
        # The former layout: the folders of the logs, shared by all services.
        for path in list((server.data / "log").glob("*/*/*.jsonl")):
            former = server.data / "log" / path.parts[-2] / path.name
            former.parent.mkdir(exist_ok=True)
            shutil.move(path, former)
        all_of_them(server, trace, 3, 4)


def who_may_not_read_is_told_so(server, trace):
    """Nothing that can be mistaken for an answer, one error with its remedy."""
    if os.getuid() != 0:
        return
    for command in (("log",), ("log", "residence"), ("log", "days"), ("queue", "history"), ("trace", trace), ("why", "a.example"), ("why", trace)):
        done = subprocess.run([server.program, "--config", server.config, *command], user=65534, group=65534, extra_groups=[], cwd="/", capture_output=True, text=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C"})
        expect((done.returncode, done.stdout) == (1, "") and done.stderr.count("\n") == 1 and "Permission denied" in done.stderr and "as root or as the user" in done.stderr, f"{command}: {done}")


def all_of_them(server, trace, mails, copies):
    """Everything that is read out of the logs."""
    lines = server.cli("log", "--as", "epost", "--log", "inlog").splitlines()
    expect(re.fullmatch(rf"<{trace}@\S+> \[\d\d/\w{{3}}/\d{{4}}:\d\d:\d\d:\d\d\]  127\.0\.0\.1 \S+ stranger@b\.example {HANAKO}", lines[0]), f"E-Post's inlog: {lines}")
    expect(trace in server.cli("log", "--message", trace), "hikyaku log --message")
    for option, value, there in (("--since", "90m", True), ("--since", "-90m", True), ("--since", "7d", True), ("--since", "0s", False), ("--until", "now", True), ("--until", "90m", False),
                                 ("--since", datetime.date.today().isoformat(), True), ("--until", datetime.date.today().isoformat(), True), ("--day", datetime.date.today().isoformat(), True)):
        expect((trace in server.cli("log", option, value)) == there, f"hikyaku log {option} {value}")
    expect(json.loads(server.cli("log", "residence", "--since", "2h", "--json")) and not json.loads(server.cli("log", "residence", "--since", "0s", "--json")), "residence takes the same")
    expect(server.cli("log", "lost", "--since", "2h") and "[]" in server.cli("log", "lost", "--since", "7d", "--json"), "log lost too")
    for about in (trace, "stranger@b.example", "mail.accepted"):
        expect(trace in server.cli("log", "--about", about), f"hikyaku log --about {about}")
    for about in ("original_recipient", "client_port"):
        expect(server.cli("log", "--about", about) == "", f"the name of a value is nothing that happened: {about}")
    life = [event["event"] for event in json.loads(server.cli("trace", trace, "--json"))["events"]]
    expect(life.index("mail.accepted") < life.index("transaction.ok") < life.index("mail.delivered"), f"a life in its order: {life}")
    expect(trace in server.cli("trace", trace), "hikyaku trace")
    for name in ("EPSTRS", "epstrd"):
        expect(server.cli("log", "--service", name) == server.cli("log", "--service", "receive"), f"E-Post's name {name}")
    expect(trace in server.cli("log", "--service", "receive") and "mail.delivered" not in server.cli("log", "--service", "receive", "--json"), "log --service")
    residence = json.loads(server.cli("log", "residence", "--json"))
    expect({row["destination"] for row in residence} == {"local"} and sum(row["mail"] for row in residence) == copies, f"residence, of one hour or two: {residence}")
    days = json.loads(server.cli("log", "days", "--json", "--days", "2"))
    expect(sum(day["accepted"] for day in days) == mails and sum(day["delivered"] for day in days) == copies, f"days, at midnight two: {days}")
    written = [json.loads(line) for line in server.cli("log", "--log", "inlog", "--json").splitlines()]
    expect({day["day"] for day in days if day["accepted"]} == {event["time"][:10] for event in written if event["event"] == "mail.accepted"}, f"each in its own: {days} {written}")


def a_start_repeats_nothing(server, trace):
    """The mailbox copy of a segment that is not released yet is confirmed at a start: no second delivery, and it waits nowhere."""
    server.cli("service", "stop", "deliver")
    stopped = eventually(lambda: [e for e in server.events("servicelog") if e["event"] == "service.stopped" and e["service"] == "deliver"], "the stop is told")
    expect(stopped[-1]["about"] == "deliver", f"which service stopped: {stopped}")
    waits = json.loads(server.cli("queue", "list", "--json"))["items"]
    expect(not waits, f"delivered mail does not wait: {waits}")
    counts = json.loads(server.cli("queue", "count", "--json"))
    expect(counts["incoming"]["messages"] == 0, f"nor is it counted: {counts}")
    server.cli("service", "start", "deliver")
    server.send(subject="after the start")
    server.wait_for_subjects(["after the start"])
    eventually(lambda: len([e for e in server.events("outlocallog") if e["event"] == "mail.delivered"]) >= 2, "its line")
    told = [e for e in server.events("outlocallog") if e.get("message") == trace]
    expect(len(told) == 1, f"delivered once: {told}")
    expect(server.subjects().count("trace me") == 1, "and there once")


def copies_name_their_mail(server):
    server.cli("alias", "add", BOTH, HANAKO, TARO)
    changed = [e for e in server.events("servicelog") if e["event"] == "directory.changed"]
    expect(changed and changed[-1]["text"] == f"alias add {BOTH} {HANAKO} {TARO}" and changed[-1]["by"], f"who changed what: {changed}")
    server.cli("alias", "list")
    expect(len([e for e in server.events("servicelog") if e["event"] == "directory.changed"]) == len(changed), "looking changes nothing")
    server.send(recipient=BOTH, subject="for both", sender="stranger@b.example")
    server.wait_for_subjects(["for both"])
    server.wait_for_subjects(["for both"], user=TARO)
    parent = eventually(lambda: [e for e in server.events("inlog") if e.get("recipient") == BOTH], "accepted")[0]["message"]
    eventually(lambda: len([e for e in server.events("outlocallog") if e["event"] == "mail.delivered"]) == 4, "both copies' lines")
    child = next(e for e in server.events("inlog") if e.get("parent") == parent)["message"]
    text = server.cli("trace", parent)
    expect(child in text and HANAKO in text and TARO in text, f"the mail leads to its copies: {text}")
    told = json.loads(server.cli("trace", parent, "--json"))
    expect(child in told["became"] and told["more"] == 0, f"{told}")
    expect(json.loads(server.cli("trace", child, "--json"))["parent"] == parent, "a copy names its mail")
    became = json.loads(server.cli("why", parent, "--json"))["became"]
    expect(became["recipients"] == 2 and became["delivered"] == 2 and became["waiting"] == 0 and child in became["messages"], f"{became}")
    expect(server.cli("why", parent).startswith("It became "), "why says so first")
    expect(json.loads(server.cli("why", child, "--json"))["parent"] == parent, "why of a copy names its mail")


def logins_tell_names_and_no_passwords(server):
    for name in (HANAKO, "nobody@a.example", "Tr0ub4dor&3"):
        client = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=server.context(), timeout=30)
        with contextlib.suppress(imaplib.IMAP4.error):
            client.login(name, "wrong")
        client.shutdown()
    failed = eventually(lambda: len(found := [e for e in server.events("imap4log") if e["event"] == "imap.login_failed"]) == 3 and found, "three failed logins")
    expect([e.get("account") for e in failed] == [HANAKO, "nobody@a.example", "(not an address)"], f"the names that were tried: {failed}")
    expect("Tr0ub4dor" not in json.dumps(server.events("imap4log")), "no password in the log")
