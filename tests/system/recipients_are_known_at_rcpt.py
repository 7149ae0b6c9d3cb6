"""Unknown recipients are refused at RCPT; postmaster is always accepted; aliases lead to one, several, elsewhere, each
other; a catch-all takes the rest."""
import smtplib

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers.next_hop import NextHop

STRANGER = "stranger@b.example"


def ask(server, recipient):
    with server.smtp() as client:
        client.ehlo()
        client.docmd("MAIL", f"FROM:<{STRANGER}>")
        code, reply = client.docmd("RCPT", f"TO:<{recipient}>")
        return code, reply.decode()


def mail(server, recipients, subject):
    with server.smtp() as client:
        client.sendmail(STRANGER, recipients, f"Subject: {subject}\r\n\r\nHello\r\n")


@scenario
def run(folder):
    with Server(folder) as server, NextHop() as hop:
        server.start()
        server.cli("route", "add", f"far.example,127.0.0.1,{hop.port}")
        for unknown in (f"nobody@{DOMAIN}", f"hanako.x@{DOMAIN}", f"nobody+hanako@{DOMAIN}", f'"hanako "@{DOMAIN}'):
            code, reply = ask(server, unknown)
            expect(code == 550 and reply.startswith("5.1.1"), f"{unknown}: {code} {reply}")
        for known in (HANAKO, HANAKO.upper(), f"hanako+tag@{DOMAIN}", f"postmaster@{DOMAIN}", f"PostMaster@{DOMAIN.upper()}", "postmaster", "Postmaster",
                      "postmaster@[127.0.0.1]", "PostMaster@[127.0.0.1]"):
            code, reply = ask(server, known)
            expect(code == 250, f"{known}: {code} {reply}")
        for address in ("postmaster@[127.0.0.2]", "hanako@[127.0.0.1]", "postmaster@[IPv6:::1]"):
            code, reply = ask(server, address)
            expect(code == 550, f"{address}: {code} {reply}")
        mail(server, ["postmaster@[127.0.0.1]"], "to the address itself")
        mail(server, ["postmaster"], "to nobody's domain")
        server.wait_for_subjects(["to the address itself", "to nobody's domain"], TARO)
        with server.smtp() as client:  # one bad recipient among good ones
            refused = client.sendmail(STRANGER, [HANAKO, f"nobody@{DOMAIN}", TARO], "Subject: two of three\r\n\r\nHello\r\n")
            expect(list(refused) == [f"nobody@{DOMAIN}"], f"only that one is refused: {refused}")
        server.wait_for_subjects(["two of three"], HANAKO)
        server.wait_for_subjects(["two of three"], TARO)
        aliases(server, hop)
        catch_all(server)
        disabled(server)


def aliases(server, hop):
    server.cli("alias", "add", f"one@{DOMAIN}", HANAKO)
    server.cli("alias", "add", f"both@{DOMAIN}", HANAKO, TARO, "friend@far.example", "other@far.example")
    server.cli("alias", "add", f"away@{DOMAIN}", "away@far.example")
    server.cli("alias", "add", f"nested@{DOMAIN}", f"one@{DOMAIN}", f"both@{DOMAIN}")
    server.cli("alias", "add", f"team-*@{DOMAIN}", TARO)
    eventually(lambda: ask(server, f"team-x@{DOMAIN}")[0] == 250, "the aliases are known")
    for name in ("one", "both", "away", "nested", "team-red"):
        mail(server, [f"{name}@{DOMAIN}"], f"by {name}")
    server.wait_for_subjects(["by one", "by both", "by nested"], HANAKO)
    server.wait_for_subjects(["by both", "by nested", "by team-red"], TARO)
    eventually(lambda: hop.recipients == sorted(["away@far.example"] + ["friend@far.example", "other@far.example"] * 2), "copies elsewhere")
    user, domain = STRANGER.split("@")
    for copy in hop.transactions:  # SRS: an address of ours for a sender elsewhere, by which a bounce finds back
        address = copy.sender.split(">")[0]
        expect(address.startswith("<SRS0=") and address.endswith(f"={domain}={user}@{DOMAIN}"), f"the sender is rewritten: {address}")
    expect(server.subjects(HANAKO).count("by nested") == 1, "one copy, though two ways lead there")
    expect("by team-red" not in server.subjects(HANAKO), "nobody else gets it")

    # A target that gets nothing beside others that do: the operator learns of it.
    said = server.cli("alias", "add", f"some@{DOMAIN}", HANAKO, f"gone@{DOMAIN}")
    expect(f"get no mail: gone@{DOMAIN} (no account)" in said, f"a note: {said}")
    listed = [line for line in server.cli("alias", "list").splitlines() if f"gone@{DOMAIN} (no account)" in line]
    expect(len(listed) == 1 and listed[0].startswith(f"some@{DOMAIN}"), f"the list names it: {listed}")
    mail(server, [f"some@{DOMAIN}"], "by some")
    server.wait_for_subjects(["by some"], HANAKO)
    lost = eventually(lambda: [e for e in server.events("servicelog") if e["event"] == "alias.target_lost"], "it is logged")
    expect(lost[0]["recipient"] == f"some@{DOMAIN}" and f"gone@{DOMAIN}" in lost[0]["reason"], f"who and why: {lost}")

    # An alias of an account's name leads its mail elsewhere, and says so; with the account among the targets it keeps a copy.
    said = server.cli("alias", "add", TARO, "copy@far.example")
    expect("gets no mail any more" in said, f"a note: {said}")
    expect("Note" not in server.cli("alias", "add", TARO, TARO), "no note where a copy is kept")
    server.cli("alias", "remove", TARO)


def catch_all(server):
    server.cli("alias", "add", f"*@{DOMAIN}", TARO)
    eventually(lambda: ask(server, f"nobody@{DOMAIN}")[0] == 250, "the catch-all is known")
    mail(server, [f"nobody@{DOMAIN}", HANAKO], "caught")
    server.wait_for_subjects(["caught"], TARO)
    server.wait_for_subjects(["caught"], HANAKO)
    mail(server, [HANAKO], "only hers")
    server.wait_for_subjects(["only hers"], HANAKO)
    expect("only hers" not in server.subjects(TARO), "an account of the domain is not caught")
    server.cli("alias", "remove", f"*@{DOMAIN}")
    eventually(lambda: ask(server, f"nobody@{DOMAIN}")[0] == 550, "the catch-all is gone")


def disabled(server):
    server.cli("account", "set", TARO, "--enabled", "no")
    code, reply = eventually(lambda: (lambda said: said if said[0] != 250 else None)(ask(server, TARO)), "taro is disabled")
    expect(code == 550 and reply.startswith("5.2.1"), f"a disabled account: {code} {reply}")
