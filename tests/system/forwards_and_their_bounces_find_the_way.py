"""An account's forward counts at once, with or without a copy and only for the senders it names; who is elsewhere has a
sender of ours on the way elsewhere (SRS), to which the bounce finds back; a loop through another server ends in a mailbox."""
import itertools
import json
import subprocess

from harness import DOMAIN, HANAKO, TARO, Server, Skip, eventually, expect, need, scenario
from peers.next_hop import NextHop
from peers.postfix import Postfix

STRANGER = "stranger@b.example"


def swaks(server, sender, recipient, subject, port=None):
    return subprocess.run(["swaks", "--timeout", "60", "--server", f"127.0.0.1:{port or server.smtp_port}", "-f", sender, "-t", recipient,
                           "--header", f"Subject: {subject}", "--pipeline"], capture_output=True, text=True)


def sent(server, *arguments):
    done = swaks(server, *arguments)
    expect(done.returncode == 0, f"swaks {arguments}: {done.stdout}{done.stderr}")


def trial(server, recipient):
    """The exit status of `policy test` about a bounce to that address: 0, or 3 where RCPT would refuse."""
    return subprocess.run([server.program, "--config", server.config, "policy", "test", "--client", "127.0.0.1", "--to", recipient], capture_output=True, timeout=60).returncode


def copies(hop, subject):
    """(sender, recipients, text) of what the next hop has of a subject."""
    return [(mail.sender.split(">")[0].strip("<"), sorted(mail.recipients), mail.text.decode()) for mail in list(hop.transactions)
            if f"Subject: {subject}\r\n" in mail.text.decode()]


def with_a_next_hop(server, hop):
    forward = lambda *arguments: server.cli("account", "forward", *arguments)
    forward("set", HANAKO, "her@far.example", TARO)
    sent(server, STRANGER, HANAKO, "one")
    server.wait_for_subjects(["one"]), server.wait_for_subjects(["one"], TARO)
    eventually(lambda: copies(hop, "one"), "the forwarded copy")
    (sender, recipients, text), = copies(hop, "one")
    expect(recipients == ["her@far.example"] and sender.startswith("SRS0=") and sender.endswith("=b.example=stranger@" + DOMAIN), f"rewritten: {sender}")
    expect(text.startswith(f"Delivered-To: {HANAKO}\r\n"), "the guard against loops")

    # Its bounce is taken at RCPT and goes to the real sender; a forged one is not taken.
    for address, wanted in ((sender, 0), (sender.lower(), 0), (sender.replace("stranger", "strangeR2"), 24), (sender.replace("SRS0=", "SRS0=a"), 24)):
        done = swaks(server, "<>", address, "bounced")
        expect(done.returncode == wanted, f"{address}: {done.stdout}")
        expect((trial(server, address) == 0) == (wanted == 0), f"policy test says of {address} what RCPT does")
        expect("account add" not in server.cli("why", address, check=False), "and why does not call it an account that is not there")
    eventually(lambda: len(copies(hop, "bounced")) == 2, "the bounces went on")
    for back, recipients, _ in copies(hop, "bounced"):
        expect(back == "" and recipients == [STRANGER], f"to the sender: {back} {recipients}")

    forward("set", HANAKO, "her@far.example", "--keep", "no", "--from", "*@b.example")
    sent(server, STRANGER, HANAKO, "two"), sent(server, "other@c.example", HANAKO, "three")
    server.wait_for_subjects(["three"])
    eventually(lambda: copies(hop, "two"), "forwarded for this sender")
    expect("two" not in server.subjects() and not copies(hop, "three"), "the forward is for its senders")
    expect(json.loads(server.cli("account", "forward", "show", "--json")) ==
           [{"account": HANAKO, "keep": False, "targets": ["her@far.example"], "only_from": ["*@b.example"]}], "shown")

    text = server.cli("account", "forward", "export")
    forward("clear", HANAKO, "--dry-run")
    sent(server, STRANGER, HANAKO, "four")
    eventually(lambda: copies(hop, "four"), "a dry run changes nothing")
    forward("clear", HANAKO)
    sent(server, STRANGER, HANAKO, "five")
    server.wait_for_subjects(["five"])
    expect(not copies(hop, "five"), "no forward any more")
    expect("1" in server.cli("account", "forward", "import", "-", input=text), "taken")
    sent(server, STRANGER, HANAKO, "six")
    eventually(lambda: copies(hop, "six"), "imported")

    # What the next hop refuses comes back to the sender by the rewritten address, inside.
    hop.answer = lambda verb, line, session: "550 5.1.1 Nobody" if verb == "RCPT" and "her@" in line else None
    sent(server, STRANGER, HANAKO, "seven")
    eventually(lambda: any(STRANGER in mail.recipients and "seven" in mail.text.decode() for mail in hop.transactions), "the bounce reached the sender")
    hop.answer = None
    server.change_settings(delivery={"rewrite_senders": False})
    numbers = itertools.count()

    def as_it_was():
        subject = f"eight {next(numbers)}"
        sent(server, STRANGER, HANAKO, subject)
        eventually(lambda: copies(hop, subject), "forwarded")
        return copies(hop, subject)[0][0] == STRANGER

    eventually(as_it_was, "the sender as it was, where the setting says so")
    server.change_settings(delivery={"rewrite_senders": True})


def in_circles(server):
    server.cli("account", "forward", "set", HANAKO, TARO, "--keep", "no")
    server.cli("account", "forward", "set", TARO, HANAKO, "--keep", "no")
    sent(server, STRANGER, HANAKO, "round")
    server.wait_for_subjects(["round"])
    expect("round" not in server.subjects(TARO), "once, where it was for")
    server.cli("account", "forward", "clear", TARO)


def through_postfix(server, folder):
    postfix = Postfix(folder / "postfix", {"relayhost": f"[127.0.0.1]:{server.smtp_port}", "relay_domains": "pf.example",
                                           "virtual_alias_maps": f"inline:{{{{back@pf.example = {HANAKO}}}, {{gone@pf.example = nobody@nowhere.example}}}}"})
    try:
        postfix.start()
    except (RuntimeError, OSError) as reason:
        raise Skip(f"Postfix does not start here: {reason}")
    try:
        server.cli("route", "add", f"pf.example,127.0.0.1,{postfix.port}")
        server.cli("account", "forward", "set", HANAKO, "back@pf.example", "--keep", "no")
        sent(server, STRANGER, HANAKO, "there and back")
        server.wait_for_subjects(["there and back"], seconds=60)
        yield
        server.cli("account", "forward", "set", HANAKO, "gone@pf.example", "--keep", "no")
        sent(server, STRANGER, HANAKO, "to nobody")
        yield
    finally:
        postfix.stop()


@scenario
def run(folder):
    need("swaks")
    with Server(folder) as server, NextHop() as hop:
        server.start()
        server.cli("route", "add", f"*.example,127.0.0.1,{hop.port}")
        with_a_next_hop(server, hop)
        in_circles(server)
        server.cli("route", "remove", "*.example")
        need("postfix")
        server.cli("route", "add", f"b.example,127.0.0.1,{hop.port}")
        steps = through_postfix(server, folder)
        next(steps)
        expect(server.subjects().count("there and back") == 1, "once")
        next(steps)
        eventually(lambda: any(mail.recipients == [STRANGER] and "to nobody" in mail.text.decode() and "postfix.example" in mail.text.decode()
                               for mail in hop.transactions), "Postfix's own bounce found back to the sender", 60)
        steps.close()
        eventually(lambda: "@" not in server.cli("queue", "list", "--json"), "the queue is empty", 60)
