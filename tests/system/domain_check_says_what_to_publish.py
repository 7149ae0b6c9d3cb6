"""`hikyaku domain check`: what is missing is named with the line to publish; with exactly those lines published all is well; a record
that says something else is told apart from one that is not there. It says who the postmaster is, too."""
import json
import os
import subprocess

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, need, scenario
from peers.name_server import NameServer

ADDRESS = "192.0.2.77"
NEEDED = {"mx", "spf", "dkim", "dmarc", "ptr", "helo"}


def check(server, *more):
    run = subprocess.run([server.program, "--config", server.config, "domain", "check", DOMAIN, "--address", ADDRESS, "--json", *more],
                         capture_output=True, text=True, env={**os.environ, "LANG": "C"})
    expect(run.returncode in (0, 3), f"it answers: {run.stderr}")
    return run.returncode, json.loads(run.stdout)["records"]


def states(records):
    return {(one["record"], one["state"]) for one in records}


@scenario
def run(folder):
    need("nsd")
    with NameServer(folder / "dns", "") as dns, Server(folder, accounts=False, name=f"mail.{DOMAIN}", settings={"delivery": {"resolvers": [dns.address]}}).start() as server:
        server.add_domain(DOMAIN)
        for key in json.loads(server.cli("dkim", "key", "add", DOMAIN, "--manual", "--json")):
            server.cli("dkim", "key", "activate", DOMAIN, key["selector"], "--force")
        nothing_is_published(server)
        postmaster_is_told(server)
        addresses_of_both_families(server)
        _, records = check(server)
        lines = [one["publish"] for one in records if one["publish"]]
        all_as_it_says(server, dns, lines)
        something_else(server, dns, lines)


def nothing_is_published(server):
    status, records = check(server)
    expect(status == 3, "something is missing")
    expect({kind for kind, state in states(records) if state == "missing"} == NEEDED | {"postmaster"}, f"all of it: {records}")
    expect(("tlsrpt", "not checked") in states(records), f"and what may be left out is said so: {records}")
    shown = server.cli("domain", "check", DOMAIN, "--address", ADDRESS, check=False)
    expect("[MISSING] mx" in shown and f"{DOMAIN}. IN MX 10 mail.{DOMAIN}." in shown, f"for people: {shown}")
    japanese = subprocess.run([server.program, "--config", server.config, "domain", "check", DOMAIN, "--address", ADDRESS], capture_output=True, text=True,
                              env={**os.environ, "LANG": "ja_JP.UTF-8", "LC_ALL": "ja_JP.UTF-8"}).stdout
    expect("[なし] mx" in japanese, f"in Japanese: {japanese}")


def postmaster_is_told(server):
    def postmaster():
        return [(one["state"], one["text"]) for one in check(server)[1] if one["record"] == "postmaster"]
    [(state, text)] = postmaster()
    expect(state == "missing" and "--admin yes" in text, f"nobody yet, and what to do: {text}")
    server.add_account(TARO)
    [(state, text)] = postmaster()
    expect(state == "good" and TARO in text and "the account made first" in text, f"without an administrator: {text}")
    server.add_account(HANAKO)
    server.cli("account", "set", HANAKO, "--admin", "yes")
    [(state, text)] = postmaster()
    expect(state == "good" and HANAKO in text and "made first" not in text, f"the administrator: {text}")
    server.cli("alias", "add", f"postmaster@{DOMAIN}", TARO)
    [(state, text)] = postmaster()
    expect(state == "good" and TARO in text and "made first" not in text, f"whom an alias names: {text}")


def addresses_of_both_families(server):
    """One SPF record names them all; what the world does not see is in no record."""
    _, records = check(server, "--address", "2001:db8::7", "--address", "fd00::2", "--address", "10.0.0.7")
    spf = [one for one in records if one["record"] == "spf"]
    expect(len(spf) == 1 and spf[0]["publish"].count("v=spf1 ") == 1, f"told once: {spf}")
    expect(f"v=spf1 ip4:{ADDRESS} ip6:2001:db8::7 ~all" in spf[0]["publish"] and "v=spf1" not in spf[0]["text"], f"by family, with one remedy: {spf}")
    expect(not any("fd00" in str(one) or "10.0.0.7" in str(one) for one in records), f"private ones are left out: {records}")
    shown = server.cli("domain", "check", DOMAIN, "--address", "fd00::2", check=False)
    expect("v=spf1 mx ~all" in shown and "ip4:" not in shown and "--address" in shown, f"with none that the world sees: {shown}")


def all_as_it_says(server, dns, lines):
    dns.publish("\n".join(lines))

    def good():
        status, records = check(server)
        return status == 0 and {kind for kind, state in states(records) if state == "good"} >= NEEDED | {"tlsrpt"}
    eventually(good, f"with what it printed published, all is well: {check(server)}")


def something_else(server, dns, lines):
    others = [line.replace("v=DKIM1; k=ed25519; p=", "v=DKIM1; k=ed25519; p=AAAA").replace(f"MX 10 mail.{DOMAIN}.", "MX 10 other.example.").replace(f"ip4:{ADDRESS}", "ip4:192.0.2.1") for line in lines]
    dns.publish("\n".join(others))

    def told():
        status, records = check(server)
        if any(one["record"] == "spf" and (one["publish"] or f"add ip4:{ADDRESS}" not in one["text"]) for one in records):
            return False
        return status == 3 and {("mx", "wrong"), ("spf", "wrong"), ("dkim", "wrong"), ("dkim", "good"), ("dmarc", "good")} <= states(records)
    eventually(told, f"what is wrong: {check(server)}")
