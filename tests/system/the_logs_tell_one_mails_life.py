"""One trace id runs through acceptlog, inlog and outlocallog; E-Post's layouts, residence and days come out of them.
Each service has a folder of its own; what an older version wrote into folders shared by all is still read."""
import json
import re
import shutil

from harness import HANAKO, Server, eventually, expect, scenario


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
        all_of_them(server, trace)
        # The former layout: the folders of the logs, shared by all services.
        for path in list((server.data / "log").glob("*/*/*.jsonl")):
            former = server.data / "log" / path.parts[-2] / path.name
            former.parent.mkdir(exist_ok=True)
            shutil.move(path, former)
        all_of_them(server, trace)


def all_of_them(server, trace):
    """Everything that is read out of the logs."""
    lines = server.cli("log", "--as", "epost", "--log", "inlog").splitlines()
    expect(re.fullmatch(rf"<{trace}@\S+> \[\d\d/\w{{3}}/\d{{4}}:\d\d:\d\d:\d\d\]  127\.0\.0\.1 \S+ stranger@b\.example {HANAKO}", lines[0]), f"E-Post's inlog: {lines}")
    expect(trace in server.cli("log", "--message", trace), "hikyaku log --message")
    expect(trace in server.cli("trace", trace), "hikyaku trace")
    expect(trace in server.cli("log", "--service", "receive") and "mail.delivered" not in server.cli("log", "--service", "receive", "--json"), "log --service")
    residence = json.loads(server.cli("log", "residence", "--json"))
    expect(residence and residence[0]["destination"] == "local" and residence[0]["mail"] == 1, f"residence: {residence}")
    days = json.loads(server.cli("log", "days", "--json", "--days", "2"))
    expect(days[0]["accepted"] == 1 and days[0]["delivered"] == 1 and days[1]["accepted"] == 0, f"days: {days}")
