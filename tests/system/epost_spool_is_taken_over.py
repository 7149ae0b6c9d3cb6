"""`hikyaku spool import` takes E-Post's incoming, holding and domains over: with deliver stopped and while everything runs,
damaged pairs told and left, nobody served twice, a second run takes nothing; export and import give the same mail back."""
import json
import os

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario

STEM = "B{:010d}"


def pair(work, number, recipients, place="incoming", text=None, envelope_place=None):
    stem = STEM.format(number)
    text = text if text is not None else f"Subject: epost {number}\r\nFrom: {TARO}\r\n\r\n.body {number}\r\n"
    for folder, end, content in ((place, "MSG", text),
                                 (envelope_place or place, "RCP", f"Message-ID: <{stem}@mx.example.jp>\r\nReturn-path: {TARO}\r\n" +
                                  "".join(f"Recipient: {one}\r\n" for one in recipients))):
        (work / folder).mkdir(parents=True, exist_ok=True)
        (work / folder / f"{stem}.{end}").write_bytes(content.encode())


@scenario
def run(folder):
    work = folder / "epost"
    with Server(folder) as server:
        server.start()
        server.cli("service", "stop", "deliver")
        pair(work, 1, [HANAKO])
        pair(work, 2, [HANAKO, f"nobody@{DOMAIN}"], "holding", "Subject: epost 2\n\nbare line ends\n", f"domains/{DOMAIN}")
        (work / "domains" / DOMAIN / "Domain.mri").write_text(f"Domain-name: {DOMAIN}\r\nLast-tried: 4245482927\r\nTry-number: 3\r\nErr-code: 451\r\n")
        pair(work, 3, [HANAKO, TARO])
        (work / "incoming" / (STEM.format(3) + ".$OK")).write_text(f"Recipient: {TARO}\r\n")
        pair(work, 4, ["no address"])
        (work / "incoming" / (STEM.format(5) + ".MSG")).write_text("Subject: half a pair\r\n\r\n")

        def take(*more):
            text = server.cli("spool", "import", str(work), "--json", *more, check=False)
            return json.loads(text)

        dry = take("--dry-run")
        expect((dry["taken"], dry["damaged"]) == (3, 2), f"{dry}")
        expect(take("--dry-run")["taken"] == 3, "a dry run changes nothing")
        took = take()
        expect((took["taken"], took["damaged"], took["before"]) == (3, 2, 0), f"{took}")
        fates = {one["stem"]: one for one in took["pairs"]}
        expect("no address" in fates[STEM.format(4)]["damage"] and "missing" in fates[STEM.format(5)]["damage"], f"{fates}")
        expect(any("3 tries, last code 451" in note for note in took["retry_data"]), f"{took}")
        expect((work / "incoming" / (STEM.format(4) + ".RCP")).exists(), "the damaged stay where they are")
        expect(take()["before"] == 3, "a second run takes none again")

        server.cli("service", "start", "deliver")
        server.wait_for_subjects(["epost 1", "epost 2", "epost 3"])
        eventually(lambda: any("nobody" in subject or "Undelivered" in subject or "=?" in subject for subject in server.subjects(TARO)), "the bounce to the sender")
        expect("epost 3" not in server.subjects(TARO), "who was served is not served again")
        pair(work, 6, [HANAKO])
        expect(take()["taken"] == 1, "while everything runs")
        server.wait_for_subjects(["epost 6"])

        try:
            server.cli("spool", "export", str(folder / "out"))
            raise AssertionError("not while deliver runs")
        except RuntimeError as refused:
            expect("service stop deliver" in str(refused), f"{refused}")
        server.cli("service", "stop", "deliver")
        out = folder / "out"
        out.mkdir()
        os.chmod(out, 0o777)
        server.send(subject="there and back", text="over E-Post's folders")
        dry = server.cli("spool", "export", str(out), "--dry-run", "--remove")
        expect("1 messages for 1 recipients can be written; nothing was written" in dry and not list(out.iterdir()), f"a dry run says so: {dry}")
        gone = server.cli("spool", "export", str(out), "--remove")
        expect("1 messages for 1 recipients written" in gone and "1 recipients were taken out of the queue here" in gone and "still in the queue" not in gone, f"what was removed is told: {gone}")
        none = json.loads(server.cli("spool", "export", str(out), "--remove", "--json"))
        expect((none["messages"], none["removed"], none["removed_recipients"]) == (0, True, 0), f"to programs too: {none}")
        expect(len(list((out / "incoming").iterdir())) == 2, "one pair")
        expect(json.loads(server.cli("spool", "export", str(out), "--dry-run", "--json"))["messages"] == 0, "it left the queue")
        expect(json.loads(server.cli("spool", "import", str(out), "--json"))["taken"] == 1, "it comes back")
        server.cli("service", "start", "deliver")
        server.wait_for_subjects(["there and back"])
        given = [e for e in server.events("faillog") if e.get("reason") == "given away by operator"]
        expect([e["recipient"] for e in given] == [HANAKO] and given[0]["by"], f"and what was given away has its end in the log: {given}")
        subjects = server.subjects()
        expect(sorted(s for s in subjects if s.startswith("epost") or s == "there and back") ==
               ["epost 1", "epost 2", "epost 3", "epost 6", "there and back"], f"each once: {subjects}")
