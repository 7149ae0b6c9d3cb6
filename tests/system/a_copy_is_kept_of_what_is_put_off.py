"""Escrow: with [refusals] escrow, whom greylisting puts off may send the text and hears his 450 after it; one encrypted copy is kept, which nobody finds in clear in the data
folder. It is listed, shown and released (once: the sender's next try is 250 and delivers nothing), and goes when the sender's own retry passes, whose wait is not longer for it. Beside
a recipient whose mail is taken nothing is kept, with and without PRDR. With deliver stopped, over a kill -9, and off again."""
import json
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from _killing import restart  # noqa: E402
from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.clamd import EICAR, Clamd, installed  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

POSTMASTER = f"postmaster@{DOMAIN}"
SENDER, SECRET = "a@office.example", "the price of the old house in Kyoto"
CLIENTS = ("44.0.2.1", "44.0.3.1", "44.0.4.1", "44.0.5.1")

ZONE = """\
office.example. MX 10 mail.office.example.
1.5.0.44.in-addr.arpa. PTR ppp12345.office.example.
ppp12345.office.example. A 44.0.5.1
"""


def text(subject, body=SECRET):
    return f"From: {SENDER}\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '.')}@office.example>\r\n\r\n{body}\r\n"


def offer(server, message, *recipients, client=CLIENTS[0]):
    """The codes of each RCPT and of the text, with the last words."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(client, 0)) as line:
        answers = server.offer(message, recipients, SENDER, client=line)
    return [code for code, _ in answers], answers[-1][1]


def copies(server, *options):
    return json.loads(server.cli("refusals", "escrow", "list", "--json", *options))


def said(server, log, event):
    return [one for one in server.events(log) if one["event"] == event]


def missed(server, why):
    return [one for one in said(server, "receivelog", "escrow.missed") if why in one["reason"]]


def kept_once(server):
    codes, words = offer(server, text("first"), HANAKO)
    expect(codes == [250, 450] and "Greylisted" in words, f"put off after the text: {codes} {words}")
    entry = eventually(lambda: copies(server), "a copy")[0]
    expect(entry["recipients"] == [HANAKO] and entry["sender"] == SENDER and entry["why"].startswith("greylist: first try") and entry["client"] == CLIENTS[0], f"{entry}")
    # Once the keeper has told reception of it, as before.
    for _ in range(2):
        expect(offer(server, text("first"), HANAKO)[0] == [250, 450], "too early")
        eventually(lambda: "kept " in page(server), "reception is told")
    expect(len(copies(server)) == 1 and len([one for one in said(server, "inlog", "escrow.kept") if one["recipient"] == HANAKO]) == 1, f"one copy: {copies(server)}")
    told = eventually(lambda: [one for one in json.loads(server.cli("refusals", "list", "--json")) if one["tries"] == 3], "each try is in the ledger")
    expect(told[0]["copies"] == [entry["id"]], f"which says that there is a copy: {told}")
    expect(all(one["text"] == "after the text" and one["reply"].startswith("450") for one in said(server, "receivelog", "recipient.refused") if one["recipient"] == HANAKO), "and when it was told")
    return entry["id"]


def page(server):
    return (server.data / "escrow/known/page").read_text()


def unreadable(server, first):
    """Nothing below the data folder has the text; the key that opens it is its keeper's."""
    for path in server.data.rglob("*"):
        if path.is_file():
            expect(SECRET.encode() not in path.read_bytes(), f"{path} has the text in clear")
    secret = server.data / "escrow/secret-key"
    expect(secret.stat().st_mode & 0o777 == 0o600 and secret.read_text().strip() not in page(server), "the secret key is where reception cannot read it")
    expect(SECRET in server.cli("refusals", "escrow", "show", "--text", first) and SENDER in server.cli("refusals", "escrow", "show", first), "who has the key reads it")


def released(server, first):
    server.cli("refusals", "escrow", "release", first)
    mail = server.stored("first").decode()
    expect(SECRET in mail and "X-Escrow: Released (greylist" in mail, f"delivered, with a mark: {mail}")
    expect(copies(server) == [], "and no copy is left")
    eventually(lambda: "released " in page(server), "reception is told")
    eventually(lambda: offer(server, text("first"), HANAKO)[0] == [250, 250], "its sender need not come again")
    eventually(lambda: said(server, "inlog", "escrow.repeated"), "which is in the log")
    expect(offer(server, text("first", "another text"), HANAKO)[0] == [250, 450], "another mail is never taken for it")
    server.cli("refusals", "escrow", "delete", "--all")
    expect([one["text"] for one in said(server, "servicelog", "escrow.changed")] == ["deleted", "released as", "deleted"], "who did what is in the log")


def passes(server):
    """The wait counts from the first try, whatever was kept; with the retry the copy goes."""
    expect(offer(server, text("second"), HANAKO, client=CLIENTS[1])[0] == [250, 450], "put off")
    mine = eventually(lambda: copies(server), "a copy")[0]
    server.change_settings(policy={"greylist_wait": "1s"})
    eventually(lambda: offer(server, text("second"), HANAKO, client=CLIENTS[1])[0] == [250, 250], "the retry passes")
    eventually(lambda: copies(server) == [], "the copy goes")
    passed = eventually(lambda: said(server, "inlog", "escrow.passed"), "the log's line")
    expect(len(passed) == 1 and passed[0]["parent"] == mine["id"], f"as the log tells: {passed}")
    server.wait_for_subjects(["second"])
    expect(server.subjects().count("second") == 1 and server.subjects().count("first") == 1, f"each once: {server.subjects()}")
    server.change_settings(policy={"greylist_wait": "1h"})


def beside_others(server):
    client = CLIENTS[2]
    eventually(lambda: offer(server, text("both"), HANAKO, TARO, client=client)[0] == [250, 250, 450], "two that are put off")
    expect(sorted(one["recipients"][0] for one in copies(server)) == sorted([HANAKO, TARO]), "have a copy each")
    server.cli("refusals", "escrow", "delete", "--recipient", TARO)
    codes, _ = offer(server, text("mixed one"), HANAKO, POSTMASTER, client=client)
    expect(codes == [250, 452, 450], f"who is taken comes apart: {codes}")
    codes, _ = offer(server, text("mixed two"), POSTMASTER, HANAKO, client=client)
    expect(codes == [250, 450, 250], f"behind who is taken nobody's copy is kept: {codes}")
    server.stored("mixed two", TARO)
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(client, 0)) as line:
        line.ehlo("client.example")
        line.docmd("MAIL", f"FROM:<{SENDER}> PRDR")
        codes = [line.docmd("RCPT", f"TO:<{one}>")[0] for one in (HANAKO, POSTMASTER)]
        line.docmd("DATA")
        line.send(text("mixed three") + ".\r\n")
        codes += [line.getreply()[0] for _ in range(4)]
    expect(codes == [250, 250, 353, 450, 250, 250], f"where each is answered each hears his own: {codes}")
    server.stored("mixed three", TARO)
    expect([one["recipients"] for one in copies(server)] == [[HANAKO], [HANAKO]], f"of both and of the first mixed one, not of the others: {copies(server)}")


def without_deliver(server):
    server.cli("service", "stop", "deliver")
    large = "".join(f"line {n} of a text that goes to a file\r\n" for n in range(20_000))
    expect(offer(server, text("large", large), HANAKO, client=CLIENTS[2])[0] == [250, 450], "put off")
    server.process.kill()
    server.process.wait()
    restart(server)
    mine = [one for one in copies(server) if one["octets"] > 500_000]
    expect(len(mine) == 1, f"kept over kill -9: {copies(server)}")
    server.cli("refusals", "escrow", "release", mine[0]["id"])
    server.cli("service", "start", "deliver")
    expect("line 19999 of a text" in server.stored("large").decode(), "whole")


def by_plain_s25r(server):
    """Who is put off for ever passes when the operator lets him in; then no copy is left."""
    client = CLIENTS[3]
    server.change_settings(rules={"greylist": "off", "s25r": "enforce"}, refusals={"escrow": ["s25r"]})
    codes, words = eventually(lambda: (lambda got: got if got[0] == [250, 450] else None)(offer(server, text("odd name"), HANAKO, client=client)), "put off after the text")
    expect("S25R" in words, words)
    eventually(lambda: [one for one in copies(server) if one["client"] == client], "a copy")
    server.cli("refusals", "allow", client)
    expect(offer(server, text("odd name"), HANAKO, client=client)[0] == [250, 250], "let in")
    eventually(lambda: not [one for one in copies(server) if one["client"] == client], "the copy goes")
    server.change_settings(rules={"greylist": "enforce", "s25r": "off"}, refusals={"escrow": ["greylist"]})


def infected(folder, server):
    """No copy of what the scanner would refuse; what it says of others is in theirs."""
    if not installed():
        return
    with Clamd(folder / "clamd") as clamd:
        server.change_settings(scanning={"clamd": clamd.socket})
        eventually(lambda: offer(server, text("bad", EICAR), TARO, client=CLIENTS[2])[0] == [250, 450] and said(server, "receivelog", "virus.found"), "put off as ever")
        eventually(lambda: missed(server, "scanner"), "and not kept")
        expect(all(one["reply"].startswith("450") for one in said(server, "receivelog", "virus.found")), "the log has what was answered")
        expect(copies(server, "--recipient", TARO) == [], "no copy")
        expect(offer(server, text("good"), TARO, client=CLIENTS[2])[0] == [250, 450], "put off")
        good = eventually(lambda: copies(server, "--recipient", TARO), "a copy")[0]["id"]
        expect("X-Virus-Status: Clean" in server.cli("refusals", "escrow", "show", "--text", good), "with what the scanner says")
        server.cli("refusals", "escrow", "delete", good)
        server.change_settings(scanning={"clamd": ""})


def bounded(server):
    server.change_settings(refusals={"escrow_message_size": "2KiB"})
    eventually(lambda: (offer(server, text("too large", "x" * 70 + "\r\n" + "y" * 900 + "\r\n" + "z" * 900 + "\r\n" + "w" * 900), TARO, client=CLIENTS[2]), missed(server, "larger"))[1],
               "no copy of what is too large")
    expect(copies(server, "--recipient", TARO) == [], "is kept")
    server.change_settings(refusals={"escrow": []})
    eventually(lambda: offer(server, text("off"), TARO, client=CLIENTS[2])[0] == [450], "off: RCPT is answered as ever")


@scenario
def run(folder):
    need("nsd")
    for address in CLIENTS:
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
    rules = dict.fromkeys(("dnswl", "dnsbl", "reverse_name", "s25r", "hello_name", "local_sender", "sender_domain", "spf", "dmarc"), "off")
    with NameServer(folder / "dns", ZONE) as dns:
        settings = {"delivery": {"resolvers": [dns.address]}, "rules": {**rules, "greylist": "enforce"}, "policy": {"greylist": "everybody", "greylist_wait": "1h"},
                    "refusals": {"escrow": ["greylist"], "notice": False, "digest_times": []}}
        with Server(folder, settings=settings) as server:
            server.start()
            eventually(lambda: page(server), "the key is made")
            eventually(lambda: offer(server, text("warm"), TARO, client="44.0.4.1")[0] == [250, 450], "reception has it")
            eventually(lambda: copies(server), "and keeps a copy")
            server.cli("refusals", "escrow", "delete", "--all")
            first = kept_once(server)
            unreadable(server, first)
            released(server, first)
            passes(server)
            beside_others(server)
            without_deliver(server)
            by_plain_s25r(server)
            infected(folder, server)
            bounded(server)
