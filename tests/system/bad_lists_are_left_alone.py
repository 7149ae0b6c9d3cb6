"""DNS lists are checked by their test points: one that has everything refuses nobody, one that has nothing is not asked, each is told of by `policy rules`, `status`, the
metrics and the log, and asked again when it is sound. Links in the text are looked up by registered domain, plain, in HTML and in base64, refused, tagged, or only told of."""
import base64
import json
import re
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from harness import HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

BASE = """\
1.0.0.44.in-addr.arpa. PTR mail.good.example.
mail.good.example. A 44.0.0.1
1.1.0.44.in-addr.arpa. PTR mail.bad.example.
mail.bad.example. A 44.0.1.1
1.1.0.44.bl.example. A 127.0.0.2
1.1.0.44.wild.example. A 127.0.0.2
1.0.0.44.wild.example. A 127.0.0.2
2.0.0.127.bl.example. A 127.0.0.2
2.0.0.127.wild.example. A 127.0.0.2
test.uri.example. A 127.0.0.2
spam.example.uri.example. A 127.0.1.2
"""
EVERYTHING = "1.0.0.127.wild.example. 1 A 127.0.0.2\n"


def rcpt(server, client):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(client, 0), local_hostname="client.example") as line:
        line.ehlo()
        line.mail("a@good.example")
        return line.rcpt(TARO)[0]


def data(server, text, to=TARO, subject="x", more=""):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("44.0.0.1", 0), local_hostname="client.example") as line:
        line.ehlo()
        line.mail("a@good.example")
        expect(line.rcpt(to)[0] == 250, to)
        code, words = line.data(f"From: a@good.example\r\nSubject: {subject}\r\n{more}\r\n{text}\r\n")
        return code, words.decode()


def told(server, zone):
    return f"not asked: {zone}" in server.cli("policy", "rules")


def trial(server, *options):
    return server.cli("policy", "test", "--client", "44.0.0.1", "--from", "a@good.example", "--to", TARO, *options, check=False)


def lists(server, dns):
    eventually(lambda: told(server, "wild.example"), "the list that has everything is off", 120)
    expect(rcpt(server, "44.0.0.1") == 250, "it refuses nobody")
    expect(rcpt(server, "44.0.1.1") == 554, "the sound one goes on")
    expect("wild.example" in server.cli("status") and "lists-everything" in server.cli("policy", "rules"), "told by status too")
    metrics = server.cli("metrics")
    expect(re.search(r'^hikyaku_dns_list_off{zone="wild.example"} 1$', metrics, re.M) and re.search(r'^hikyaku_dns_list_off{zone="bl.example"} 0$', metrics, re.M), "and by the metrics")
    eventually(lambda: [e for e in server.events("servicelog") if e["event"] == "list.off" and e["destination"] == "wild.example"], "and by the log")
    eventually(lambda: told(server, "empty.example"), "a list without anything is off, too", 120)
    tried = json.loads(trial(server, "--json"))
    off = {one["list"]: one["why"] for one in tried["lists_off"]}
    expect(off.get("wild.example") == "lists-everything" and "bl.example" not in off, f"policy test asks none that is off: {off}")
    expect(tried["verdict"] == "pass" and not any("wild.example" in one["name"] for one in tried["dns"]) and any("bl.example" in one["name"] for one in tried["dns"]), f"and judges without it: {tried}")
    expect("wild.example: switched off by the server since " in trial(server) and "it lists everything" in trial(server), "and says why")
    dns.publish(BASE)
    eventually(lambda: not told(server, "wild.example"), "asked again when it is sound", 120)
    eventually(lambda: rcpt(server, "44.0.0.1") == 554, "and its word counts")
    expect("wild.example: switched off" not in trial(server), "policy test asks it again")
    eventually(lambda: [e for e in server.events("servicelog") if e["event"] == "list.on"], "told as well")


def links(server):
    server.change_settings(policy={"dnsbl": [], "uri_lists": ["uri.example"]})
    hidden = base64.b64encode(b'<a href="http&#58;//www.sub.spam.example/">x</a>').decode()
    for text, more in (("See http://www.spam.example/x", ""), ("<a href=\"HTTPS://user@SPAM.example:8443/\">", "Content-Type: text/html\r\n"), (hidden, "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n"),
                       ("x" * 70 + "\r\n" * 20_000 + "www.spam.example", "")):
        code, words = eventually(lambda: data(server, text, more=more), "an answer")
        expect(code == 550 and "spam.example, which is listed by uri.example" in words, f"{code} {words}")
    for text in ("http://good.example/", "spam.example", "http://notspam.example/"):
        expect(data(server, text, subject="fine")[0] == 250, text)
    expect(data(server, "http://spam.example/", to="postmaster@a.example", subject="complaint")[0] == 250, "whoever complains may quote it")
    server.change_settings(policy={"uri_exempt": ["www.spam.example"]})
    eventually(lambda: data(server, "http://www.spam.example/x", subject="exempt")[0] == 250, "no list is asked about it")
    expect(data(server, "http://www.spam.example/ http://other.spam.example/")[0] == 550, "which means no other host")
    server.change_settings(policy={"uri_list": "tag", "uri_exempt": []})
    expect(data(server, "http://spam.example/", to=HANAKO, subject="tagged", more="X-Hikyaku-URI-List: forged\r\n")[0] == 250, "taken")
    server.wait_for_subjects(["tagged"])
    client = server.imap()
    client.select("INBOX", readonly=True)
    fields = client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (X-Hikyaku-URI-List)])")[1][0][1].decode()
    client.logout()
    expect(fields.count("X-Hikyaku-URI-List") == 1 and "spam.example is listed by uri.example" in fields, fields)
    server.change_settings(policy={"uri_list": "refuse"}, rules={"uri_list": "shadow"})
    expect(data(server, "http://spam.example/", subject="shadow")[0] == 250, "only told of")
    eventually(lambda: [e for e in server.events("receivelog") if e["event"] == "rule.found" and e.get("rule") == "uri_list" and e["mode"] == "shadow"], "in the log")


@scenario
def run(folder):
    need("nsd")
    for address in ("44.0.0.1", "44.0.1.1"):
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
    off = dict.fromkeys(("dnswl", "reverse_name", "s25r", "hello_name", "local_sender", "sender_domain", "spf", "greylist", "dmarc", "rate", "access"), "off")
    with NameServer(folder / "dns", BASE + EVERYTHING) as dns:
        settings = {"delivery": {"resolvers": [dns.address]}, "rules": off, "policy": {"dnsbl": ["wild.example", "bl.example", "empty.example"], "list_check": "1s"}}
        with Server(folder, settings=settings) as server:
            server.start()
            lists(server, dns)
            links(server)
