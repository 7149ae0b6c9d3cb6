"""What one account may send and get: whom it takes mail from, whom it may send to, at which hours, how large, to how many; rules for all accounts; E-Post's
effect.dat, sender.dat and permitfrom.txt taken over, faulty rows named; and the rows that do more than was meant. One user's rule never refuses another's copy."""
import json
import time

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario

FRIEND, SPAMMER = "friend@good.example", "x@spam.example"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def replies(server, *recipients, sender=FRIEND, user=None, size=None):
    """RCPT's answers in one transaction."""
    with server.smtp(port=server.submission_port if user else None, tls=bool(user), user=user) as client:
        client.ehlo("client.example")
        client.mail(sender, [f"SIZE={size}"] if size else [])
        return [client.rcpt(one)[0] for one in recipients]


def another_day():
    """Hours that are not now, whatever the zone."""
    return f"{DAYS[(time.localtime().tm_wday + 3) % 7]} 00:00-24:00"


@scenario
def run(folder):
    with Server(folder, settings={"rules": {"spf": "off"}, "policy": {"authentication_results": False}}) as server:
        server.start()
        cli = server.cli
        expect(replies(server, TARO, HANAKO) == [250, 250], "without rules all is taken")

        table = f"*@{DOMAIN} true\nboss@spam.example true\n*@spam.example false\n*@*.spam.example false\n#<> false\n"
        faulty = cli("account", "rules", "import", TARO, "-", "--table", "effect.dat", input=table + "x.example only\n", check=False)
        expect("1 refused" in faulty and replies(server, TARO, sender=SPAMMER) == [250], f"a table with a faulty row is not taken in part: {faulty}")
        cli("account", "rules", "import", TARO, "-", "--table", "effect.dat", "--dry-run", input=table)
        expect(replies(server, TARO, sender=SPAMMER) == [250], "looked at first")
        cli("account", "rules", "import", TARO, "-", "--table", "effect.dat", input=table)
        expect(replies(server, TARO, HANAKO, sender=SPAMMER) == [550, 250], "one user's rule refuses his copy, and nobody else's")
        expect([replies(server, TARO, sender=who)[0] for who in ("boss@spam.example", "x@sub.spam.example", FRIEND, "")] == [250, 550, 250, 550], "the first row that matches counts")

        for fewer in ("", table.split("\n", 1)[1]):
            refused = cli("account", "rules", "import", TARO, "-", "--table", "effect.dat", input=fewer, check=False)
            expect("removed" in refused and "rows taken" not in refused and replies(server, TARO, sender=SPAMMER) == [550], f"no row is lost unasked: {refused}")

        other_hours = another_day()
        cli("account", "rules", "set", TARO, "--hours-in", other_hours)
        expect(replies(server, TARO, HANAKO) == [450, 250], "mail is put off at other hours")
        cli("account", "rules", "set", TARO, "--hours-in", "daily 00:00-24:00", "--size-in", "2KiB")
        expect(replies(server, TARO, HANAKO) == [250, 452], "who has a limit of his own comes apart")
        expect(replies(server, TARO, size=5000) == [552] and replies(server, HANAKO, size=5000) == [250], "a size that is declared is refused at RCPT")
        with server.smtp() as client:
            client.ehlo("client.example")
            client.mail(FRIEND)
            client.rcpt(TARO)
            code, _ = client.data(b"Subject: large\r\n\r\n" + (b"y" * 70 + b"\r\n") * 50)
            expect(code == 552, f"one that is not, after its text: {code}")
            client.sendmail(FRIEND, [HANAKO], b"Subject: large\r\n\r\n" + (b"y" * 70 + b"\r\n") * 50)
        server.wait_for_subjects(["large"], HANAKO)

        cli("account", "rules", "import", TARO, "-", "--table", "sender.dat", input=f"*@{DOMAIN},0\n*@partner.example,0\n*,-1\n")
        expect(replies(server, HANAKO, "a@partner.example", "a@other.example", sender=TARO, user=TARO) == [250, 250, 550], "it may send to some")
        expect(replies(server, "a@other.example", sender=HANAKO, user=HANAKO) == [250], "others may send anywhere")
        cli("account", "rules", "import", "*", "-", "--table", "sender.dat", input="*@rival.example,-1\n*,0\n")
        expect(replies(server, "a@rival.example", "a@other.example", sender=HANAKO, user=HANAKO) == [550, 250], "but for what is forbidden to all")
        refused = cli("account", "rules", "import", HANAKO, "-", "--table", "sender.dat", input="*@partner.example,0\n", check=False)
        expect("0 rows taken" in refused, f"a table that does not say what becomes of the rest is not taken: {refused}")
        cli("account", "rules", "set", HANAKO, "--recipients", "2", "--size-out", "2KiB")
        expect(replies(server, "a@b.example", "b@b.example", "c@b.example", sender=HANAKO, user=HANAKO) == [250, 250, 452], "so many at once")
        expect(replies(server, "a@b.example", sender=HANAKO, user=HANAKO, size=5000) == [552], "so large")
        cli("account", "rules", "set", HANAKO, "--hours-out", other_hours)
        expect(replies(server, "a@b.example", sender=HANAKO, user=HANAKO) == [450], "at its hours")
        expect(replies(server, f"postmaster@{DOMAIN}", sender=HANAKO, user=HANAKO) == [250], "the postmaster is always there")
        shown = json.loads(cli("account", "rules", "show", HANAKO, "--json"))
        expect((shown["recipients"], shown["size_out"], shown["hours_out"]) == (2, 2048, other_hours), f"shown: {shown}")
        def logged(account):
            return {(e.get("rule"), e["reply"][:3]) for e in server.events("receivelog") if e["event"] == "recipient.refused" and e.get("account") == account}
        eventually(lambda: {("account_rules", "550"), ("account_rules", "452"), ("account_rules", "450")} <= logged(HANAKO), "the log names the account that was refused")
        put_off = {row["sender"] for row in json.loads(cli("refusals", "list", "--all", "--json"))}
        expect(not put_off, f"no account of ours is listed, nor who came outside a user's hours: nobody could let him in: {put_off}")
        cli("account", "rules", "clear", HANAKO)
        expect(replies(server, "a@b.example", "b@b.example", "c@b.example", sender=HANAKO, user=HANAKO) == [250] * 3, "taken away")
        for wrong in (("--hours-in", "always"), ("--size-in", "x"), ("--recipients", "many")):
            expect(cli("account", "rules", "set", TARO, *wrong, check=False) == "", f"{wrong} is refused")

        expect(cli("account", "forward", "permitfrom", TARO, "-", input="*@good.example\n", check=False) == "", "only a forward has senders")
        cli("account", "forward", "set", TARO, HANAKO)
        told = cli("account", "forward", "permitfrom", TARO, "-", input="*@good.example\nnonsense\n", check=False)
        expect("1 rows taken" in told and "1 refused" in told, f"permitfrom.txt: {told}")
        expect("*@good.example" in cli("account", "forward", "export"), "is in force")

        told = json.loads(cli("policy", "check", "--json", check=False))
        expect([danger["row"] for danger in told] == [f"account rules of {TARO}: allow {DOMAIN}"], f"a claimed domain that opens a door: {told}")
        cli("account", "rules", "clear", TARO)
        expect(json.loads(cli("policy", "check", "--json")) == [], "nothing is dangerous now")
        told = cli("policy", "allow", "0.0.0.0/0", ".jp")
        expect("large part of the world" in told and "top-level domain" in told and told.count("Warning") == 2, f"as they are set: {told}")
        expect("which anybody may claim" in cli("policy", "allow", DOMAIN, "--sender"), "a domain of ours")
        for group, bare in (("refusals", ".foo"), ("policy", "foo")):
            expect("top-level domain" in cli(group, "allow", bare), f"{group} allow of {bare}")
            expect("Warning" not in cli(group, "allow", "192.0.2.7", "mail.far.example"), f"{group} allow of what is right")
        cli("policy", "remove", "foo", ".foo", "mail.far.example", "192.0.2.7", "192.0.2.0/24")
        dangers = json.loads(cli("policy", "check", "--json", check=False))
        expect([any(part in danger["row"] for danger in dangers) for part in ("0.0.0.0/0", ".jp", f"sender {DOMAIN}")] == [True] * 3 and len(dangers) == 3, f"dangerous rows are told of: {dangers}")
        checked = cli("config", "check")
        expect("0.0.0.0/0" in checked and "Warning" in checked, f"by config check too: {checked}")
