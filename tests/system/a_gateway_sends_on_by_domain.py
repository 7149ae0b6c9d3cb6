"""A pure gateway (relay domains only; no mailboxes, POP3 or IMAP) between an outside sender and two inner servers: one
Postfix, one Hikyaku. A mail to both domains reaches both, other domains are refused, and the inner server's own users
send out through it."""
import json
import smtplib
import subprocess

from harness import DOMAIN, HANAKO, TARO, Server, eventually, expect, need, scenario
from peers.next_hop import NextHop
from peers.postfix import Postfix

STRANGER = "stranger@outside.example"


def kept(postfix):
    """Sender, recipients and text of every mail Postfix holds."""
    mails = []
    for line in postfix.queue_ids():
        mail = json.loads(line)
        text = subprocess.run(["postcat", "-c", str(postfix.config), "-bhq", mail["queue_id"]], capture_output=True, text=True).stdout
        mails.append((mail["sender"], sorted(r["address"] for r in mail["recipients"]), text))
    return mails


@scenario
def run(folder):
    need("postfix")
    gateway = Server(folder / "gateway", accounts=False, listen=("smtp",), name="gateway.example",
                     settings={"smtp": {"relay_networks": ["127.0.0.3"]}})
    inner = Server(folder / "inner", name="inner.a.example")
    postfix = Postfix(folder / "postfix", hold=True)
    outside = NextHop()
    with inner.start(), gateway.start(), outside:
        postfix.start()
        try:
            check(gateway, inner, postfix, outside)
        finally:
            postfix.stop()


def check(gateway, inner, postfix, outside):
    gateway.cli("domain", "add", DOMAIN, "--relay")
    gateway.cli("domain", "add", "b.example", "--relay")
    gateway.cli("route", "add", f"{DOMAIN},127.0.0.1,{inner.smtp_port}")
    gateway.cli("route", "add", f"b.example,127.0.0.1,{postfix.port}")
    gateway.cli("route", "add", f"*,127.0.0.1,{outside.port}")
    states = gateway.states()
    expect(not [name for name, state in states.items() if name.startswith(("imap", "pop3")) and state == "running"],
           f"no mailbox service runs in a gateway: {states}")

    with smtplib.SMTP("127.0.0.1", gateway.smtp_port, timeout=30) as client:
        client.sendmail(STRANGER, [HANAKO, "a@b.example", TARO, "b@b.example"], "Subject: for both\r\n\r\nA line\r\n.dot\r\n")
        code, reply = client.docmd("MAIL", f"FROM:<{STRANGER}>")
        code, reply = client.docmd("RCPT", "TO:<someone@c.example>")
        expect(code == 550 and reply.startswith(b"5.7.1"), f"the route row * does not open it: {code} {reply}")
    inner.wait_for_subjects(["for both"], HANAKO)
    inner.wait_for_subjects(["for both"], TARO)
    held = eventually(lambda: kept(postfix), "mail in Postfix")
    expect([mail[:2] for mail in held] == [(STRANGER, ["a@b.example", "b@b.example"])], f"one mail with both recipients: {held}")
    expect("by gateway.example" in held[0][2] and "\n.dot" in held[0][2], f"trace line and text: {held[0][2]}")
    expect(outside.transactions == [], "nothing left for other domains")

    # What the inner server refuses comes back from the gateway, by the route of the sender's domain.
    with smtplib.SMTP("127.0.0.1", gateway.smtp_port, timeout=30) as client:
        client.sendmail(STRANGER, [f"nobody@{DOMAIN}"], "Subject: for nobody\r\n\r\nHello\r\n")
    bounce = eventually(lambda: outside.transactions, "a bounce to the outside sender")[0]
    expect(bounce.sender.startswith("<>") and bounce.recipients == [STRANGER], f"its envelope: {bounce}")
    expect(b"5.1.1" in bounce.text and f"nobody@{DOMAIN}".encode() in bounce.text, f"its text: {bounce.text}")

    # The way out: inner -> gateway (a listed network) -> outside.
    with smtplib.SMTP("127.0.0.1", gateway.smtp_port, timeout=30, source_address=("127.0.0.3", 0)) as client:
        client.sendmail(HANAKO, ["someone@c.example"], "Subject: going out\r\n\r\nHello\r\n")
    eventually(lambda: "someone@c.example" in outside.recipients, "mail of the inner server outside")
    eventually(lambda: json.loads(gateway.cli("queue", "list", "--json")) in ([], {"items": [], "more": False}) or "going out" not in
               gateway.cli("queue", "list", "--json"), "the gateway's queue is empty")
