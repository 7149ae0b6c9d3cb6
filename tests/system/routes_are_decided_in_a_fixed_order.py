"""The route table at work: wildcards, sender conditions, a second host that takes over, the global gateway, all received
mail forwarded, an alias of an account's own name; edited as text with comments; every decision explained."""
import json
import os
import smtplib
import stat

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, scenario
from peers import net
from peers.next_hop import NextHop


@scenario
def run(folder):
    server = Server(folder, settings={"smtp": {"relay_networks": ["127.0.0.5"]}, "delivery": {"retry_interval": "1s", "retry_growth": "constant"}})
    with server.start(), NextHop() as first, NextHop() as second, NextHop() as gateway:
        check(server, folder, first, second, gateway)


def send(server, recipients, sender=HANAKO):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30, source_address=("127.0.0.5", 0)) as client:
        return client.sendmail(sender, recipients, "Subject: routed\r\n\r\nHello\r\n")


def edit(server, folder, script, check_=True):
    """Runs `route edit` with an editor that is a sed script."""
    editor = folder / "editor"
    editor.write_text(f"#!/bin/sh\nsed -i -e '{script}' \"$1\"\n")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    os.environ["VISUAL"] = str(editor)
    return server.cli("route", "edit", check=check_)


def check(server, folder, first, second, gateway):
    dead = net.free_port()
    table = folder / "gateway.dat"
    table.write_text("# the seed's example\r\n"
                     f"*.abc.jp,127.0.0.1:{dead} 127.0.0.1,{first.port}\r\n"
                     "\r\n; sender condition\r\n"
                     f"def.jp|{TARO},127.0.0.1,{second.port}\r\n")
    covers = server.cli("route", "import", str(table))
    expect("abc.jp itself" in covers and f"from {TARO} only" in covers, f"import says what the rows cover: {covers}")
    expect("# the seed's example" in server.cli("route", "export"), "comments are kept")
    server.cli("route", "gateway", f"127.0.0.1,{gateway.port}")

    send(server, ["a@abc.jp", "b@sub.abc.jp", "c@def.jp"])
    eventually(lambda: first.recipients == ["a@abc.jp", "b@sub.abc.jp"], "the second host of the row took over from the dead one")
    eventually(lambda: gateway.recipients == ["c@def.jp"], "another sender goes by the global gateway")
    send(server, ["c@def.jp"], sender=TARO)
    eventually(lambda: second.recipients == ["c@def.jp"], "the sender condition holds")

    steps = json.loads(server.cli("route", "explain", "c@def.jp", "--from", TARO, "--json"))[0]["steps"]
    expect([(s["step"], s["finding"]) for s in steps] == [(1, "no-alias"), (2, "not-local"), (3, "row")], f"explained: {steps}")
    os.environ["LC_ALL"] = "ja_JP.UTF-8"
    japanese = server.cli("route", "explain", "c@def.jp")
    os.environ["LC_ALL"] = "C"
    expect("SMTP ゲートウェイ" in japanese and "経路表に一致する行はない" in japanese, f"in Japanese too: {japanese}")

    # The editor: order and comments stay, a faulty text changes nothing.
    before = server.cli("route", "export")
    failed = edit(server, folder, "s/^def.jp.*/def.jp,gw.example,port25/", check_=False)
    expect(server.cli("route", "export") == before, f"a faulty text changes nothing: {failed}")
    edit(server, folder, f"s/^def.jp.*/def.jp,127.0.0.1,{second.port}/")
    after = server.cli("route", "export")
    expect("; sender condition" in after and f"def.jp,127.0.0.1,{second.port}" in after, f"the edited table: {after}")
    send(server, ["d@def.jp"])
    eventually(lambda: "d@def.jp" in second.recipients, "the edited row is in force")

    # An alias of an account's own name: a copy stays, one goes on.
    server.cli("alias", "add", HANAKO, HANAKO, "hanako@abc.jp")
    send(server, [HANAKO])
    server.wait_for_subjects(["routed"], HANAKO)
    eventually(lambda: "hanako@abc.jp" in first.recipients, "the forwarded copy")
    expect(len(server.subjects(HANAKO)) == 1, "one copy here")

    # All received mail is forwarded: RCPT demands no account, aliases count, accounts get nothing.
    server.cli("route", "forward-all", "on")
    send(server, [f"nobody@{DOMAIN}", TARO], sender="stranger@outside.example")
    eventually(lambda: {f"nobody@{DOMAIN}", TARO} <= set(gateway.recipients), "both go to the gateway")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.ehlo(), client.mail("stranger@outside.example")
        expect(client.rcpt(f"whoever@{DOMAIN}")[0] == 250, "RCPT takes any user of our domains")
        expect(client.rcpt("x@far.example")[0] == 550, "and no other domain from a stranger")
    server.cli("route", "forward-all", "off")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.ehlo(), client.mail("stranger@outside.example")
        expect(client.rcpt(f"whoever@{DOMAIN}")[0] == 550, "accounts are demanded again")
    server.cli("route", "gateway", "--none")
    expect("(5)" in server.cli("route", "explain", "x@far.example"), "without gateway: hosts and DNS")
