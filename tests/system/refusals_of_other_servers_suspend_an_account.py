"""What other servers refuse of an account's mail counts: sudden volume alone does not suspend, with many refusals it does, and what still waits is held
until the operator says what becomes of it. Released as the owner's, the same is usual from then on. An account that is not watched may; in shadow it is
only told of."""
import json

from harness import HANAKO, TARO, Server, eventually, expect, scenario
from peers.net import free_port
from peers.next_hop import NextHop


def mail(server, sender, names, subject, domain="picky.example"):
    """The last reply."""
    code, words, taken = server.submit(sender, [f"{name}@{domain}" for name in names], subject)
    expect(taken in (0, len(names)), f"{code} {words}: {taken} taken")
    return code


def many(kind):
    return [f"{kind}{n}" for n in range(8)]


def told(server, event, account):
    return [one for one in server.events("servicelog") if one["event"] == event and one.get("account") == account]


def is_suspended(server, account):
    return mail(server, account, ["gone0"], "more") == 550


def hijacked(server):
    expect(mail(server, TARO, ["late"], "waits", "down.example") == 250, "one for a host that is down")
    expect(mail(server, TARO, many("good"), "newsletter") == 250, "sudden, and taken")
    eventually(lambda: told(server, "account.unusual", TARO), "it is told of", 60)
    expect(not told(server, "account.suspended", TARO), "one kind of evidence is not enough")
    expect(mail(server, TARO, many("gone"), "spam") == 250, "nobody knows yet")
    eventually(lambda: told(server, "account.suspended", TARO), "others refused it", 60)
    expect("by other servers" in told(server, "account.suspended", TARO)[0]["reason"], f"{told(server, 'account.suspended', TARO)}")
    expect(is_suspended(server, TARO), "no more mail")


def released(server, down):
    shown = json.loads(server.cli("account", "show", TARO, "--json"))["suspended"]
    expect(shown["by"] == "auth" and shown["hold"] > 0, f"{shown}")
    eventually(lambda: "hikyaku_accounts_suspended 1" in server.cli("metrics"), "as a figure", 60)
    down.start()
    refused = server.cli("account", "release", TARO, check=False)
    expect("late@down.example" in refused, f"it is shown what is held: {refused}")
    expect(is_suspended(server, TARO), "and nothing is changed")
    expect(not down.transactions, "nothing went out")
    server.cli("account", "release", TARO, "--release-held")
    server.cli("queue", "retry", "--domain", "down.example")
    eventually(lambda: down.recipients == ["late@down.example"], "what was held goes", 60)
    expect(mail(server, TARO, many("gone"), "again") == 250, "the same again is the owner's")
    eventually(lambda: len(server.events("faillog")) >= 16, "refused again", 60)
    expect(mail(server, TARO, many("good"), "and again") == 250 and len(told(server, "account.suspended", TARO)) == 1, "and usual")


def not_watched_may(server):
    server.change_settings(abuse={"unwatched": [HANAKO.upper()]})
    before = len(server.events("faillog"))
    for turn in range(3):
        expect(mail(server, HANAKO, many("gone"), f"list {turn}") == 250, "it is not watched")
    eventually(lambda: len(server.events("faillog")) >= before + 24, "all refused", 60)
    expect(mail(server, HANAKO, ["good"], "goes on") == 250, "and never suspended")
    expect(not told(server, "account.suspended", HANAKO), "as the log says")


def shadow_only_tells(server):
    server.change_settings(abuse={"unwatched": [], "hijacked": "shadow"})
    expect(mail(server, HANAKO, many("gone"), "seen") == 250, "taken")
    eventually(lambda: [one for one in told(server, "account.unusual", HANAKO) if one.get("mode") == "shadow"], "told of", 60)
    expect(mail(server, HANAKO, ["good"], "still") == 250, "and nothing else")


def answer(verb, line, session):
    return "550 5.1.1 No such user" if verb == "RCPT" and "gone" in line else None


@scenario
def run(folder):
    settings = {"abuse": {"recipients": 6, "times_usual": 1, "refused": 5}, "delivery": {"retry_interval": "1h"}}
    down = NextHop(port=free_port())
    with Server(folder, settings=settings) as server, NextHop(answer=answer) as hop:
        server.start()
        server.cli("route", "add", f"picky.example,127.0.0.1,{hop.port}")
        server.cli("route", "add", f"down.example,127.0.0.1,{down.port}")
        hijacked(server)
        released(server, down)
        not_watched_may(server)
        shadow_only_tells(server)
        down.stop()
