"""E-Post's mail.dat, one for all and a user's own, and virus.dat: a dry run tells what each block becomes, the import puts the documented ones in force in the order of the file, the others in
shadow or nowhere, with the reason; mail that matches is refused, quarantined, tagged or passed, mail that does not is delivered; a table imported again takes the former one's place;
the addresses of passfilter.dat pass."""
import email
import email.header
import email.mime.text
import json
import os
import subprocess

from harness import HANAKO, TARO, Server, eventually, expect, scenario

MAIL_DAT = """\
'------------------------------------------------------
Virus:friend
Unique-Header:X-Known: a friend of ours
Level:000
VirusEnd:
' several encodings of one word, as E-Post needs them
Virus:未承諾広告
Subject:=?ISO-2022-JP?B?GyRCTCQ+NUJ6OS05cBsoQg==?=
Subject:未承諾広告
Level:110
Warning:
<!>WARNING<!>
未承諾広告のため拒否しました
WarningEnd:
VirusEnd:
Virus:both
Subject:lottery
Body:
win now
BodyEnd:
Attach:
Level:510
VirusEnd:
Virus:tagged
From:news@tag.example
Level:300
Tag:[NEWS]
VirusEnd:
Virus:programs
Attach:*.exe
Level:100
VirusEnd:
Virus:forwarded
Subject:forward
Level:400
VirusEnd:
Virus:behind
Subject:behind
Level:100
VirusEnd:
Virus:links
RBL:uri.example\t192.168.0.1,N "/usr/local/mta/bin/whitelist.dat"
Level:110
VirusEnd:
"""


def send(server, subject, body="How are you?", to=HANAKO, charset="utf-8", **fields):
    message = email.mime.text.MIMEText(body, "plain", charset)
    message["From"], message["To"], message["Subject"] = fields.pop("sender", TARO), to, subject if subject.isascii() else email.header.Header(subject, charset)
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    *codes, answer = server.offer(message.as_bytes().replace(b"\n", b"\r\n"), (to,))
    expect([code for code, _ in codes] == [250], f"{codes}")
    return answer[0]


def imported(server, file, *options, table="mail.dat", **how):
    return json.loads(server.cli("policy", "content", "import", str(file), "--json", "--table", table, *options, **how))


def dry_run(server, file):
    told = imported(server, file, "--dry-run", check=False)
    blocks = [(one["line"], one["row"]["name"], one["row"]["action"], one["row"]["mode"]) for one in told["blocks"]]
    expect(blocks == [(2, "mail.dat-0001-friend", "pass", "enforce"), (7, "mail.dat-0002", "refuse", "enforce"), (16, "mail.dat-0003-both", "quarantine", "enforce"), (24, "mail.dat-0004-tagged", "tag", "enforce"),
                      (29, "mail.dat-0005-programs", "refuse", "shadow"), (37, "mail.dat-0007-behind", "refuse", "shadow")], f"{blocks}")
    expect([one["line"] for one in told["refused"]] == [33, 42] and "400" in told["refused"][0]["why"] and 'uri_lists = ["uri.example"]' in told["refused"][1]["why"], f"{told['refused']}")
    expect([(one["line"], one["zone"], one["action"], len(one["remarks"])) for one in told["lists"]] == [(42, "uri.example", "refuse", 2)], f"{told['lists']}")
    expect("line 33" in told["blocks"][-1]["remarks"][0], f"{told['blocks'][-1]}")
    expect(json.loads(server.cli("policy", "content", "list", "--json")) == [], "nothing was changed")
    japanese = subprocess.run([server.program, "--config", server.config, "policy", "content", "import", str(file), "--table", "mail.dat", "--dry-run"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              env={**os.environ, "LANG": "ja_JP.UTF-8"}).stdout
    expect("shadow: E-Post での Attach: の書き方は公開文書にない" in japanese and "6 行を取り込める" in japanese and "リスト uri.example は設定で指定する" in japanese, japanese)


def in_force(server, file):
    expect(imported(server, file, check=False)["taken"] == 6, "taken")
    for subject, charset in (("【未承諾広告】お得", "utf-8"), ("未承諾広告", "iso-2022-jp"), ("未承諾広告", "shift_jis")):
        expect(send(server, subject, charset=charset) == 550, f"{subject} in {charset}")
    expect(send(server, "未承諾広告の話", X_Known="a friend of ours") == 250, "what is passed above")
    expect(send(server, "LOTTERY", "you win\r\nnow") == 250, "kept back")
    kept = server.quarantined()
    expect(len(kept) == 1 and "mail.dat-0003-both" in kept[0]["why"], f"{kept}")
    expect(send(server, "lottery") == 250 and send(server, "win now", "win now") == 250, "one of two is not enough")
    expect(send(server, "news", sender="News <news@tag.example>") == 250, "tagged")
    expect(email.message_from_bytes(server.stored("news"))["X-Content-Filter"] == "mail.dat-0004-tagged", "tagged")
    expect(send(server, "behind") == 250 and send(server, "forward") == 250, "not in force")
    eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "rule.found" and e["reason"].startswith("mail.dat-0007-behind") and e["mode"] == "shadow"], "it is looked for")
    server.wait_for_subjects(["lottery", "win now", "behind", "forward"])
    expect(len(server.quarantined()) == 1, "nothing else is kept back")
    server.cli("policy", "content", "set", "mail.dat-0007-behind", "--mode", "enforce")
    expect(send(server, "behind") == 550, "once the operator says so")
    server.cli("policy", "content", "set", "mail.dat-0007-behind", "--action", "quarantine", "--mode", "off")
    expect(send(server, "behind again") == 250, "off again")


def lists_are_the_settings(server, file):
    server.change_settings(policy={"uri_lists": ["uri.example"]})
    expect([one["line"] for one in imported(server, file, "--dry-run", check=False)["refused"]] == [33], "a list that is asked is taken over")
    server.change_settings(policy={"uri_list": "tag"})
    told = imported(server, file, "--dry-run", check=False)["refused"]
    expect([one["line"] for one in told] == [33, 42] and "uri_list under [policy]" in told[1]["why"], f"{told}")
    server.change_settings(policy={"uri_lists": [], "uri_list": "refuse"})


def personal(server, folder):
    own = folder / "own.dat"
    own.write_bytes("Virus:宝くじ\r\nSubject:宝くじ\r\nLevel:100\r\nVirusEnd:\r\n".encode("cp932"))
    expect(imported(server, own, "--recipient", HANAKO)["taken"] == 1, "her own")
    expect(send(server, "宝くじ") == 550 and send(server, "宝くじ", to=TARO) == 250, "hers alone")
    names = [row["name"] for row in json.loads(server.cli("policy", "content", "list", "--json"))]
    expect(names[-1] == "mail.dat-of-hanako_a.example-0001" and len(names) == 7, f"{names}")


def addresses_without_check(server, folder):
    """passfilter.dat: their mail passes everybody's rows and each user's own."""
    own = folder / "passfilter.dat"
    own.write_bytes(b"' our relay\r\n192.0.2.7\r\n127.0.0.*\r\nmail.a.example\r\n")
    told = imported(server, own, table="passfilter.dat", check=False)
    expect(told["taken"] == 2 and [one["line"] for one in told["refused"]] == [4], f"{told}")
    expect(send(server, "未承諾広告") == 250 and send(server, "宝くじ") == 250, "passed")
    own.write_text("192.0.2.7\n")
    told = imported(server, own, table="passfilter.dat", check=False)
    expect((told["taken"], told["removed"], told["changed_now"], told["needs_yes"]) == (0, 1, False, True) and send(server, "宝くじ") == 250, f"no row goes unasked: {told}")
    expect(imported(server, own, "--yes", table="passfilter.dat")["removed"] == 1, "the table takes its former one's place")
    expect(send(server, "未承諾広告") == 550 and send(server, "宝くじ") == 550, "looked at again")


def again(server, file):
    file.write_text("Virus:new\nSubject:newest\nLevel:100\nVirusEnd:\n")
    before = server.cli("policy", "content", "export")
    for text in (file.read_text(), "", "' nothing\n", "no table at all\n"):
        file.write_text(text)
        done = subprocess.run([server.program, "--config", server.config, "policy", "content", "import", str(file), "--table", "mail.dat"], text=True, capture_output=True, timeout=120, env={**os.environ, "LANG": "C"})
        expect(done.returncode == 3 and "removed 6" in done.stdout and "--yes" in done.stderr and server.cli("policy", "content", "export") == before, f"no row goes unasked: {done}")
    file.write_text("Virus:new\nSubject:newest\nLevel:100\nVirusEnd:\n")
    told = imported(server, file, "--yes")
    expect((told["taken"], told["removed"]) == (1, 6), f"{told['taken']} {told['removed']}")
    expect(send(server, "newest") == 550 and send(server, "未承諾広告") == 250 and send(server, "宝くじ") == 550, "the table's alone were replaced")
    file.write_text("Virus:new\nSubject:newest\nLevel:100\n")
    expect("0 rows taken, 3 refused" in server.cli("policy", "content", "import", str(file), check=False), "it is no list of rows")
    refused = server.cli("policy", "content", "import", str(file), "--table", "virus.dat", "--dry-run", check=False)
    expect("0 rows can be taken" in refused and "1 refused" in refused, refused)
    server.cli("policy", "content", "add", "two", "one", "--header", "Subject", "--and", "body: other")
    expect(send(server, "one", "the other") == 550 and send(server, "one", "nothing") == 250, "a row of two conditions by hand")


def own_rows_in_shift_jis(server, folder):
    """As a Japanese Windows saves them."""
    server.cli("policy", "content", "add", "sjis", "値引き", "--header", "Subject")
    file = folder / "rows.tsv"
    rows = [row for row in server.cli("policy", "content", "export").splitlines() if row.startswith("#") or "sjis" in row]
    server.cli("policy", "content", "remove", "sjis")
    expect(len(rows) == 2 and send(server, "値引き") == 250, f"{rows}")
    file.write_bytes("\r\n".join([*rows, ""]).encode("cp932"))
    expect("1 rows taken" in server.cli("policy", "content", "import", str(file)), "taken")
    expect(send(server, "値引き") == 550, "in force, its word as it was meant")
    file.write_bytes(file.read_bytes() + b"\x81 broken\r\n")
    done = subprocess.run([server.program, "--config", server.config, "policy", "content", "import", str(file)], text=True, capture_output=True, timeout=120, env={**os.environ, "LANG": "C"})
    expect(done.returncode == 3 and "line 3" in done.stderr and "0 rows taken" in done.stdout, f"a text that cannot be read is refused whole: {done}")


@scenario
def run(folder):
    file = folder / "mail.dat"
    file.write_bytes(MAIL_DAT.replace("\n", "\r\n").encode("cp932"))
    with Server(folder) as server:
        server.start()
        dry_run(server, file)
        lists_are_the_settings(server, file)
        in_force(server, file)
        personal(server, folder)
        addresses_without_check(server, folder)
        again(server, file)
        own_rows_in_shift_jis(server, folder)
