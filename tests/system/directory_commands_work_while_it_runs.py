"""Domains, accounts, aliases and routes are changed live; import reports bad rows; export gives back what was there."""
import json
import os
import subprocess

from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, expect, scenario


def a_removal_counts_when_the_command_returns(server):
    """On each of many connections, though reception remembers what auth said a moment ago."""
    server.cli("alias", "remove", f"*@{DOMAIN}")
    for n in range(3):
        leaver = f"leaver{n}@{DOMAIN}"
        server.add_account(leaver, PASSWORD)
        clients = [server.smtp() for _ in range(8)]
        for client in clients:
            client.ehlo(), client.mail("stranger@b.example")
            expect(client.rcpt(leaver)[0] == 250, "known")
        server.cli("account", "remove", leaver, "--yes")
        answers = [client.rcpt(leaver)[0] for client in clients]
        expect(answers == [550] * len(clients), f"removed: {answers}")
        for client in clients:
            client.quit()
    server.cli("alias", "add", f"*@{DOMAIN}", TARO)


def domains_come_back(server, folder):
    """An export that is imported again changes nothing and is no failure; a row that is none makes no domain."""
    server.cli("domain", "add", "relay.example", "--relay")
    text = folder / "domains.tsv"
    text.write_text(server.cli("domain", "export"))
    for dry in ([], ["--dry-run"]):
        again = json.loads(server.cli("domain", "import", text, "--json", *dry))
        expect(again["taken"] == 0 and again["there_already"] == 2 and not again["refused"], f"there already: {again}")
    text.write_text(f"new.example\nbad domain\tlocal\nrelay.example\tlocal\nnew.example\tlocal\n-x\tlocal\nother.example\tlokal\nmore.example  relay ask\n")
    for dry in (["--dry-run"], []):
        done = json.loads(server.cli("domain", "import", text, "--json", *dry, check=False))
        expect((done["taken"], done["there_already"], [row["line"] for row in done["refused"]]) == (2, 1, [2, 3, 5, 6]), f"the same dry and in earnest: {done}")
    names = [row.split("\t")[0] for row in server.cli("domain", "export").splitlines()]
    expect("bad" not in names and "new.example" in names and "more.example\trelay\task" in server.cli("domain", "export"), f"domains: {names}")
    for name in ("new.example", "more.example", "relay.example"):
        server.cli("domain", "remove", name)


def tables_of_a_japanese_windows(server, folder):
    table = folder / "windows.tsv"
    for charset, user in (("cp932", "yamada1"), ("utf-16", "yamada2"), ("iso-2022-jp", "yamada3"), ("utf-8-sig", "yamada4")):
        table.write_bytes(f"{user}\tpw-1\t山田\t{DOMAIN}\r\n".encode(charset))
        server.cli("account", "import", table)
        expect(json.loads(server.cli("account", "show", f"{user}@{DOMAIN}", "--json"))["name"] == "山田", charset)
        server.cli("account", "remove", f"{user}@{DOMAIN}", "--yes")
    table.write_bytes(f"good\tpw-1\t山田\t{DOMAIN}\nbad\tpw-1\t".encode() + b"Jos\xe9\t" + f"{DOMAIN}\n".encode())
    refused = json.loads(server.cli("account", "import", table, "--json", check=False))
    expect(refused["taken"] == 0 and [row["line"] for row in refused["refused"]] == [2] and "UTF-8" in refused["refused"][0]["why"], f"no charset: {refused}")
    expect("good@" not in server.cli("account", "list"), "nothing of it was taken")


def imported(server, text, *options):
    """What `route import` says, its status, and the table after it."""
    done = subprocess.run([server.program, "--config", server.config, "route", "import", "-", *options], input=text, text=True, capture_output=True, timeout=120, env={**os.environ, "LANG": "C", "LC_ALL": "C"})
    return done.returncode, done.stdout + done.stderr, server.cli("route", "export")


def a_table_is_replaced_whole_or_not_at_all(server):
    before = server.cli("route", "export")
    for options in ((), ("--yes",), ("--dry-run",)):
        status, told, after = imported(server, "good.example,192.0.2.9,25\nbad row\n", *options)
        expect((status, after) == (3, before) and "0 rows" in told and "1 refused" in told and "line 2:" in told, f"nothing of a text with a faulty row {options}: {status} {told}")
    for text, removed in (("", 2), ("*.b.example,192.0.2.1,25\nnew.example,192.0.2.9,25\n", 1)):
        status, told, after = imported(server, text, "--dry-run")
        expect((status, after) == (0, before) and f"removed {removed}" in told and "*,192.0.2.2,2525" in told and "--yes" in told and "mail that waits would follow" in told and "Mail that waits follows" not in told, f"told first: {status} {told}")
        status, told, after = imported(server, text)
        expect((status, after) == (3, before) and f"removed {removed}" in told and "--yes" in told and "mail that waits would follow" in told and "Mail that waits follows" not in told, f"no row is lost unasked: {status} {told}")
    status, told, after = imported(server, "*,192.0.2.7,25\n*.b.example,192.0.2.1,25\nnew.example,192.0.2.9,25\n")
    expect(status == 0 and "new 1, changed 1, unchanged 1, removed 0; in another order" in told and after.startswith("*,192.0.2.7") and "Mail that waits follows" in told, f"nothing goes, so nothing is asked: {status} {told}")
    status, told, again = imported(server, after)
    expect(status == 0 and again == after and "unchanged 3" in told and "Mail that waits" not in told and "mail that waits" not in told, f"the same table once more changes nothing for anybody: {status} {told}")
    status, told, again = imported(server, after + "wrong.example,192.0.2.9,99999\n")
    expect((status, again) == (3, after) and 'line 4: "99999" is no port; write a number from 1 to 65535' in told, f"the row of a wrong port, and what to write: {status} {told}")
    told = json.loads(server.cli("route", "import", "-", "--yes", "--json", input=before))
    expect((told["taken"], told["new"], told["changed"], told["unchanged"], told["removed"], told["removed_rows"]) == (2, 0, 1, 1, 1, ["new.example,192.0.2.9,25"]), f"as JSON: {told}")
    expect(server.cli("route", "export") == before, "and with --yes it goes")
    status, told, after = imported(server, "".join(f"{n} is no row\n" for n in range(373)))
    expect(after == before and told.count("line ") == 20 and "... and 353 more lines" in told, f"a text that is no table at all: {told}")


@scenario
def run(folder):
    with Server(folder).start() as server:
        accounts = folder / "accounts.tsv"
        accounts.write_text(f"jiro\tpw-1\t次郎\t{DOMAIN}\t\t1\t0\t0\t1\t1\nbad row without anything\ntaro\tpw-2\t太郎\t{DOMAIN}\n")
        dry = json.loads(server.cli("account", "import", accounts, "--dry-run", "--json", check=False))
        expect(dry["dry_run"] and f"jiro@{DOMAIN}" not in server.cli("account", "list"), f"a dry run changes nothing: {dry}")
        done = json.loads(server.cli("account", "import", accounts, "--json", check=False))
        expect(done["taken"] == 1 and done["there_already"] == 1 and [row["line"] for row in done["refused"]] == [2], f"one taken, one there, one refused: {done}")
        own = folder / "own.tsv"
        own.write_text(server.cli("account", "export"))
        again = json.loads(server.cli("account", "import", own, "--json"))
        expect(again["taken"] == 0 and again["there_already"] == 3 and not again["refused"], f"one's own export is there already: {again}")
        expect(f"jiro@{DOMAIN}" in server.cli("account", "list"), "it is there")

        server.cli("alias", "add", f"info@{DOMAIN}", HANAKO, TARO)
        server.cli("alias", "add", f"*@{DOMAIN}", TARO)
        server.send(recipient=f"info@{DOMAIN}", subject="to both", sender="stranger@b.example")
        server.wait_for_subjects(["to both"], HANAKO)
        server.wait_for_subjects(["to both"], TARO)
        server.send(recipient=f"nobody@{DOMAIN}", subject="caught", sender="stranger@b.example")
        server.wait_for_subjects(["caught"], TARO)
        exported = server.cli("alias", "export")
        server.cli("alias", "remove", f"info@{DOMAIN}")
        expect("info" not in server.cli("alias", "list"), "removed")
        text = folder / "aliases.tsv"
        text.write_text(exported)
        server.cli("alias", "import", text, check=False)
        expect(server.cli("alias", "export") == exported, "export, import, export gives the same")

        again = json.loads(server.cli("alias", "import", text, "--json"))
        expect(again["taken"] == 0 and again["there_already"] == 3, f"aliases that are there already: {again}")

        domains_come_back(server, folder)
        tables_of_a_japanese_windows(server, folder)
        a_removal_counts_when_the_command_returns(server)

        gateway = folder / "gateway.dat"
        gateway.write_text("*.b.example,192.0.2.1,25\n*,192.0.2.2,2525\n")
        server.cli("route", "import", gateway)
        expect(server.cli("route", "export") == gateway.read_text(), "gateway.dat comes back as it was")
        expect("192.0.2.1" in server.cli("route", "explain", "x@c.b.example"), "explained")
        a_table_is_replaced_whole_or_not_at_all(server)
        server.cli("account", "remove", TARO, "--yes", check=False)
        server.cli("alias", "remove", f"*@{DOMAIN}")
        server.cli("account", "remove", TARO, "--yes", check=False)
        expect(TARO not in server.cli("account", "list"), "the account is gone")
        expect(PASSWORD not in server.cli("account", "export"), "no password is ever shown")
