"""Domains, accounts, aliases and routes are changed live; import reports bad rows; export gives back what was there."""
import json

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

        a_removal_counts_when_the_command_returns(server)

        gateway = folder / "gateway.dat"
        gateway.write_text("*.b.example,192.0.2.1,25\n*,192.0.2.2,2525\n")
        server.cli("route", "import", gateway)
        expect(server.cli("route", "export") == gateway.read_text(), "gateway.dat comes back as it was")
        expect("192.0.2.1" in server.cli("route", "explain", "x@c.b.example"), "explained")
        server.cli("account", "remove", TARO, "--yes", check=False)
        server.cli("alias", "remove", f"*@{DOMAIN}")
        server.cli("account", "remove", TARO, "--yes", check=False)
        expect(TARO not in server.cli("account", "list"), "the account is gone")
        expect(PASSWORD not in server.cli("account", "export"), "no password is ever shown")
