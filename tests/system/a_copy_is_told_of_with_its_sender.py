"""With escrow, the notice about a sender who may give up, the digest, and what the recipient is told when he has, name the copy and the command that releases
it; that command delivers it. Of whose mail was released, nobody is told that he gave up, and `refusals list` has him no more; until he tries again."""
import json
import re
import smtplib
import subprocess

import _namespaces

_namespaces.enter("net")

from _killing import restart  # noqa: E402
from _ledger import earlier_begun, shift_log, texts  # noqa: E402
from harness import HANAKO, TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

ZONE = """\
1.2.0.44.in-addr.arpa. PTR ppp12345.office.example.
ppp12345.office.example. A 44.0.2.1
1.3.0.44.in-addr.arpa. PTR ppp67890.shop.example.
ppp67890.shop.example. A 44.0.3.1
"""
WARM = ("44.0.2.1", "warm@office.example", "warm")
OFFICE, SHOP = ("44.0.2.1", "a@office.example", "from the office"), ("44.0.3.1", "b@shop.example", "from the shop")
RELEASE = "hikyaku refusals escrow release "


def offer(server, who, subject=None, recipient=HANAKO):
    """What the text is answered."""
    client, sender, usual = who
    subject = subject or usual
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60, source_address=(client, 0), local_hostname="mail.office.example") as line:
        return server.offer(f"From: {sender}\r\nSubject: {subject}\r\nMessage-ID: <{subject.replace(' ', '.')}@x.example>\r\n\r\nHello\r\n", [recipient], sender, client=line)[-1][0]


def copies(server):
    return {entry["sender"]: entry["id"] for entry in json.loads(server.cli("refusals", "escrow", "list", "--json"))}


def who_tries(server):
    return {row["sender"] for row in json.loads(server.cli("refusals", "list", "--json"))} - {WARM[1]}


def noticed(server, who):
    expect(offer(server, who) == 450, "put off")
    eventually(lambda: who[1] in copies(server), "with a copy")
    expect(offer(server, who) == 450, "for ever")
    return eventually(lambda: [text for text in texts(server, TARO, "about to give up") if f"{who[1]} -> {HANAKO}" in text], "the notice", 120)[0]


@scenario
def run(folder):
    need("nsd")
    for address in (OFFICE[0], SHOP[0]):
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
    rules = dict.fromkeys(("dnswl", "dnsbl", "reverse_name", "hello_name", "local_sender", "sender_domain", "spf", "dmarc"), "off")
    with NameServer(folder / "dns", ZONE) as dns:
        settings = {"delivery": {"resolvers": [dns.address]}, "rules": {**rules, "s25r": "enforce"},
                    "refusals": {"escrow": ["s25r"], "likely": 20, "notice_before": "4h", "check_interval": "1s", "digest_times": []}}
        with Server(folder, settings=settings) as server:
            server.start()
            eventually(lambda: (server.data / "escrow/known/page").exists(), "the key is made")
            eventually(lambda: offer(server, WARM, recipient=TARO) == 450 and copies(server), "reception keeps copies")
            notice = noticed(server, OFFICE)
            noticed(server, SHOP)
            kept = copies(server)
            expect("an encrypted copy is here until " in notice and RELEASE + kept[OFFICE[1]] + "\r\n" in notice, f"the notice names the copy: {notice}")
            expect(who_tries(server) == {OFFICE[1], SHOP[1]}, f"both try: {who_tries(server)}")
            server.cli("refusals", "escrow", "release", kept[SHOP[1]])
            server.stored(SHOP[2])
            expect(who_tries(server) == {OFFICE[1]}, f"who was released is settled: {who_tries(server)}")
            server.process.kill()
            server.process.wait()
            shift_log(server, 20)
            earlier_begun(server, 48)
            server.settings["refusals"]["digest_times"] = ["00:00"]
            server._write_settings()
            restart(server)
            told = eventually(lambda: texts(server, HANAKO, "did not reach you"), "the recipient is told", 120)[0]
            digest = eventually(lambda: texts(server, TARO, "Put off:"), "the digest", 120)[0]
            for text in (told, digest):
                expect(OFFICE[1] in text and SHOP[1] not in text, f"of who was not released: {text}")
            expect("The mail was not delivered." in told and "not here" not in told, told)
            command = re.search(RELEASE + r"(\S+)", told)
            expect(command and command[0] in digest and command[1] == kept[OFFICE[1]], f"with the command: {told} {digest}")
            server.cli(*command[0].split()[1:])
            server.stored(OFFICE[2])
            expect(offer(server, SHOP, "another mail") == 450, "put off")
            eventually(lambda: who_tries(server) == {SHOP[1]}, "who tries again with another mail is there again")
