"""One trace id runs through acceptlog, inlog and outlocallog; E-Post's layouts, residence and days come out of them."""
import json
import re

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
        expect(any(e["event"] == "connection.opened" for e in server.events("acceptlog")), "acceptlog")
        lines = server.cli("log", "--as", "epost", "--log", "inlog").splitlines()
        expect(re.fullmatch(rf"<{trace}@\S+> \[\d\d/\w{{3}}/\d{{4}}:\d\d:\d\d:\d\d\]  127\.0\.0\.1 \S+ stranger@b\.example {HANAKO}", lines[0]), f"E-Post's inlog: {lines}")
        expect(trace in server.cli("log", "--message", trace), "hikyaku log --message")
        residence = json.loads(server.cli("log", "residence", "--json"))
        expect(residence and residence[0]["destination"] == "local" and residence[0]["mail"] == 1, f"residence: {residence}")
        days = json.loads(server.cli("log", "days", "--json", "--days", "2"))
        expect(days[0]["accepted"] == 1 and days[0]["delivered"] == 1 and days[1]["accepted"] == 0, f"days: {days}")
