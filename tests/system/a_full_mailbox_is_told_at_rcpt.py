"""A full mailbox is answered at RCPT, by SMTP and LMTP, and takes mail again when its owner has made room or the operator
has given more, the mail that waited for it at once; delivery keeps the exact check, also while nobody says how full mailboxes are."""
import json
import smtplib
import subprocess
import time

from harness import DOMAIN, HANAKO, PASSWORD, TARO, Server, eventually, expect, scenario

STRANGER = "stranger@b.example"


def rcpt(server, recipient=HANAKO, size=None, port=None):
    with smtplib.SMTP("127.0.0.1", port or server.smtp_port, timeout=30) as client:
        client.docmd("LHLO" if port else "EHLO", "client.example")
        client.docmd("MAIL", f"FROM:<{STRANGER}>" + (f" SIZE={size}" if size else ""))
        code, reply = client.docmd("RCPT", f"TO:<{recipient}>")
        return code, reply.decode()


def tried(server, recipient):
    """What `policy test` says that RCPT would be answered, and its exit status."""
    run = subprocess.run([server.program, "--config", server.config, "policy", "test", "--json", "--client", "127.0.0.1", "--from", STRANGER, "--to", recipient], text=True, capture_output=True, timeout=60)
    return json.loads(run.stdout)["reply"], run.returncode


def a_try_says_the_same(server):
    """`hikyaku policy test` answers as RCPT does, who is unknown, elsewhere, disabled or full."""
    disabled = f"jiro@{DOMAIN}"
    server.add_account(disabled, PASSWORD)
    server.cli("account", "set", disabled, "--enabled", "no")
    eventually(lambda: rcpt(server, disabled)[0] == 550, "disabled")
    for recipient, code in ((f"nobody@{DOMAIN}", "5.1.1"), ("x@other.example", "5.7.1"), (disabled, "5.2.1"), (HANAKO, "4.2.2")):
        said = "{} {}".format(*rcpt(server, recipient))
        expect(code in said and tried(server, recipient) == (said, 3), f"{recipient}: {said}: {tried(server, recipient)}")
    expect(tried(server, TARO) == ("", 0), "who is taken")
    text = server.cli("policy", "test", "--client", "127.0.0.1", "--to", f"nobody@{DOMAIN}", check=False)
    expect(text.splitlines()[-1] == "refused for its recipient: 550 5.1.1 No such user here", text)


def deliver(server, kib):
    with server.smtp() as client:
        client.sendmail(STRANGER, [HANAKO], "Subject: filler\r\n\r\n" + ("x" * 62 + "\r\n") * 16 * kib)


def what_is_used_is_shown(server):
    shown = json.loads(server.cli("account", "show", HANAKO, "--json"))
    expect(900 << 10 < shown["used_octets"] < 1 << 20 and shown["used_messages"] == 1, f"{shown}")
    told = server.cli("account", "show", HANAKO)
    expect("of 1MiB (8" in told and "messages: 1" in told, told)
    listed = {one["address"]: one for one in json.loads(server.cli("account", "list", "--used", "--json"))}
    expect(listed[HANAKO] == shown and listed[TARO]["used_octets"] == 0, f"{listed}")
    expect("USED" in server.cli("account", "list", "--used") and "used_octets" not in server.cli("account", "list", "--json"), "only when asked for: each account is opened")


def waiting(server):
    items = [item for item in json.loads(server.cli("queue", "list", "--json", "--recipient", HANAKO))["items"]]
    return [(item["attempts"], item["next_try"]) for item in items if "attempts" in item]


def edits_are_no_attempts(server):
    """Changes of the route table and of the domains try nothing that waits for its mailbox."""
    before = eventually(lambda: waiting(server) or None, "deferred")
    for edit in (("route", "add", "unrelated.example,127.0.0.1,25"), ("domain", "add", "another.example"), ("account", "set", TARO, "--quota", "2MiB")):
        server.cli(*edit)
        time.sleep(2.5)  # the queue follows the directory each second
    expect(waiting(server) == before, f"edits are no attempts: {before} {waiting(server)}")


@scenario
def run(folder):
    with Server(folder) as server:
        server.start()
        server.cli("account", "set", HANAKO, "--quota", "1MiB")
        server.cli("alias", "add", f"her@{DOMAIN}", HANAKO)
        server.cli("alias", "add", f"both@{DOMAIN}", HANAKO, TARO)
        deliver(server, 900)
        eventually(lambda: len(server.subjects()) == 1, "the first mail arrived")
        what_is_used_is_shown(server)
        expect(rcpt(server) == (250, "2.1.5 Recipient ok"), "there is still room")
        eventually(lambda: rcpt(server, size=300 << 10) == (452, "4.2.2 The mailbox is full"), "a declared size without room")
        server.cli("account", "set", HANAKO, "--quota", "512KiB")
        for name, port in ((HANAKO, None), (f"her@{DOMAIN}", None), (HANAKO, server.lmtp_port)):
            eventually(lambda: rcpt(server, name, port=port) == (452, "4.2.2 The mailbox is full"), f"full: {name} {port}")
        expect(rcpt(server, f"both@{DOMAIN}")[0] == 250, "an alias of several: each copy meets its own quota")
        expect(rcpt(server, TARO)[0] == 250, "nobody else is full")
        a_try_says_the_same(server)
        server.change_settings(smtp={"over_quota": "refuse"})
        eventually(lambda: rcpt(server) == (552, "5.2.2 The mailbox is full"), "refused for good where the setting says so")
        server.change_settings(smtp={"over_quota": "defer"})

        server.cli("service", "stop", "deliver")
        eventually(lambda: rcpt(server)[0] == 250, "nobody says any more how full it is: delivery will", 60)
        deliver(server, 1)
        server.cli("service", "start", "deliver")
        eventually(lambda: rcpt(server)[0] == 452, "full again, as the first delivery finds out")
        queued = server.cli("queue", "list", "--recipient", HANAKO)
        expect(HANAKO in queued, f"delivery found it full and keeps the mail: {queued}")
        edits_are_no_attempts(server)
        told = server.cli("why", DOMAIN).splitlines()[0]
        expect(f"The mailbox of {HANAKO} is full" in told and f"account set {HANAKO} --quota" in told, f"why names the full mailbox: {told}")
        server.cli("account", "set", HANAKO, "--quota", "2MiB")
        eventually(lambda: rcpt(server)[0] == 250, "more room by the operator")
        eventually(lambda: len(server.subjects()) == 2, "what was deferred arrives by itself, at once")

        server.cli("account", "set", HANAKO, "--quota", "512KiB")
        eventually(lambda: rcpt(server)[0] == 452, "full by the operator's doing")
        who_waits_gets_room(server)


def who_waits_gets_room(server):
    """What was deferred arrives soon after the owner made room, by IMAP or POP3, and after a restart of deliver too; its next try is minutes away."""
    found_full(server, 3)
    client = server.imap()
    client.select("INBOX")
    expunge(client, "1:*")
    client.logout()
    eventually(lambda: rcpt(server)[0] == 250, "the owner has made room")
    eventually(lambda: len(server.subjects()) == 1 and not waiting(server), "what waited for room arrives by itself")
    server.cli("account", "set", HANAKO, "--quota", "5KiB")
    found_full(server, 3)
    server.cli("service", "restart", "deliver")
    expect(len(server.subjects()) == 1 and len(waiting(server)) == 1, "there is no room yet")
    client = server.pop3()
    client.dele(1)
    client.quit()
    eventually(lambda: len(server.subjects()) == 1 and not waiting(server), "after a restart too")
    room_for_the_text_is_not_enough(server)


def room_for_the_text_is_not_enough(server):
    """The line that delivery writes above the text counts: what lacks room for it is not tried, after a restart of deliver neither."""
    server.cli("account", "set", HANAKO, "--quota", "1MiB")
    eventually(lambda: rcpt(server)[0] == 250, "there is room")
    deliver(server, 3)
    deliver(server, 0)
    eventually(lambda: len(server.subjects()) == 3, "two of a size and a small one")
    client = server.imap()
    client.select("INBOX")
    one = int(client.fetch("1", "(RFC822.SIZE)")[1][0].split(b"RFC822.SIZE ")[1].rstrip(b")"))
    server.cli("account", "set", HANAKO, "--quota", f"{3 * one - 10}B")
    found_full(server, 3)
    server.cli("service", "restart", "deliver")
    before = eventually(lambda: waiting(server), "it waits")
    expunge(client, 3)
    eventually(lambda: rcpt(server, size=100)[0] == 250, "room, but ten octets too little")
    time.sleep(6)  # it would be tried each three seconds
    expect(waiting(server) == before, f"nothing is tried: {before} {waiting(server)}")
    expunge(client, 2)
    client.logout()
    eventually(lambda: len(server.subjects()) == 2 and not waiting(server), "with room for all of it it arrives")


def expunge(client, number):
    client.store(str(number), "+FLAGS", "\\Deleted")
    client.expunge()


def found_full(server, kib):
    server.cli("service", "stop", "deliver")
    eventually(lambda: rcpt(server, size=kib << 10)[0] == 250, "nobody says how full it is", 60)
    deliver(server, kib)
    server.cli("service", "start", "deliver")
    eventually(lambda: [attempts for attempts, _ in waiting(server)] == [1], "delivery found it full")
