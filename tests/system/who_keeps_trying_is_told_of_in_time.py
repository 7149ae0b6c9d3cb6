"""Plain S25R puts a server off that keeps trying: the administrator gets a notice before it gives up and a digest, each once, over restarts and a
kill -9; the signed link in them shows what it is about and decides by POST alone, once; when the sender has given up, the recipient is told. A link that
was changed opens nothing, and a program that fetches every link decides nothing."""
import http.client
import json
import re
import smtplib
import subprocess
import urllib.parse

import _namespaces

_namespaces.enter("net")

from _killing import restart  # noqa: E402
from _ledger import earlier_begun, shift_log, texts  # noqa: E402
from harness import HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402
from peers.net import free_port  # noqa: E402

ZONE = """\
1.2.0.44.in-addr.arpa. PTR ppp12345.office.example.
ppp12345.office.example. A 44.0.2.1
1.3.0.44.in-addr.arpa. PTR ppp67890.shop.example.
ppp67890.shop.example. A 44.0.3.1
"""


def knock(server, client, sender, recipient):
    """What RCPT is answered."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(client, 0), local_hostname="mail.office.example") as line:
        line.ehlo()
        line.mail(sender)
        return line.rcpt(recipient)[0]


def web(method, url, body=None):
    parts = urllib.parse.urlsplit(url)
    client = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    client.request(method, parts.path, body=body, headers={"Content-Type": "application/x-www-form-urlencoded"} if body else {})
    answer = client.getresponse()
    return answer.status, answer.read().decode()


def rows(server):
    return {row["pattern"]: row["action"] for row in json.loads(server.cli("policy", "list", "--json"))}


def links_of(text):
    return re.findall(r"http://\S+", text)


def noticed(server):
    for _ in range(2):
        expect(knock(server, "44.0.2.1", "a@office.example", HANAKO) == 450, "put off for ever")
    notices = eventually(lambda: texts(server, TARO, "about to give up"), "the notice", 120)
    expect("ppp12345.office.example" in notices[0] and f"a@office.example -> {HANAKO}" in notices[0] and "[C]" in notices[0], notices[0])
    expect("From: Hikyaku <postmaster@mail.test.example>" in notices[0] and "Auto-Submitted: auto-generated" in notices[0], notices[0])
    return links_of(notices[0])[0]


def decided(server, link):
    status, page = web("GET", link)
    expect(status == 200 and "44.0.2.0/24" in page and "a@office.example" in page and page.count("<button") == 2, f"{status} {page}")
    for method in ("GET", "HEAD", "GET"):
        web(method, link)
    expect(rows(server) == {}, "looking decides nothing")
    for body in ("", "decision=maybe", "x=1"):
        expect(web("POST", link, body)[0] == 400, "only the two buttons decide")
    changed = link[:-1] + ("A" if link[-1] != "A" else "B")
    for bad in (changed, link + "AAAA", link[:-4], link.rsplit("/", 1)[0] + "/", link.rsplit("/", 1)[0] + "/x"):
        expect(web("GET", bad)[0] == 404 and web("POST", bad, "decision=allow")[0] == 404, f"no other link: {bad}")
    expect(web("PUT", link, "decision=allow")[0] == 405, "no other method")
    expect(rows(server) == {}, "and nothing was decided")
    status, page = web("POST", link, "decision=allow")
    expect(status == 200 and "let in from now on" in page and "<button" not in page, f"{status} {page}")
    expect(rows(server) == {"44.0.2.0/24": "allow"}, f"{rows(server)}")
    eventually(lambda: knock(server, "44.0.2.1", "a@office.example", HANAKO) == 250, "let in")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=("44.0.2.1", 0), local_hostname="mail.office.example") as client:
        client.sendmail("a@office.example", [HANAKO], "Subject: at last\r\n\r\nHello\r\n")
    server.wait_for_subjects(["at last"])
    status, page = web("POST", link, "decision=deny")
    expect(status == 200 and "let in from now on" in page and rows(server) == {"44.0.2.0/24": "allow"}, f"once is once: {page}")


def gave_up(server):
    """Two tries, and silence for a day."""
    for _ in range(2):
        expect(knock(server, "44.0.3.1", "b@shop.example", HANAKO) == 450, "put off")
    eventually(lambda: len(texts(server, TARO, "about to give up")) == 2, "a notice of the other sender", 120)
    server.process.kill()
    server.process.wait()
    shift_log(server, 20)
    earlier_begun(server, 48)
    server.settings["refusals"]["digest_times"] = ["00:00"]
    server._write_settings()
    restart(server)
    told = eventually(lambda: texts(server, HANAKO, "did not reach you"), "the recipient is told", 120)
    expect("b@shop.example" in told[0] and "2 times" in told[0] and "a@office.example" not in told[0], told[0])
    digests = eventually(lambda: texts(server, TARO, "Put off:"), "the digest", 120)
    expect("b@shop.example" in digests[0] and "a@office.example" not in digests[0], f"who came in is not in it: {digests[0]}")
    return links_of(digests[0])[0]


def each_once(server):
    """A restart tells nobody again; mail that is sent last comes last."""
    server.cli("service", "restart", "deliver")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as client:
        client.sendmail(HANAKO, [TARO, HANAKO], "Subject: the last\r\n\r\nHello\r\n")
    for user in (TARO, HANAKO):
        server.wait_for_subjects(["the last"], user=user)
    eventually(lambda: [e for e in server.events("servicelog") if e["event"] == "service.started" and e["service"] == "deliver"], "it runs")
    expect(len(texts(server, TARO, "about to give up")) == 2 and len(texts(server, TARO, "Put off:")) == 1, f"each once: {server.subjects(TARO)}")
    expect(len(texts(server, HANAKO, "did not reach you")) == 1, f"once: {server.subjects(HANAKO)}")


@scenario
def run(folder):
    need("nsd")
    for address in ("44.0.2.1", "44.0.3.1"):
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
    port = free_port()
    rules = dict.fromkeys(("dnswl", "dnsbl", "reverse_name", "hello_name", "local_sender", "sender_domain", "spf", "dmarc"), "off")
    with NameServer(folder / "dns", ZONE) as dns:
        settings = {"delivery": {"resolvers": [dns.address]}, "rules": {**rules, "s25r": "enforce"}, "listen": {"decisions": [f"127.0.0.1:{port}"]},
                    "refusals": {"administrators": ["postmaster"], "likely": 20, "notice_before": "4h", "check_interval": "1s", "digest_times": [], "link_url": f"http://127.0.0.1:{port}/refusals/"}}
        with Server(folder, settings=settings) as server:
            server.start()
            link = noticed(server)
            expect((server.data / "refusals/link-key").stat().st_mode & 0o777 == 0o600, "nobody else reads the key")
            decided(server, link)
            digest_link = gave_up(server)
            expect(web("GET", link)[1].count("<button") == 0, "what was decided is known after a kill -9")
            expect(web("POST", digest_link, "decision=deny")[0] == 200 and rows(server)["44.0.3.0/24"] == "refuse", f"{rows(server)}")
            eventually(lambda: knock(server, "44.0.3.1", "b@shop.example", HANAKO) == 554, "refused")
            each_once(server)
            server.cli("service", "stop", "deliver")
            expect(web("GET", link)[0] == 503, "with deliver stopped the page says so")
