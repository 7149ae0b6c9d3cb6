"""taRgrey: a suspect waits for the reply to RCPT, and is taken if it stays; who hangs up is greylisted and passes when it comes again. Few wait at once: beyond,
suspects are greylisted plainly, and nobody else waits. What was judged is recorded, and `policy replay` says what other rules would have done."""
import json
import smtplib
import socket
import subprocess
import time

import _namespaces

_namespaces.enter("net")

from harness import TARO, Server, eventually, expect, need, scenario  # noqa: E402
from peers.name_server import NameServer  # noqa: E402

GOOD, HOME, NEIGHBOUR, OTHER, THIRD = "44.0.0.1", "44.0.1.1", "44.0.1.2", "44.0.2.1", "44.0.3.1"
NAMES = {GOOD: "mail.good.example", HOME: "ppp12345.home.example", NEIGHBOUR: "ppp12346.home.example", OTHER: "ppp22345.other.example", THIRD: "ppp32345.third.example"}


def zone():
    rows = []
    for address, name in NAMES.items():
        rows += [f"{'.'.join(reversed(address.split('.')))}.in-addr.arpa. PTR {name}.", f"{name}. A {address}"]
    return "\n".join(rows)


def reply_to(server, client):
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=120, source_address=(client, 0), local_hostname=NAMES[client]) as talk:
        talk.ehlo()
        talk.mail("a@good.example")
        began = time.monotonic()
        code, text = talk.rcpt(TARO)
        return code, text.decode(), time.monotonic() - began


def asks(server, client):
    """A client that has sent RCPT and has no reply yet."""
    line = socket.create_connection(("127.0.0.1", server.smtp_port), timeout=60, source_address=(client, 0))
    stream = line.makefile("rb")
    stream.readline()
    for command in (f"HELO {NAMES[client]}", "MAIL FROM:<a@good.example>"):
        line.sendall(command.encode() + b"\r\n")
        stream.readline()
    line.sendall(f"RCPT TO:<{TARO}>\r\n".encode())
    return line


def replay(server, *changes):
    return json.loads(server.cli("policy", "replay", "--last", "1d", "--json", *changes))


@scenario
def run(folder):
    need("nsd")
    for address in NAMES:
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    rules = dict.fromkeys(("access", "dnswl", "dnsbl", "reverse_name", "hello_name", "local_sender", "sender_domain", "spf", "dmarc", "rate"), "off")
    with NameServer(folder / "dns", zone()) as dns, Server(folder, settings={
            "delivery": {"hosts_file": "", "resolvers": [dns.address]}, "rules": {**rules, "s25r": "enforce", "greylist": "enforce"},
            "policy": {"greylist": "suspects", "greylist_wait": "2s", "tarpit": "3s", "authentication_results": False}}) as server:
        server.start()
        expect(reply_to(server, GOOD)[0] == 250, "who is no suspect is taken")
        code, text, waited = reply_to(server, HOME)
        expect(code == 250 and waited >= 2.9, f"a suspect that stays is taken: {code} {text} after {waited} s")
        expect(reply_to(server, NEIGHBOUR)[0] == 250, "and its network is known")
        told = eventually(lambda: [event for event in server.events("receivelog") if event["event"] == "rule.found" and event["rule"] == "greylist" and "stayed for 3 s" in event["reason"]], "it is told of", 20)
        expect(len(told) == 1, f"it is told of once: {told}")

        server.change_settings(policy={"tarpit": "280s", "tarpit_sessions": 1})
        waiting = asks(server, OTHER)

        eventually(lambda: any(event["event"] == "rule.found" and event["client"] == OTHER and "waits 280 s" in event["reason"] for event in server.events("receivelog")), "one waits", 30)
        code, text, _ = reply_to(server, THIRD)
        expect(code == 450 and "Greylisted" in text, f"beyond the places of the tarpit suspects are greylisted at once: {code} {text}")
        expect(reply_to(server, GOOD)[0] == 250, "nobody else waits")
        eventually(lambda: reply_to(server, THIRD)[0] == 250, "who was greylisted comes again", 20)
        waiting.close()
        left = eventually(lambda: [event for event in server.events("receivelog") if event["event"] == "recipient.refused" and "left the tarpit" in event.get("reason", "")], "who hangs up is told of", 20)
        expect(left[0]["client"] == OTHER and left[0]["rule"] == "greylist", f"by name: {left}")
        eventually(lambda: reply_to(server, OTHER)[0] == 250, "who hung up comes again, and waits no more", 20)

        eventually(lambda: replay(server)["records"] >= 8, "what was judged is on record", 20)
        same = replay(server)
        expect(same["newly_stopped"] == same["newly_taken"] == 0 and same["now"] == same["changed"], f"the same rules say the same: {same}")
        off = replay(server, "--rule", "s25r=off")
        expect(off["changed"]["taken"] == off["records"] and off["changed"]["unknown"] == 0, f"without the rule all come in: {off}")
        plain = replay(server, "--greylist", "nobody")
        expect(plain["newly_stopped"] > 0 and any(one["rule"] == "s25r" and one["more"] > 0 for one in plain["by_rule"]), f"plain S25R stops them for ever: {plain}")
        expect({one["name"] for one in plain["clients"]} <= set(NAMES) - {GOOD}, f"and nobody else: {plain['clients']}")
        bare = replay(server, "--rule", "reverse_name=enforce", "--rule", "spf=enforce")
        expect(bare["changed"]["unknown"] > 0 and bare["missing_answers"] > 0, f"what was not asked is not guessed: {bare}")
        asked = replay(server, "--rule", "spf=enforce", "--ask-dns")
        expect(asked["asked_anew"] > 0 and asked["changed"]["unknown"] == 0, f"it may be asked now: {asked}")
        words = server.cli("policy", "replay", "--rule", "s25r=off")
        expect("rules as changed" in words and "Not known:" in words, f"in words: {words}")
        for wrong in (("--rule", "s25r"), ("--rule", "nothing=off"), ("--rule", "dmarc=off"), ("--rule", "s25r=perhaps"), ("--last", "x")):
            expect(server.cli("policy", "replay", *wrong, check=False) == "", f"{wrong} is refused")
        expect((list((server.data / "policy").glob("sessions-*"))), "a file a day")
        server.change_settings(policy={"replay_days": 0})
        expect("No sessions are recorded" not in server.cli("policy", "replay"), "what is recorded stays until the day is over")
